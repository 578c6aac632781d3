//! The session cookie: its name, its form, and how it is read.

use crate::error::ControlError;
use crate::state::ControlSettings;
use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// Bytes of a session secret: 256 random bits.
pub(super) const SECRET: usize = 32;

const SECURE_NAME: &str = "__Host-portolan";
const LOOPBACK_NAME: &str = "portolan_session";

/// Longest cookie header that is looked at.
const HEADER_MAX: usize = 8 << 10;

const fn name(settings: &ControlSettings) -> &'static str {
    if settings.secure_cookies { SECURE_NAME } else { LOOPBACK_NAME }
}

/// What is stored of a secret text (a session's or a set-up token's).
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The secret that the browser sent. Two cookies of the name are as good as none: one of them was planted.
pub(super) fn read<'a>(headers: &'a HeaderMap, settings: &ControlSettings) -> Option<&'a str> {
    let wanted = name(settings);
    let mut found = None;
    for line in headers.get_all(header::COOKIE) {
        let line = line.to_str().ok().filter(|line| line.len() <= HEADER_MAX)?;
        for pair in line.split(';') {
            let Some((name, value)) = pair.trim().split_once('=') else { continue };
            if name == wanted && found.replace(value).is_some() {
                return None;
            }
        }
    }
    found.filter(|text: &&str| text.len() == SECRET * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The header that hands a secret to the browser.
pub(super) fn set(secret: &str, settings: &ControlSettings) -> Result<HeaderValue, ControlError> {
    header_value(&format!("{}={secret}; Max-Age={}", name(settings), settings.session_life.as_secs()), settings)
}

/// The header that takes it away.
pub(super) fn clear(settings: &ControlSettings) -> Result<HeaderValue, ControlError> {
    header_value(&format!("{}=; Max-Age=0", name(settings)), settings)
}

fn header_value(start: &str, settings: &ControlSettings) -> Result<HeaderValue, ControlError> {
    let secure = if settings.secure_cookies { "; Secure" } else { "" };
    let text = format!("{start}; Path=/; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).map_err(|_shape| ControlError::Request("The session cannot be named".into()))
}

#[cfg(test)]
mod tests {
    use super::{clear, read, set};
    use crate::state::ControlSettings;
    use http::{HeaderMap, HeaderValue, header};

    fn settings(secure_cookies: bool) -> ControlSettings {
        ControlSettings { secure_cookies, ..ControlSettings::default() }
    }

    #[test]
    fn a_cookie_is_bound_to_its_host_unless_on_loopback() {
        let secret = "a".repeat(64);
        let secure = set(&secret, &settings(true)).expect("header");
        assert_eq!(
            secure.to_str().expect("text"),
            format!("__Host-portolan={secret}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure")
        );
        let plain = clear(&settings(false)).expect("header");
        assert_eq!(plain, "portolan_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn only_one_well_formed_cookie_counts() {
        let (good, other) = ("a".repeat(64), "b".repeat(64));
        let check = |lines: &[String], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).expect("value"));
            }
            assert_eq!(read(&headers, &settings(true)), expected, "{lines:?}");
        };
        check(&[format!("theme=dark; __Host-portolan={good}")], Some(&good));
        check(&["theme=dark".to_owned(), format!("__Host-portolan={good}")], Some(&good));
        check(&[format!("__Host-portolan={good}; __Host-portolan={other}")], None);
        check(&[format!("portolan_session={good}")], None);
        check(&["__Host-portolan=short".to_owned()], None);
        check(&[format!("__Host-portolan={}", "z".repeat(64))], None);
        check(&[], None);
    }
}
