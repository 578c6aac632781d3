//! Posting settlements: the one transaction of the drain.
//!
//! A batch writes entries, generation rows, lots, sums, key usage and rollups together with the node's drained position.
//! Everything but the entries is changed only for settlements whose entries were really inserted, so a batch that is sent
//! twice, or whose acknowledgement was lost, counts once. A batch of an earlier start of the node is refused.

pub(super) mod bulk;
pub(super) mod lots;
mod tally;

use super::connection::Tx;
use super::grant::key_columns;
use super::statement::statements;
use super::value::Value;
use super::{Store, StoreError, generation};
use domain::generation::Settlement;
use domain::id::AccountId;
use domain::ledger::{Book, EntryKey, usage_entries};
use domain::money::{Amount, Overflow};
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;
use tally::Tally;

statements! {
    NODE_BOOT = "insert into nodes (id, boot, drained, updated_at)
        values ($1, 1, 0, $2)
        on conflict (id) do update
        set boot = nodes.boot + 1, updated_at = excluded.updated_at
        returning boot";
    NODE_ADVANCE = "update nodes
        set drained = case when drained < $3 then $3 else drained end, updated_at = $4
        where id = $1 and boot = $2 and drained >= $5";
    NODE_POSITION = "select boot, drained from nodes where id = $1";
    ACCOUNT_POST = "update accounts set posted = posted + $2 where id = $1";
    ACCOUNT_RECOVER = "insert into accounts (id, name, is_demo, workspace_id, granted, bought, posted, created_at)
        values ($1, 'recovered', 0, $2, 0, 0, $3, $4)";
}

/// Names a data directory's journal: sixteen random bytes, made with the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub [u8; 16]);

/// The records of a journal that a batch of settlements covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Sequence of the record before them: everything up to it has been posted.
    pub after: u64,
    /// Sequence of the last of them.
    pub up_to: u64,
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Settlements that were posted now.
    pub posted: usize,
    /// Settlements that had been posted before.
    pub duplicates: usize,
}

impl Store {
    /// Starts a node: raises and returns its generation number; batches of earlier numbers are refused from now on.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn node_boot(&self, node: NodeId, at: Timestamp) -> Result<i64, StoreError> {
        let mut tx = self.write().await?;
        let row = tx.row(&NODE_BOOT, &[node.0.as_slice().into(), at.into()]).await?;
        let boot = row.ok_or(StoreError::Missing { what: "node" })?.int("boot")?;
        tx.commit().await?;
        Ok(boot)
    }

    /// The journal sequence up to which everything of a node is posted; 0 for an unknown node.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses.
    pub async fn drained_position(&self, node: NodeId) -> Result<u64, StoreError> {
        match self.row(&NODE_POSITION, &[node.0.as_slice().into()]).await? {
            Some(row) => row.count("drained"),
            None => Ok(0),
        }
    }

    /// Posts a batch of settlements and moves the node's position to the end of its stretch, in one transaction.
    ///
    /// Idempotent: settlements that were posted before are skipped, the position never moves back. After
    /// [`StoreError::Unavailable`] the outcome is unknown and the same batch is sent again. `at` is the time of the batch.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when a newer start of the node has taken over, [`StoreError::Lagging`] when the database has
    /// not, or no longer, what was before the stretch, [`StoreError::Range`] when a sum overflows.
    ///
    /// # Cancel safety
    /// Dropping the future rolls back or leaves a committed batch; sending it again is right in both cases.
    pub async fn settle_batch(
        &self,
        node: NodeId,
        boot: i64,
        batch: &[(u64, Arc<Settlement>)],
        stretch: Stretch,
        at: Timestamp,
    ) -> Result<Settled, StoreError> {
        let rows = entry_rows(batch)?;
        let wanted = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let mut tx = self.advance(node, boot, stretch, at).await?;
        let all: Vec<&Settlement> = batch.iter().map(|(_, settlement)| &**settlement).collect();
        // Nearly always every settlement is new, and then their number says so.
        let new = if tx.bulk_execute(&bulk::ENTRY_ADD, rows).await? == wanted {
            all
        } else {
            drop(tx);
            tx = self.advance(node, boot, stretch, at).await?;
            insert_new_entries(&mut tx, entry_rows(batch)?, all).await?
        };
        if !new.is_empty() {
            generation::insert(&mut tx, &new).await?;
            let tally = Tally::of(&new)?;
            post_accounts(&mut tx, &tally, at).await?;
            tally.write(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(Settled { posted: new.len(), duplicates: batch.len() - new.len() })
    }

    /// Begins the transaction of a batch by moving the node's position, which locks the node's row.
    async fn advance(&self, node: NodeId, boot: i64, stretch: Stretch, at: Timestamp) -> Result<Tx, StoreError> {
        let mut tx = self.write().await?;
        let node = node.0.as_slice();
        let advance = [node.into(), boot.into(), stretch.up_to.into(), at.into(), stretch.after.into()];
        if tx.execute(&NODE_ADVANCE, &advance).await? > 0 {
            return Ok(tx);
        }
        match tx.row(&NODE_POSITION, &[node.into()]).await? {
            Some(row) if row.int("boot")? == boot => Err(StoreError::Lagging { drained: row.count("drained")? }),
            _ => Err(StoreError::Fenced { boot }),
        }
    }
}

/// The key of a generation's charge. Line 0 is the sum of its cost lines.
fn entry_key(settlement: &Settlement) -> EntryKey {
    EntryKey::Generation { id: settlement.opening.id, attempt: settlement.opening.attempt, line: 0 }
}

/// Both sides of every charge.
fn entry_rows(batch: &[(u64, Arc<Settlement>)]) -> Result<Vec<Vec<Value<'static>>>, StoreError> {
    let mut rows = Vec::with_capacity(batch.len() * 2);
    for (_, settlement) in batch {
        let opening = &settlement.opening;
        let entries = usage_entries(
            entry_key(settlement),
            opening.account,
            settlement.kind,
            settlement.charge,
            settlement.ended_at,
        )
        .map_err(|Overflow| StoreError::Range)?;
        for entry in entries {
            let (source, attempt, line) = key_columns(entry.key);
            rows.push(vec![
                Value::Blob(Some(source.into())),
                attempt.into(),
                line.into(),
                entry.book.as_str().into(),
                entry.account.into(),
                entry.kind.as_str().into(),
                entry.amount.into(),
                entry.at.into(),
            ]);
        }
    }
    Ok(rows)
}

