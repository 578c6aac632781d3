//! Taking secrets out of provider texts before a caller may see them.

use edge::upstream::Secret;

/// Longest provider text that is passed on.
const TEXT_MAX: usize = 500;
const MASK: &str = "[redacted]";

/// The text without this upstream's credential, key-shaped words and addresses; at most 500 characters.
#[must_use]
pub fn scrub(text: &str, secret: Option<&Secret>) -> String {
    let mut text = text.to_owned();
    if let Some(secret) = secret.filter(|secret| secret.expose().len() >= 4) {
        text = text.replace(secret.expose(), MASK);
    }
    let words: Vec<&str> = text.split(' ').map(|word| if is_suspicious(word) { MASK } else { word }).collect();
    words.join(" ").chars().take(TEXT_MAX).collect()
}

fn is_suspicious(word: &str) -> bool {
    let bare = word.trim_matches(|character: char| !character.is_ascii_alphanumeric());
    let has_key_prefix = ["sk-", "sk_", "key-", "AIza", "xai-", "gsk_", "ghp_", "AKIA", "eyJ"]
        .iter()
        .any(|prefix| bare.contains(prefix) && bare.len() >= prefix.len() + 8);
    let is_long_opaque =
        bare.len() >= 32 && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    has_key_prefix || is_long_opaque || holds_address(bare)
}

fn holds_address(word: &str) -> bool {
    let host = word.rsplit("//").next().unwrap_or(word).split(['/', '?']).next().unwrap_or_default();
    let host = host
        .rsplit_once(':')
        .map_or(host, |(host, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { word });
    host.parse::<std::net::IpAddr>().is_ok() || host.ends_with(".internal") || host == "localhost"
}

#[cfg(test)]
mod tests {
    use super::scrub;
    use edge::upstream::Secret;

    #[test]
    fn credentials_keys_and_addresses_are_taken_out() {
        let secret = Secret::new("upstream-credential");
        for (text, expected) in [
            ("bad key upstream-credential given", "bad key [redacted] given"),
            ("Incorrect API key provided: sk-proj-abcdefghijkl.", "Incorrect API key provided: [redacted]"),
            ("connect to 10.0.0.7:8080 failed", "connect to [redacted] failed"),
            ("see http://169.254.169.254/latest", "see [redacted]"),
            ("token 0123456789abcdef0123456789abcdef", "token [redacted]"),
            ("max_tokens must be at least 1", "max_tokens must be at least 1"),
        ] {
            assert_eq!(scrub(text, Some(&secret)), expected);
        }
        assert_eq!(scrub(&"a b ".repeat(1000), None).len(), 500);
    }
}
