//! The only error → HTTP table of the control plane.

use crate::seal::SealError;
use crate::upstream::ReloadError;
use axum::response::{IntoResponse, Response};
use domain::error_kind::ErrorKind;
use edge::access_log::AccessFacts;
use edge::credential::CredentialError;
use http::{HeaderValue, StatusCode, header};
use std::borrow::Cow;
use std::sync::Arc;
use store::StoreError;
use store::lease::KeyringError;

/// Why a request of the control plane was not answered with success.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No credential, or one that cannot be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Unknown, disabled, expired or deleted key: one text for all of them.
    #[error("User not found.")]
    UnknownKey,
    /// An unknown key could not be looked up.
    #[error("Keys cannot be looked up at the moment")]
    KeysUnavailable,
    /// An inference key on an administrative route.
    #[error("This operation needs a management key")]
    ManagementOnly,
    /// No living console session.
    #[error("Sign in to use the console")]
    SignedOut,
    /// A state change that another site could have caused.
    #[error("Refused as a cross-site request: {0}")]
    CrossSite(&'static str),
    /// No such thing, or not the caller's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The path exists, the method does not.
    #[error("Method not allowed")]
    MethodNotAllowed,
    /// One field or query parameter cannot be used.
    #[error("{field}: {reason}")]
    Invalid {
        /// Its name as documented.
        field: Cow<'static, str>,
        /// What is wrong with it, in our own words.
        reason: Cow<'static, str>,
    },
    /// The request as a whole cannot be used.
    #[error("{0}")]
    Request(Cow<'static, str>),
    /// The body's type or encoding is not accepted.
    #[error("{0}")]
    MediaType(&'static str),
    /// The body is larger than the route allows.
    #[error("The request body is larger than {max} bytes")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// The thing exists already.
    #[error("{0} exists already")]
    Conflict(&'static str),
    /// The store failed.
    #[error("store")]
    Store(#[from] StoreError),
    /// A secret could not be sealed.
    #[error("seal")]
    Seal(#[from] SealError),
    /// The configuration in force could not be rebuilt.
    #[error("reload")]
    Reload(#[from] ReloadError),
    /// An answer could not be written as JSON.
    #[error("encode")]
    Encode(#[from] serde_json::Error),
}

impl From<KeyringError> for ControlError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Unknown => Self::UnknownKey,
            KeyringError::Unavailable => Self::KeysUnavailable,
        }
    }
}

/// A failure of ours, kept with the answer so that it is logged once, where the request's id is known.
#[derive(Debug, Clone)]
pub(crate) struct Failure(pub(crate) Arc<ControlError>);

#[derive(serde::Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(serde::Serialize)]
struct Body<'a> {
    code: u16,
    message: &'a str,
    metadata: Metadata<'a>,
}

#[derive(serde::Serialize)]
struct Metadata<'a> {
    error_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
}

impl ControlError {
    /// One field or query parameter that cannot be used.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    /// What the public contract calls it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Credential(CredentialError::Contradictory) => ErrorKind::InvalidRequest,
            Self::Credential(CredentialError::Missing | CredentialError::Malformed)
            | Self::UnknownKey
            | Self::SignedOut => ErrorKind::Authentication,
            Self::ManagementOnly | Self::CrossSite(_) => ErrorKind::PermissionDenied,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::MethodNotAllowed => ErrorKind::MethodNotAllowed,
            Self::Invalid { .. } | Self::Request(_) => ErrorKind::InvalidRequest,
            Self::MediaType(_) => ErrorKind::UnsupportedMediaType,
            Self::TooLarge { .. } => ErrorKind::PayloadTooLarge,
            Self::Conflict(_) => ErrorKind::Conflict,
            Self::KeysUnavailable => ErrorKind::LedgerUnavailable,
            Self::Store(error) if error.is_retryable() => ErrorKind::LedgerUnavailable,
            Self::Store(_) | Self::Seal(_) | Self::Reload(_) | Self::Encode(_) => ErrorKind::Server,
        }
    }

    /// What the client reads: our own words; nothing about the inside of the server.
    fn message(&self) -> Cow<'static, str> {
        match self.kind() {
            ErrorKind::Server => Cow::Borrowed("Internal Server Error"),
            ErrorKind::LedgerUnavailable => Cow::Borrowed("The store is unavailable at the moment"),
            _ => Cow::Owned(self.to_string()),
        }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let kind = self.kind();
        let param = match &self {
            Self::Invalid { field, .. } => Some(&**field),
            _ => None,
        };
        let metadata = Metadata { error_type: kind.as_str(), param };
        let message = self.message();
        let body = Envelope { error: Body { code: kind.status(), message: &message, metadata } };
        // A struct of numbers and texts can always be written.
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, text).into_response();
        let headers = response.headers_mut();
        crate::reply::mark_personal(headers);
        if kind == ErrorKind::Authentication {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if (400..=404).contains(&kind.status()) {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if kind == ErrorKind::LedgerUnavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        let extensions = response.extensions_mut();
        extensions.insert(AccessFacts { error_type: Some(kind.as_str()), ..AccessFacts::default() });
        if kind.status() >= 500 {
            extensions.insert(Failure(Arc::new(self)));
        }
        response
    }
}

/// An error and all its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{ControlError, chain};
    use axum::response::IntoResponse;
    use store::StoreError;

    #[test]
    fn faults_of_ours_are_masked_but_kept_for_the_log() {
        let error = ControlError::Store(StoreError::Corrupt { statement: "key_list", column: "role" });
        assert!(chain(&error).contains("key_list"));
        let response = error.into_response();
        assert_eq!(response.status(), 500);
        assert!(response.headers().get("x-should-retry").is_none());
        assert!(response.extensions().get::<super::Failure>().is_some());
    }

    #[test]
    fn refusals_say_what_a_client_needs() {
        for (error, status, retry) in [
            (ControlError::UnknownKey, 401, Some("false")),
            (ControlError::ManagementOnly, 403, Some("false")),
            (ControlError::NotFound("API key"), 404, Some("false")),
            (ControlError::MethodNotAllowed, 405, None),
            (ControlError::KeysUnavailable, 503, None),
        ] {
            let response = error.into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get("x-should-retry").and_then(|value| value.to_str().ok()), retry);
            assert_eq!(response.headers().contains_key("www-authenticate"), status == 401);
        }
    }
}
