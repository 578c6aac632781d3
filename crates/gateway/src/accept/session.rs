//! The conversation that coding agents hide in `metadata.user_id`.
//!
//! Seen 2026-11: JSON text with a `session_id`, and the older form `user_…_account_…_session_…`.

use serde::Deserialize;

/// Longest id that is taken.
const ID_MAX: usize = 200;

/// The session in the metadata's user id, if there is one.
pub fn of_metadata(metadata: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Metadata {
        user_id: String,
    }
    #[derive(Deserialize)]
    struct UserId {
        session_id: String,
    }
    let user_id = serde_json::from_str::<Metadata>(metadata).ok()?.user_id;
    let found = match serde_json::from_str::<UserId>(&user_id) {
        Ok(parsed) => parsed.session_id,
        Err(_not_json) => user_id.rsplit_once("_session_")?.1.to_owned(),
    };
    let is_plain = !found.is_empty() && found.len() <= ID_MAX && !found.chars().any(char::is_control);
    is_plain.then_some(found)
}

#[cfg(test)]
mod tests {
    use super::of_metadata;

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        for (metadata, expected) in [
            (r#"{"user_id":"{\"device_id\":\"d\",\"session_id\":\"abc-1\"}"}"#, Some("abc-1")),
            (r#"{"user_id":"user_0f_account__session_abc-2"}"#, Some("abc-2")),
            (r#"{"user_id":"somebody"}"#, None),
            (r#"{"user_id":7}"#, None),
            (r#"{"user_id":"user_session_"}"#, None),
            ("{}", None),
            ("[]", None),
        ] {
            assert_eq!(of_metadata(metadata).as_deref(), expected, "{metadata}");
        }
    }
}
