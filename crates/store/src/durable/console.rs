//! Sign-in for the console: set-up tokens, people and sessions. Secrets are stored as their SHA-256 only.

use super::statement::statements;
use super::value::Row;
use super::{ChangeKind, Store, StoreError};
use domain::id::{AccountId, UserId};
use domain::time::Timestamp;
use std::time::Duration;

statements! {
    TOKEN_INSERT = "insert into setup_tokens (hash, account_id, user_name, expires_at, consumed_at)
        values ($1, $2, $3, $4, null)";
    TOKEN_CONSUME = "update setup_tokens
        set consumed_at = $2
        where hash = $1 and consumed_at is null and expires_at > $2
        returning account_id, user_name";
    USER_INSERT = "insert into users (id, account_id, name, created_at) values ($1, $2, $3, $4)";
    USER_FIND = "select id, account_id, name, created_at from users where id = $1";
    USER_FIRST = "select id, account_id, name, created_at from users where account_id = $1 order by id limit 1";
    SESSION_INSERT = "insert into sessions (hash, user_id, account_id, created_at, expires_at, idle_us, seen_at)
        values ($1, $2, $3, $4, $5, $6, $4)";
    SESSION_FIND = "select user_id, account_id, created_at, expires_at, idle_us, seen_at
        from sessions
        where hash = $1 and expires_at > $2 and seen_at + idle_us > $2";
    SESSION_TOUCH = "update sessions set seen_at = $2 where hash = $1 and seen_at < $2";
    SESSION_DELETE = "delete from sessions where hash = $1";
}

/// A one-time link that makes or signs in an owner.
#[derive(Debug, Clone)]
pub struct NewSetupToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The account that the owner gets; none asks for a new one.
    pub account: Option<AccountId>,
    /// Suggested name of the person.
    pub user_name: String,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// What a consumed set-up token stood for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupToken {
    /// The account that the owner gets; none asks for a new one.
    pub account: Option<AccountId>,
    /// Suggested name of the person.
    pub user_name: String,
}

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The account that they own.
    pub account: AccountId,
    /// Display name.
    pub name: String,
    /// When they were added.
    pub created_at: Timestamp,
}

/// A new session.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// SHA-256 of its 256-bit secret.
    pub hash: [u8; 32],
    /// Who signed in.
    pub user: UserId,
    /// For which account.
    pub account: AccountId,
    /// When.
    pub created_at: Timestamp,
    /// Latest end.
    pub expires_at: Timestamp,
    /// Longest pause between two requests.
    pub idle: Duration,
}

/// A session that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who signed in.
    pub user: UserId,
    /// For which account.
    pub account: AccountId,
    /// When.
    pub created_at: Timestamp,
    /// Latest end.
    pub expires_at: Timestamp,
    /// Longest pause between two requests.
    pub idle: Duration,
    /// Last request that was recorded.
    pub seen_at: Timestamp,
}

fn user_from_row(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.id("id", UserId::from_bytes)?,
        account: row.id("account_id", AccountId::from_bytes)?,
        name: row.text("name")?,
        created_at: row.time("created_at")?,
    })
}

impl Store {
    /// Remembers a set-up token.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the hash is taken.
    pub async fn setup_token_insert(&self, new: &NewSetupToken) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let values = [new.hash.as_slice().into(), new.account.into(), (&new.user_name).into(), new.expires_at.into()];
        tx.execute(&TOKEN_INSERT, &values).await?;
        tx.commit().await
    }

    /// Uses a set-up token, once: a second call, a lapsed or an unknown token gives none.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn setup_token_consume(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<SetupToken>, StoreError> {
        let mut tx = self.write().await?;
        let Some(row) = tx.row(&TOKEN_CONSUME, &[hash.as_slice().into(), now.into()]).await? else {
            return Ok(None);
        };
        let token =
            SetupToken { account: row.id_opt("account_id", AccountId::from_bytes)?, user_name: row.text("user_name")? };
        tx.commit().await?;
        Ok(Some(token))
    }

    /// Adds a person.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken.
    pub async fn user_insert(&self, user: &User) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let values = [user.id.into(), user.account.into(), (&user.name).into(), user.created_at.into()];
        tx.execute(&USER_INSERT, &values).await?;
        tx.change(ChangeKind::Account, user.account.as_bytes(), user.created_at).await?;
        tx.commit().await
    }

    /// Finds a person.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn user_find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.row(&USER_FIND, &[id.into()]).await?.as_ref().map(user_from_row).transpose()
    }

    /// The first person of an account.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn user_first(&self, account: AccountId) -> Result<Option<User>, StoreError> {
        self.row(&USER_FIRST, &[account.into()]).await?.as_ref().map(user_from_row).transpose()
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the hash is taken.
    pub async fn session_insert(&self, new: &NewSession) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let idle = i64::try_from(new.idle.as_micros()).unwrap_or(i64::MAX / 4);
        let values = [
            new.hash.as_slice().into(),
            new.user.into(),
            new.account.into(),
            new.created_at.into(),
            new.expires_at.into(),
            idle.into(),
        ];
        tx.execute(&SESSION_INSERT, &values).await?;
        tx.change(ChangeKind::Session, &new.hash, new.created_at).await?;
        tx.commit().await
    }

    /// Finds a session that has neither ended nor been idle too long.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn session_find(&self, hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>, StoreError> {
        let Some(row) = self.row(&SESSION_FIND, &[hash.as_slice().into(), now.into()]).await? else {
            return Ok(None);
        };
        Ok(Some(Session {
            user: row.id("user_id", UserId::from_bytes)?,
            account: row.id("account_id", AccountId::from_bytes)?,
            created_at: row.time("created_at")?,
            expires_at: row.time("expires_at")?,
            idle: Duration::from_micros(row.count("idle_us")?),
            seen_at: row.time("seen_at")?,
        }))
    }

    /// Records a request of a session. Callers do this at most once a minute; it appends no change.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn session_touch(&self, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.execute(&SESSION_TOUCH, &[hash.as_slice().into(), now.into()]).await?;
        tx.commit().await
    }

    /// Ends a session; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn session_delete(&self, hash: &[u8; 32], at: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let gone = tx.execute(&SESSION_DELETE, &[hash.as_slice().into()]).await?;
        tx.change(ChangeKind::Session, hash, at).await?;
        tx.commit().await?;
        Ok(gone > 0)
    }
}
