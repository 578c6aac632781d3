//! Which machine addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ranges of IPv4 that are not public machines, as (first address, prefix length).
///
/// Source: IANA's special-purpose address registry for IPv4 (2026-08), multicast and the reserved class; the last row is a
/// cloud's platform address, which is reachable from its machines only.
const SPECIAL_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([168, 63, 129, 16], 32),
];

/// Ranges inside IPv6's global unicast block that are not public machines, as (first segments, prefix length): protocol
/// assignments with Teredo and benchmarks, documentation twice, 6to4 (which carries IPv4 addresses), AS112.
///
/// Source: IANA's special-purpose address registry for IPv6 (2026-08).
const SPECIAL_V6: &[([u16; 3], u8)] = &[
    ([0x2001, 0x0000, 0], 23),
    ([0x2001, 0x0db8, 0], 32),
    ([0x2002, 0x0000, 0], 16),
    ([0x2620, 0x004f, 0x8000], 48),
    ([0x3fff, 0x0000, 0], 20),
];

/// Whether an address means one machine on the public internet.
///
/// Loopback, private, link-local, shared, documentation, benchmark, multicast, broadcast and reserved addresses do not, nor
/// do the metadata services of clouds, nor any IPv6 form that carries an IPv4 address (mapped, NAT64, 6to4, Teredo).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !SPECIAL_V4.iter().any(|(first, length)| {
        let shift = 32 - u32::from(*length);
        bits >> shift == u32::from_be_bytes(*first) >> shift
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3; everything else is some special form.
    let bits = address.to_bits();
    let is_global_unicast = bits >> 125 == 1;
    let is_special = SPECIAL_V6.iter().any(|([first, second, third], length)| {
        let start = Ipv6Addr::new(*first, *second, *third, 0, 0, 0, 0, 0).to_bits();
        let shift = 128 - u32::from(*length);
        bits >> shift == start >> shift
    });
    is_global_unicast && !is_special
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn every_special_range_is_refused_at_both_ends_and_its_neighbours_are_not() {
        let ranges = [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
            ("168.63.129.16", "168.63.129.16"),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ];
        for (first, last) in ranges {
            for address in [first, last] {
                assert!(!is_public(address.parse().unwrap()), "{address}");
            }
        }
        let public = [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.77.2",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "168.63.129.17",
            "2000::",
            "2001:200::",
            "2001:db9::",
            "2003::",
            "3fff:1000::",
            "2606:4700::1111",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn forms_that_carry_another_address_are_refused() {
        for address in [
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::1",
            "64:ff9b::8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:7f00:1::",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
