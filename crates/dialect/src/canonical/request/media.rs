//! Addresses of media inside messages: which ones may be named at all.
//!
//! Only the spelling is judged here. Whoever fetches an address must check the socket address again when it connects.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Ports that a media address may name.
const PORTS: &[&str] = &["", "80", "443", "8080", "8443"];

/// Whether `url` is `http` or `https`, names a public host in its plain spelling, and carries no credentials.
#[must_use]
pub fn is_public_url(url: &str) -> bool {
    let Some(rest) = strip_scheme(url) else { return false };
    if url.bytes().any(|byte| byte.is_ascii_control() || byte == b' ' || byte == b'\\') {
        return false;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || !authority.is_ascii() {
        return false;
    }
    if let Some(inside) = authority.strip_prefix('[') {
        let Some((address, port)) = inside.split_once(']') else { return false };
        let port = port.strip_prefix(':').unwrap_or(port);
        return PORTS.contains(&port) && address.parse::<Ipv6Addr>().is_ok_and(|ip| is_public_v6(&ip));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    PORTS.contains(&port) && is_public_host(host)
}

fn strip_scheme(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    is_web.then_some(rest)
}

fn is_public_host(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_local = matches!(last, "" | "localhost" | "local" | "internal");
    if is_local {
        return false;
    }
    let is_number = last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit());
    if is_number {
        return name.parse::<Ipv4Addr>().is_ok_and(is_public_v4);
    }
    name.contains('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_special = first == 0 || first >= 224 || (first == 192 && second == 0) || (first == 198 && second / 2 == 9);
    !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_documentation() || is_shared || is_special)
}

fn is_public_v6(ip: &Ipv6Addr) -> bool {
    // Global unicast is 2000::/3; 6to4 and Teredo carry IPv4 addresses inside it.
    let [first, second, ..] = ip.segments();
    (first >> 13) == 1
        && first != 0x2002
        && !(first == 0x2001 && second < 0x0200)
        && !(first == 0x2001 && second == 0xdb8)
}
