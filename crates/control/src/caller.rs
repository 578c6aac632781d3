//! Who asks: one place decides for every route, by the door that the request came through.

use crate::error::ControlError;
use crate::session::{self, SignedIn};
use crate::state::{Door, Mount};
use axum::extract::FromRequestParts;
use domain::key::KeyRole;
use edge::credential;
use http::request::Parts;
use std::sync::Arc;
use store::lease::{Account, Key};

/// The credential that proved itself.
pub(crate) enum Proof {
    /// An API key.
    Key(Arc<Key>),
    /// A console session.
    Session(SignedIn),
}

/// An account and the credential that speaks for it.
pub(crate) struct Caller {
    pub(crate) account: Arc<Account>,
    pub(crate) proof: Proof,
}

/// Extractor: a usable key of either role, or a session on the console's door.
pub(crate) struct Member(pub(crate) Caller);

/// Extractor: a management key, or a session on the console's door.
pub(crate) struct Manager(pub(crate) Caller);

/// Extractor: a usable key; never a session.
pub(crate) struct Holder(pub(crate) Arc<Key>);

/// Extractor: a session; never a key.
pub(crate) struct Visitor(pub(crate) SignedIn);

impl Caller {
    /// Whether a person asks through the console.
    pub(crate) fn is_console(&self) -> bool {
        matches!(self.proof, Proof::Session(_))
    }

    async fn recognise(parts: &Parts, mount: &Mount) -> Result<Self, ControlError> {
        match mount.door {
            Door::Api => {
                let key = recognise_key(parts, mount).await?;
                Ok(Self { account: Arc::clone(key.account()), proof: Proof::Key(key) })
            }
            Door::Console => {
                let session = session::recognise(&mount.control, &parts.method, &parts.headers).await?;
                Ok(Self { account: Arc::clone(&session.account), proof: Proof::Session(session) })
            }
        }
    }
}

async fn recognise_key(parts: &Parts, mount: &Mount) -> Result<Arc<Key>, ControlError> {
    let control = &mount.control;
    let text = credential::from_headers(&parts.headers)?;
    let now = control.clock.now();
    let key = control.keyring.find(text, now).await?;
    // The console's own key has no text; a credential that finds one all the same is no credential.
    if key.is_usable(now) && !key.settings().is_internal { Ok(key) } else { Err(ControlError::UnknownKey) }
}

impl FromRequestParts<Mount> for Member {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, mount: &Mount) -> Result<Self, ControlError> {
        Caller::recognise(parts, mount).await.map(Self)
    }
}

impl FromRequestParts<Mount> for Manager {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, mount: &Mount) -> Result<Self, ControlError> {
        let caller = Caller::recognise(parts, mount).await?;
        match &caller.proof {
            Proof::Key(key) if key.settings().role != KeyRole::Management => Err(ControlError::ManagementOnly),
            Proof::Key(_) | Proof::Session(_) => Ok(Self(caller)),
        }
    }
}

impl FromRequestParts<Mount> for Holder {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, mount: &Mount) -> Result<Self, ControlError> {
        match mount.door {
            Door::Api => recognise_key(parts, mount).await.map(Self),
            Door::Console => Err(ControlError::SignedOut),
        }
    }
}

impl FromRequestParts<Mount> for Visitor {
    type Rejection = ControlError;

    async fn from_request_parts(parts: &mut Parts, mount: &Mount) -> Result<Self, ControlError> {
        match mount.door {
            Door::Api => Err(ControlError::SignedOut),
            Door::Console => session::recognise(&mount.control, &parts.method, &parts.headers).await.map(Self),
        }
    }
}
