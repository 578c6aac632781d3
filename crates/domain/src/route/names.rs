//! Which endpoints a provider name in a request means.

use crate::catalog::Endpoint;

/// Whether a provider name picks this endpoint: a suffixed slug exactly one; a base slug or display name all of a provider's
/// variants and regions, but no endpoint of a service tier.
#[must_use]
pub fn names_endpoint(wanted: &str, endpoint: &Endpoint) -> bool {
    wanted.eq_ignore_ascii_case(&endpoint.tag) || endpoint.service_tier.is_none() && is_provider(wanted, endpoint)
}

/// Whether a provider name covers this endpoint, service tiers included: what lists of allowed and ignored providers ask.
/// An allow-list does not admit a tier by itself, see the pool of tiers.
pub(super) fn names_provider(wanted: &str, endpoint: &Endpoint) -> bool {
    wanted.eq_ignore_ascii_case(&endpoint.tag) || is_provider(wanted, endpoint)
}

fn is_provider(wanted: &str, endpoint: &Endpoint) -> bool {
    wanted.eq_ignore_ascii_case(&endpoint.provider.slug) || wanted.eq_ignore_ascii_case(&endpoint.provider.name)
}
