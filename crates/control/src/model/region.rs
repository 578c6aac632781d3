//! Where endpoints process requests.

use domain::catalog::Endpoint;

/// The members of the European Union, by ISO code. Source: the union's list of countries, 2026-08-22.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// A region that lists can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    /// The European Union.
    Eu,
    /// The United States.
    Us,
}

impl Region {
    /// Reads `eu` or `us`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        match word {
            "eu" => Some(Self::Eu),
            "us" => Some(Self::Us),
            _ => None,
        }
    }

    /// Whether an endpoint stays inside: by its own region, else by all known places of its provider. What is not known is
    /// outside.
    pub(super) fn holds(self, endpoint: &Endpoint) -> bool {
        if let Some(region) = &endpoint.region {
            let prefix = match self {
                Self::Eu => "eu",
                Self::Us => "us",
            };
            let first = region.split(['-', '_', '/']).next().unwrap_or_default();
            return first.eq_ignore_ascii_case(prefix)
                || region.to_ascii_lowercase().starts_with("europe") && self == Self::Eu;
        }
        let places = &endpoint.provider.datacenters;
        let is_inside = |place: &String| match self {
            Self::Eu => EU.contains(&place.as_str()),
            Self::Us => place == "US",
        };
        !places.is_empty() && places.iter().all(is_inside)
    }
}
