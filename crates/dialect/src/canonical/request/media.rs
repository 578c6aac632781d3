//! Addresses of media inside messages: which ones may be named at all.
//!
//! Only the spelling is judged here. Whoever fetches an address must check the socket address again when it connects.

use domain::address::WebAddress;

/// Ports that a media address may name.
const PORTS: &[u16] = &[80, 443, 8080, 8443];

/// Whether `url` is `http` or `https`, names a public host in its plain spelling, and carries no credentials.
#[must_use]
pub fn is_public_url(url: &str) -> bool {
    WebAddress::parse(url).is_ok_and(|address| PORTS.contains(&address.port))
}