/// Inserts what is missing; of the settlements those that were not there before, each once.
async fn insert_new_entries<'a>(
    tx: &mut Tx,
    rows: Vec<Vec<Value<'_>>>,
    all: Vec<&'a Settlement>,
) -> Result<Vec<&'a Settlement>, StoreError> {
    let mut inserted = BTreeSet::new();
    for row in tx.bulk(&bulk::ENTRY_INSERT, rows).await? {
        if row.text("book")? == Book::Credit.as_str() {
            inserted.insert(row.blob("source_id")?);
        }
    }
    #[cfg(feature = "seeded-bugs")]
    if crate::seeded::is(crate::seeded::Bug::SkipDedup) {
        return Ok(all);
    }
    // Removing makes a settlement that stands twice in the batch count once, as its entries do.
    let mut is_new = |settlement: &&Settlement| inserted.remove(settlement.opening.id.as_bytes().as_slice());
    Ok(all.into_iter().filter(|settlement| is_new(settlement)).collect())
}

/// One update per account, in order of ids so that two nodes cannot deadlock, then its lots under that row's lock.
async fn post_accounts(tx: &mut Tx, tally: &Tally<'_>, at: Timestamp) -> Result<(), StoreError> {
    for (account, charge) in &tally.accounts {
        if tx.execute(&ACCOUNT_POST, &[(*account).into(), (*charge).into()]).await? == 0 {
            recover_account(tx, *account, *charge, at).await?;
        }
        lots::consume(tx, *account, *charge).await?;
    }
    Ok(())
}

/// A store that was restored from an old copy may lack the account of a settlement that the journal still holds. The charge
/// is kept on an account of that id, visibly named, rather than lost or blocking every later settlement.
async fn recover_account(tx: &mut Tx, account: AccountId, charge: Amount, at: Timestamp) -> Result<(), StoreError> {
    tracing::error!(account = %account, "a settlement names an account that the database does not have; it was made again");
    let workspace: &[u8] = account.as_bytes();
    tx.execute(&ACCOUNT_RECOVER, &[account.into(), workspace.into(), charge.into(), at.into()]).await?;
    Ok(())
}
