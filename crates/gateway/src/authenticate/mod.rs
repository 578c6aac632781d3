//! Authenticate: from a credential to a caller, out of memory.

use crate::accept::{Credential, Head};
use crate::reply::Refusal;
use crate::state::Gateway;
use domain::error_kind::ErrorKind;
use domain::key::KeyRole;
use domain::route::policy::Layer;
use edge::credential::{self, CredentialError};
use std::sync::Arc;
use store::lease::{Key, KeyringError};

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key, its account and its budgets.
    pub key: Arc<Key>,
    /// Stored layers of policy, outermost first: the account's, the workspace's.
    pub policies: Vec<Arc<Layer>>,
}

/// Finds the caller. A known key costs a map look-up; an unknown one with a valid checksum one bounded look-up.
///
/// # Errors
/// [`Refusal`]: 401 without a usable key, 400 for two different ones, 403 for a management key, 503 when an unknown key
/// cannot be looked up.
pub async fn authenticate(gateway: &Gateway, head: &Head) -> Result<Caller, Refusal> {
    let caller = any_key(gateway, head).await?;
    if caller.key.settings().role == KeyRole::Management {
        return Err(Refusal::new(ErrorKind::PermissionDenied, "Management keys cannot be used for inference"));
    }
    Ok(caller)
}

/// Finds the caller, whatever its key is for.
///
/// # Errors
/// [`Refusal`]: 401, 400 and 503 as [`authenticate`].
pub(crate) async fn any_key(gateway: &Gateway, head: &Head) -> Result<Caller, Refusal> {
    let key = match head.credential() {
        Credential::Session(key) => Arc::clone(key),
        Credential::Header => {
            let text = credential::from_headers(head.headers()).map_err(|error| match error {
                CredentialError::Contradictory => Refusal::new(ErrorKind::InvalidRequest, error.to_string()),
                CredentialError::Missing | CredentialError::Malformed => Refusal::authentication(&error.to_string()),
            })?;
            gateway.keyring.find(text, gateway.clock.now()).await.map_err(|error| match error {
                KeyringError::Unknown => Refusal::authentication("User not found."),
                KeyringError::Unavailable => {
                    Refusal::new(ErrorKind::LedgerUnavailable, "Keys cannot be looked up at the moment").retry_in(1)
                }
            })?
        }
    };
    if !key.is_usable(gateway.clock.now()) {
        return Err(Refusal::authentication("User not found."));
    }
    let policies = key.account().rules().layers(key.settings().workspace);
    Ok(Caller { key, policies })
}
