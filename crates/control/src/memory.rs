//! Bringing what was just written to the store into the accounts and keys in memory, so that the next request sees it
//! without waiting for the change feed.

use crate::error::ControlError;
use crate::state::Control;
use domain::id::{AccountId, KeyId, WorkspaceId};
use std::sync::Arc;
use store::durable::KeyState;
use store::lease::{Account, AccountSeed, Key};

/// The account, from memory or else from the store.
pub(crate) async fn account(control: &Control, id: AccountId) -> Result<Option<Arc<Account>>, ControlError> {
    if let Some(account) = control.book.account(id) {
        return Ok(Some(account));
    }
    let now = control.clock.now();
    let Some(state) = control.store.account_state(id, now).await? else { return Ok(None) };
    let seed = AccountSeed {
        id,
        name: state.name,
        workspace: Some(state.workspace),
        is_demo: state.is_demo,
        granted: state.granted,
        bought: state.bought,
        posted: state.posted,
        free_requests_today: state.free_requests_today,
    };
    let account = control.book.account_put(&seed, now);
    control.keyring.refresh_rules(id).await?;
    Ok(Some(account))
}

/// The account's default workspace.
pub(crate) async fn workspace(control: &Control, account: &Account) -> Result<WorkspaceId, ControlError> {
    if let Some(workspace) = account.workspace() {
        return Ok(workspace);
    }
    let stored = control.store.account_find(account.id()).await?;
    stored.map(|stored| stored.workspace).ok_or(ControlError::NotFound("Account"))
}

/// Loads a key again; gives it with its stored row.
pub(crate) async fn key(control: &Control, id: KeyId) -> Result<Option<(KeyState, Arc<Key>)>, ControlError> {
    let Some(state) = control.store.key_state(id, control.clock.now()).await? else { return Ok(None) };
    put(control, state).await
}

/// Takes a stored key into memory.
pub(crate) async fn put(control: &Control, state: KeyState) -> Result<Option<(KeyState, Arc<Key>)>, ControlError> {
    let key = control.keyring.take_over(state.clone(), control.clock.now()).await?;
    Ok(key.map(|key| (state, key)))
}
