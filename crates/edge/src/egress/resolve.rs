//! From names to addresses.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

/// A running look-up.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// A name service.
pub trait Resolve: Send + Sync {
    /// All addresses of a name, which holds a dot and does not end in one.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// The machine's own name service.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            // The closing dot keeps the machine's search domains out of it.
            let found = tokio::net::lookup_host((format!("{name}."), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
