//! `GET /providers`: everybody whom the catalogue knows.

use crate::error::ControlError;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use domain::catalog::Provider;
use serde::Serialize;
use utoipa::ToSchema;

/// Every provider of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderListReply {
    data: Vec<ProviderData>,
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Provider)]
pub(crate) struct ProviderData {
    /// Display name.
    name: String,
    /// Handle, used in `provider.order` and the like.
    slug: String,
    /// Public privacy policy.
    privacy_policy_url: Option<String>,
    /// Public terms.
    terms_of_service_url: Option<String>,
    /// Public status page.
    status_page_url: Option<String>,
    /// ISO country code.
    headquarters: Option<String>,
    /// ISO country codes.
    datacenters: Option<Vec<String>>,
}

/// List providers
#[utoipa::path(get, path = "/providers", tag = "Catalogue", security(()), responses((status = 200, body = ProviderListReply)))]
pub(crate) async fn handler(State(mount): State<Mount>) -> Result<Response, ControlError> {
    let data: Vec<_> =
        mount.control.catalog.load().providers().iter().map(|provider| provider_data(provider)).collect();
    reply::open(&ProviderListReply { data })
}

fn provider_data(provider: &Provider) -> ProviderData {
    ProviderData {
        name: provider.name.clone(),
        slug: provider.slug.clone(),
        privacy_policy_url: provider.privacy_policy_url.clone(),
        terms_of_service_url: provider.terms_of_service_url.clone(),
        status_page_url: provider.status_page_url.clone(),
        headquarters: provider.headquarters.clone(),
        datacenters: (!provider.datacenters.is_empty()).then(|| provider.datacenters.clone()),
    }
}
