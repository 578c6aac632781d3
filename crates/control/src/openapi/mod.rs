//! The API document, generated from the handlers.

use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

#[derive(utoipa::OpenApi)]
#[openapi(paths(crate::key::list::handler))]
struct Relative;

/// The document.
#[must_use]
pub fn openapi() -> OpenApi {
    Relative::openapi()
}
