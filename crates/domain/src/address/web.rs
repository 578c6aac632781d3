//! An `http` or `https` address in its plain spelling.

use super::is_public;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest address, in bytes.
const ADDRESS_MAX: usize = 8192;
/// Longest host name, in bytes.
const NAME_MAX: usize = 253;
/// Last labels of names that never mean a public machine.
const LOCAL_LABELS: &[&str] = &["localhost", "local", "internal", "intranet", "lan", "home", "corp", "onion", "arpa"];

/// An address that a stranger may name, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// Whether the connection is encrypted.
    pub is_https: bool,
    /// The machine.
    pub host: Host,
    /// The port, stated or implied.
    pub port: u16,
    /// Path and query, beginning with a slash, ASCII only; the fragment is gone.
    pub target: String,
}

/// The machine of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name in lower case, with a dot in it.
    Name(String),
    /// A literal address on the public internet.
    Ip(IpAddr),
}

/// Why an address is refused by its spelling alone. The text repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpellingError {
    /// Not `http:` or `https:`.
    #[error("only http and https addresses can be used")]
    Scheme,
    /// Blanks, control characters, backslashes, credentials, or too long.
    #[error("the address is not spelled plainly")]
    Form,
    /// The host is local, private, or no host.
    #[error("the address does not name a public host")]
    Host,
    /// Not a port.
    #[error("the address names no usable port")]
    Port,
}

impl WebAddress {
    /// Reads an address. Only the plain spelling is taken: names with a dot, dotted IPv4, bracketed IPv6, no credentials.
    ///
    /// # Errors
    /// [`SpellingError`] for everything else, and for literal addresses that are not public.
    pub fn parse(text: &str) -> Result<Self, SpellingError> {
        let (scheme, rest) = text.split_once("://").ok_or(SpellingError::Scheme)?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(SpellingError::Scheme);
        }
        let is_plain = !text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ' || byte == b'\\');
        if text.len() > ADDRESS_MAX || !is_plain {
            return Err(SpellingError::Form);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at_checked(end).ok_or(SpellingError::Form)?;
        if authority.contains('@') || !authority.is_ascii() {
            return Err(SpellingError::Form);
        }
        let (host, port) = read_authority(authority)?;
        let port = match port {
            "" if is_https => 443,
            "" => 80,
            port => read_port(port)?,
        };
        Ok(Self { is_https, host, port, target: read_target(target) })
    }

    /// The address that a redirect from here leads to.
    ///
    /// # Errors
    /// As [`WebAddress::parse`].
    pub fn join(&self, location: &str) -> Result<Self, SpellingError> {
        let scheme = if self.is_https { "https" } else { "http" };
        let path = self.target.split('?').next().unwrap_or("/");
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let has_scheme = location.split(['/', '?', '#']).next().unwrap_or_default().contains(':');
        if has_scheme {
            return Self::parse(location);
        }
        let target = match location.chars().next() {
            Some('/') => location.to_owned(),
            Some('?') => format!("{path}{location}"),
            _ => {
                let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
                format!("{folder}{location}")
            }
        };
        Self::parse(&format!("{scheme}://{}{target}", self.authority()))
    }

    /// Host and port as they stand in an address; the port only when it is not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let usual = if self.is_https { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => formatter.write_str(name),
            Self::Ip(IpAddr::V4(address)) => address.fmt(formatter),
            Self::Ip(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
        }
    }
}

fn read_authority(authority: &str) -> Result<(Host, &str), SpellingError> {
    if let Some(inside) = authority.strip_prefix('[') {
        let (address, port) = inside.split_once(']').ok_or(SpellingError::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_error| SpellingError::Host)?;
        let port = match port.strip_prefix(':') {
            Some(port) => port,
            None if port.is_empty() => port,
            None => return Err(SpellingError::Port),
        };
        return Ok((public_ip(IpAddr::V6(address))?, port));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    Ok((read_host(host)?, port))
}

fn read_host(host: &str) -> Result<Host, SpellingError> {
    let name = host.to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()));
    if is_number {
        // The standard parser takes four plain decimal numbers and nothing else.
        let address: Ipv4Addr = name.parse().map_err(|_error| SpellingError::Host)?;
        return public_ip(IpAddr::V4(address));
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let is_name = name.len() <= NAME_MAX && name.contains('.') && name.split('.').all(is_label);
    if is_name && !LOCAL_LABELS.contains(&last) { Ok(Host::Name(name)) } else { Err(SpellingError::Host) }
}

fn public_ip(address: IpAddr) -> Result<Host, SpellingError> {
    if is_public(address) { Ok(Host::Ip(address)) } else { Err(SpellingError::Host) }
}

fn read_port(text: &str) -> Result<u16, SpellingError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_plain && *port != 0).ok_or(SpellingError::Port)
}

