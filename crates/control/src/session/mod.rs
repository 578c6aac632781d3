//! Console sessions: a cookie that names a stored secret, never a key.

mod cookie;
pub(crate) mod csrf;
pub(crate) mod end;
pub(crate) mod read;
pub(crate) mod setup;

use crate::error::ControlError;
use crate::memory;
use crate::state::Control;
use domain::id::{KeyId, UserId};
use domain::key::{KeyHash, KeyRole};
use domain::money::Amount;
use http::{HeaderMap, Method};
use std::sync::Arc;
use store::durable::{NewKey, Session};
use store::lease::{Account, Key};

/// A person with a living session.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) account: Arc<Account>,
    pub(crate) user: UserId,
    /// What the store knows the session by.
    pub(crate) hash: [u8; 32],
}

/// Finds the session of a request; state changes must come from the console's own pages.
pub(crate) async fn recognise(
    control: &Control,
    method: &Method,
    headers: &HeaderMap,
) -> Result<SignedIn, ControlError> {
    csrf::check(method, headers)?;
    let secret = cookie::read(headers, &control.settings).ok_or(ControlError::SignedOut)?;
    let (hash, now) = (cookie::hash(secret), control.clock.now());
    let session: Session = control.store.session_find(&hash, now).await?.ok_or(ControlError::SignedOut)?;
    if now.since(session.seen_at) >= control.settings.session_touch {
        control.store.session_touch(&hash, now).await?;
    }
    let account = memory::account(control, session.account).await?.ok_or(ControlError::SignedOut)?;
    Ok(SignedIn { account, user: session.user, hash })
}

/// The key that pays for what a signed-in person does in the console, e.g. chatting: the account's internal key, made
/// when it is needed first. Its text is never known to anybody, so it works only inside the server. The request counts as a
/// state change.
///
/// # Errors
/// [`ControlError`]: 401 without a session, 403 for a cross-site request, 503 when the store cannot be reached.
pub async fn session_key(control: &Control, headers: &HeaderMap) -> Result<Arc<Key>, ControlError> {
    let session = recognise(control, &Method::POST, headers).await?;
    if let Some(key) = internal_key(control, &session.account) {
        return Ok(key);
    }
    let now = control.clock.now();
    let workspace = memory::workspace(control, &session.account).await?;
    let new = NewKey {
        id: KeyId::new(now, control.random.bytes()),
        // The hash of nothing: no text is known that hashes to it.
        hash: KeyHash::from_bytes(&control.random.bytes::<32>()).ok_or(ControlError::UnknownKey)?,
        label: "console".to_owned(),
        name: "Console".to_owned(),
        account: session.account.id(),
        workspace,
        user: None,
        role: KeyRole::Inference,
        limit: None::<Amount>,
        reset: None,
        include_byok_in_limit: false,
        is_internal: true,
        expires_at: None,
        created_at: now,
    };
    control.store.key_insert(&new).await?;
    memory::key(control, new.id).await?;
    // Two requests may have made one each; everybody takes the oldest.
    internal_key(control, &session.account).ok_or(ControlError::KeysUnavailable)
}

fn internal_key(control: &Control, account: &Account) -> Option<Arc<Key>> {
    let now = control.clock.now();
    let keys = control.book.keys_of(account.id());
    keys.into_iter().find(|key| key.settings().is_internal && key.is_usable(now))
}
