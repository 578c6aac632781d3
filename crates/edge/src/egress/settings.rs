//! What may be fetched on a caller's word, and how much of it.

use domain::address::Network;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Limits of [`super::Egress`]. Every one is a setting; the defaults are stated here.
#[derive(Debug, Clone)]
pub struct EgressSettings {
    /// Whether unencrypted addresses are fetched at all.
    pub allow_http: bool,
    /// Ports that an address may name.
    pub ports: Vec<u16>,
    /// Ranges that may be reached although they are not public.
    pub allow: Vec<Network>,
    /// Names with the machine that they mean, in place of the name service; not judged further.
    pub hosts: BTreeMap<String, SocketAddr>,
    /// Longest wait for a connection, TLS included.
    pub connect: Duration,
    /// Longest time for one item, all redirects together.
    pub time: Duration,
    /// Redirects that are followed.
    pub redirects: usize,
    /// Largest item in bytes.
    pub item_bytes: usize,
    /// Most bytes of all items of one request.
    pub request_bytes: usize,
    /// Most items of one request.
    pub items: usize,
    /// Items that the whole server fetches at once.
    pub parallel: usize,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            allow_http: false,
            ports: vec![443, 80],
            allow: Vec::new(),
            hosts: BTreeMap::new(),
            connect: Duration::from_secs(5),
            time: Duration::from_secs(10),
            redirects: 3,
            item_bytes: 20 << 20,
            request_bytes: 50 << 20,
            items: 64,
            parallel: 32,
        }
    }
}
