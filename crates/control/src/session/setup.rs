//! `POST /setup`: a one-time link becomes an owner's session.

use super::cookie;
use super::csrf::SameOrigin;
use crate::body::Body;
use crate::error::ControlError;
use crate::reply;
use crate::state::{Control, Mount};
use axum::extract::State;
use axum::response::Response;
use domain::id::{AccountId, EntryId, UserId, WorkspaceId};
use domain::ledger::EntryKind;
use domain::time::Timestamp;
use http::{StatusCode, header};
use serde::Serialize;
use store::durable::{Grant, NewAccount, NewSession, User};
use utoipa::ToSchema;

/// Largest body of the sign-in routes.
pub(crate) const BODY_MAX: usize = 64 << 10;

/// A one-time set-up link's secret.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the body; fields are read one by one")]
pub(crate) struct SetupRequest {
    /// The `token` part of the link that the server printed.
    token: String,
}

/// The account that is signed in now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetupReply {
    pub(crate) data: SetupData,
}

/// The account that is signed in now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetupData {
    pub(crate) account: super::read::AccountData,
}

/// Use a one-time set-up link
#[utoipa::path(post, path = "/setup", tag = "Console", request_body = SetupRequest,
    responses((status = 200, body = SetupReply), (status = 403), (status = 404)))]
pub(crate) async fn handler(
    State(mount): State<Mount>,
    _own: SameOrigin,
    body: Body<BODY_MAX>,
) -> Result<Response, ControlError> {
    let control = &mount.control;
    let token = body.fields()?.text("token", 512)?.flatten();
    let token = token.ok_or_else(|| ControlError::invalid("token", "is required"))?;
    let now = control.clock.now();
    let unknown = ControlError::NotFound("Set-up link");
    let consumed = control.store.setup_token_consume(&cookie::hash(&token), now).await?.ok_or(unknown)?;
    let account = match consumed.account {
        Some(account) => account,
        None => make_account(control, &consumed.user_name, now).await?,
    };
    let user = match control.store.user_first(account).await? {
        Some(user) => user.id,
        None => make_owner(control, account, &consumed.user_name, now).await?,
    };
    let set_cookie = open_session(control, user, account, now).await?;
    let account = crate::memory::account(control, account).await?.ok_or(ControlError::NotFound("Account"))?;
    let account = super::read::AccountData { id: account.id().to_string(), name: account.name() };
    let mut response = reply::personal(StatusCode::OK, &SetupReply { data: SetupData { account } })?;
    response.headers_mut().insert(header::SET_COOKIE, set_cookie);
    Ok(response)
}

async fn make_account(control: &Control, name: &str, now: Timestamp) -> Result<AccountId, ControlError> {
    let account = NewAccount {
        id: AccountId::new(now, control.random.bytes()),
        name: name.to_owned(),
        is_demo: false,
        workspace: WorkspaceId::new(now, control.random.bytes()),
        created_at: now,
    };
    control.store.account_insert(&account).await?;
    let allowance = control.settings.signup_allowance;
    if !allowance.is_zero() {
        let grant = Grant {
            id: EntryId::new(now, control.random.bytes()),
            account: account.id,
            kind: EntryKind::Promotion,
            amount: allowance,
            note: "sign-up allowance".to_owned(),
            at: now,
        };
        control.store.grant_post(&grant).await?;
    }
    Ok(account.id)
}

async fn make_owner(control: &Control, account: AccountId, name: &str, now: Timestamp) -> Result<UserId, ControlError> {
    let id = UserId::new(now, control.random.bytes());
    control.store.user_insert(&User { id, account, name: name.to_owned(), created_at: now }).await?;
    Ok(id)
}

/// Opens a session under a fresh secret, whatever the browser sent; gives the cookie that carries it.
async fn open_session(
    control: &Control,
    user: UserId,
    account: AccountId,
    now: Timestamp,
) -> Result<http::HeaderValue, ControlError> {
    let secret = hex::encode(control.random.bytes::<{ cookie::SECRET }>());
    let session = NewSession {
        hash: cookie::hash(&secret),
        user,
        account,
        created_at: now,
        expires_at: now.plus(control.settings.session_life),
        idle: control.settings.session_idle,
    };
    control.store.session_insert(&session).await?;
    cookie::set(&secret, &control.settings)
}