/// Path and query without fragment; what is not ASCII is percent-encoded.
fn read_target(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    let mut target = String::with_capacity(text.len() + 1);
    if !text.starts_with('/') {
        target.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>^`{|}".contains(&byte) => target.push(char::from(byte)),
            byte => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                target.push('%');
                for digit in [byte >> 4, byte & 15] {
                    target.extend(DIGITS.get(usize::from(digit)).map(|digit| char::from(*digit)));
                }
            }
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::{Host, SpellingError, WebAddress};

    #[test]
    fn plain_addresses_are_taken_apart() {
        let address = WebAddress::parse("HTTPS://Files.Example.COM/a/ü.png?x=1&y={2}#part").unwrap();
        assert_eq!(address.host, Host::Name("files.example.com".to_owned()));
        assert_eq!((address.is_https, address.port), (true, 443));
        assert_eq!(address.target, "/a/%C3%BC.png?x=1&y=%7B2%7D");
        assert_eq!(address.authority(), "files.example.com");
        let address = WebAddress::parse("http://[2606:4700::1111]:8080?q").unwrap();
        assert_eq!((address.authority().as_str(), address.target.as_str()), ("[2606:4700::1111]:8080", "/?q"));
        assert_eq!(WebAddress::parse("http://1.1.1.1").unwrap().port, 80);
    }

    #[test]
    fn every_other_spelling_is_refused() {
        use SpellingError::{Form, Host, Port, Scheme};
        for (address, reason) in [
            ("file:///etc/passwd", Scheme),
            ("ftp://a.example/x", Scheme),
            ("gopher://a.example/x", Scheme),
            ("a.example/x", Scheme),
            ("javascript:alert(1)", Scheme),
            ("//a.example/x", Scheme),
            ("http:/a.example", Scheme),
            ("", Scheme),
            ("http://user@a.example/", Form),
            ("http://a@b@c.example/", Form),
            ("http://a.example\\@b.example/", Form),
            ("http://a .example/", Form),
            ("http://a.example/\r\nx: y", Form),
            ("http://a.example/\t", Form),
            ("http://ⅰ.example/", Form),
            ("http://①②⑦.0.0.1/", Form),
            ("http://127.0.0.1/", Host),
            ("http://127.1/", Host),
            ("http://2130706433/", Host),
            ("http://0x7f.1/", Host),
            ("http://0x7f000001/", Host),
            ("http://0177.0.0.1/", Host),
            ("http://017700000001/", Host),
            ("http://127.0.0.1.", Host),
            ("http://[::1]/", Host),
            ("http://[::ffff:127.0.0.1]/", Host),
            ("http://[fe80::1%25eth0]/", Host),
            ("http://[::ffff:7f00:1]/", Host),
            ("http://[64:ff9b::7f00:1]/", Host),
            ("http://[2002:7f00:1::]/", Host),
            ("http://169.254.169.254/latest", Host),
            ("http://[fd00:ec2::254]/", Host),
            ("http://100.100.100.200/", Host),
            ("http://0/", Host),
            ("http://0.0.0.0/", Host),
            ("http://255.255.255.255/", Host),
            ("http://224.0.0.1/", Host),
            ("http://localhost/", Host),
            ("http://localhost./", Host),
            ("http://a.localhost/", Host),
            ("http://host/", Host),
            ("http://a.local/", Host),
            ("http://metadata.google.internal/", Host),
            ("http://a..example/", Host),
            ("http://.example/", Host),
            ("http:///x", Host),
            ("http://a.example./", Host),
            ("http://%31.example/", Host),
            ("http://a.example:0/", Port),
            ("http://a.example:65536/", Port),
            ("http://a.example:+80/", Port),
            ("http://a.example:80:80/", Port),
            ("http://[2606::1]80/", Port),
            ("http://1.2.3.4.5/", Host),
            ("http://1.2.3/", Host),
            ("http://256.1.1.1/", Host),
        ] {
            assert_eq!(WebAddress::parse(address), Err(reason), "{address}");
        }
        let long = format!("http://a.example/{}", "x".repeat(9000));
        assert_eq!(WebAddress::parse(&long), Err(Form));
    }

    #[test]
    fn redirects_lead_where_a_browser_would_go() {
        let from = WebAddress::parse("https://a.example:8443/x/y?q=1").unwrap();
        for (location, expected) in [
            ("/z", "https://a.example:8443/z"),
            ("z?w", "https://a.example:8443/x/z?w"),
            ("?w", "https://a.example:8443/x/y?w"),
            ("//b.example/z", "https://b.example/z"),
            ("http://b.example/z", "http://b.example/z"),
        ] {
            assert_eq!(from.join(location), WebAddress::parse(expected), "{location}");
        }
        for location in ["http://127.0.0.1/", "//localhost/", "file:///etc/passwd", "http://user@b.example/"] {
            assert!(from.join(location).is_err(), "{location}");
        }
    }
}
