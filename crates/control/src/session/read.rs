//! `GET /session`: who is signed in, with the figures of the console's header.

use crate::caller::Visitor;
use crate::dollars::Dollars;
use crate::error::ControlError;
use crate::memory;
use crate::reply;
use crate::state::Mount;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// An account as the console shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountData {
    /// Its id.
    pub(crate) id: String,
    /// Its display name.
    pub(crate) name: String,
}

/// A person as the console shows them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserData {
    /// Their id.
    id: String,
    /// Their display name.
    name: String,
    /// What they may do; `owner` for now.
    role: &'static str,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionData {
    account: AccountData,
    user: UserData,
    /// The workspace whose presets and routing settings apply.
    workspace_id: String,
    /// Credit that was ever granted, in US dollars.
    #[schema(value_type = f64)]
    total_credits: Dollars,
    /// Credit that was ever used, in US dollars.
    #[schema(value_type = f64)]
    total_usage: Dollars,
    /// Whether only demonstration models answer.
    demo: bool,
    /// Version of the server.
    version: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionReply {
    pub(crate) data: SessionData,
}

/// Show the current session
#[utoipa::path(get, path = "/session", tag = "Console",
    responses((status = 200, body = SessionReply), (status = 401)))]
pub(crate) async fn handler(State(mount): State<Mount>, Visitor(session): Visitor) -> Result<Response, ControlError> {
    let control = &mount.control;
    let user = control.store.user_find(session.user).await?.ok_or(ControlError::SignedOut)?;
    let budget = session.account.budget();
    let data = SessionData {
        account: AccountData { id: session.account.id().to_string(), name: session.account.name() },
        workspace_id: memory::workspace(control, &session.account).await?.to_string(),
        user: UserData { id: user.id.to_string(), name: user.name, role: "owner" },
        total_credits: budget.granted().into(),
        total_usage: budget.posted().into(),
        demo: control.settings.demo || session.account.is_demo(),
        version: control.settings.version.clone(),
    };
    reply::personal(StatusCode::OK, &SessionReply { data })
}
