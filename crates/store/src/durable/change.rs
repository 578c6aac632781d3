//! The change feed: what a server that keeps accounts and keys in memory must load again.
//!
//! Every mutation outside the drain appends a row in its own transaction. Settlements do not: the node that made them has
//! counted them already. The number is taken by updating one counter row, so numbers appear in commit order on both engines
//! and a poller that asks for "after the last one I saw" misses nothing.

use super::connection::Tx;
use super::statement::statements;
use super::value::word_text;
use super::{Store, StoreError};
use domain::time::Timestamp;
use std::time::Duration;

statements! {
    CHANGE_TAKE = "update counters set value = value + 1 where name = 'changes' returning value";
    CHANGE_INSERT = "insert into changes (seq, kind, id, changed_at) values ($1, $2, $3, $4)";
    CHANGE_SEQ = "select value from counters where name = 'changes'";
    CHANGE_LIST = "select seq, kind, id from changes where seq > $1 order by seq limit $2";
    CHANGE_PRUNE = "delete from changes where changed_at < $1";
    SESSION_PRUNE = "delete from sessions where expires_at <= $1 or seen_at + idle_us <= $1";
    TOKEN_PRUNE = "delete from setup_tokens where expires_at <= $1";
}

/// What kind of thing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// An account or its credit; the id is the account's.
    Account,
    /// A key; the id is the key's.
    Key,
    /// A provider connection; the id is the upstream's.
    Upstream,
    /// A catalogue entry; the id is the model id's text.
    Catalog,
    /// A setting; the id is the name's text.
    Setting,
    /// A session; the id is the hash of its secret.
    Session,
    /// Presets or routing settings; the id is the account's.
    Rules,
}

/// One row of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Position; rises in commit order.
    pub seq: i64,
    /// What kind of thing.
    pub kind: ChangeKind,
    /// Which one; see [`ChangeKind`].
    pub id: Vec<u8>,
}

/// How long things are kept that [`Store::prune`] deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Age from which rows of the change feed are deleted. A server that slept longer must load everything again.
    pub changes: Duration,
}

impl Default for Kept {
    fn default() -> Self {
        Self { changes: Duration::from_secs(600) }
    }
}

impl Tx {
    /// Appends to the change feed within this transaction.
    pub(super) async fn change(&mut self, kind: ChangeKind, id: &[u8], at: Timestamp) -> Result<(), StoreError> {
        let row = self.row(&CHANGE_TAKE, &[]).await?;
        let seq = row.ok_or(StoreError::Missing { what: "change counter" })?.int("value")?;
        self.execute(&CHANGE_INSERT, &[seq.into(), word_text(&kind)?.into(), id.into(), at.into()]).await?;
        Ok(())
    }
}

impl Store {
    /// Position of the newest change; 0 when there was none.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn change_seq(&self) -> Result<i64, StoreError> {
        let row = self.row(&CHANGE_SEQ, &[]).await?;
        row.ok_or(StoreError::Missing { what: "change counter" })?.int("value")
    }

    /// Changes after `seq`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn changes_since(&self, seq: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let rows = self.rows(&CHANGE_LIST, &[seq.into(), i64::from(limit).into()]).await?;
        rows.iter()
            .map(|row| Ok(Change { seq: row.int("seq")?, kind: row.word("kind")?, id: row.blob("id")? }))
            .collect()
    }

    /// Deletes old changes, ended sessions and lapsed set-up tokens; how many rows went.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn prune(&self, now: Timestamp, kept: Kept) -> Result<u64, StoreError> {
        let age = i64::try_from(kept.changes.as_micros()).unwrap_or(i64::MAX);
        let before = Timestamp::from_micros(now.micros().saturating_sub(age));
        let mut tx = self.write().await?;
        let mut gone = tx.execute(&CHANGE_PRUNE, &[before.into()]).await?;
        gone += tx.execute(&SESSION_PRUNE, &[now.into()]).await?;
        gone += tx.execute(&TOKEN_PRUNE, &[now.into()]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
