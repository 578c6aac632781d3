//! [`Drainer`]: moves settlements from the journal into the store.
//!
//! Every batch says up to where the store must have posted before, so a store that lost its last seconds refuses it and is
//! given them again; a batch whose acknowledgement was lost is sent again, and the store counts each settlement once.

use super::read::{Batch, Cursor};
use super::{Interrupted, Journal, JournalError};
use crate::durable::{NodeId, Settled, Store, StoreError, Stretch};
use domain::generation::Settlement;
use domain::time::Timestamp;
use std::future::Future;
use std::sync::Arc;

/// Most settlements of one batch.
pub const BATCH_MAX: usize = 512;

/// Where settlements are posted; the store, or one with faults in tests.
pub trait Sink: Send + Sync {
    /// As [`Store::settle_batch`].
    fn settle(
        &self,
        node: NodeId,
        boot: i64,
        batch: &[(u64, Arc<Settlement>)],
        stretch: Stretch,
        at: Timestamp,
    ) -> impl Future<Output = Result<Settled, StoreError>> + Send;

    /// As [`Store::drained_position`].
    fn position(&self, node: NodeId) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// As [`Store::checkpoint`].
    fn checkpoint(&self) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

impl Sink for Store {
    async fn settle(
        &self,
        node: NodeId,
        boot: i64,
        batch: &[(u64, Arc<Settlement>)],
        stretch: Stretch,
        at: Timestamp,
    ) -> Result<Settled, StoreError> {
        self.settle_batch(node, boot, batch, stretch, at).await
    }

    async fn position(&self, node: NodeId) -> Result<u64, StoreError> {
        self.drained_position(node).await
    }

    async fn checkpoint(&self) -> Result<bool, StoreError> {
        Self::checkpoint(self).await
    }
}

/// Why a batch was not posted.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The journal could not be read, or does not fit the store.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store refused or was away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The reading task was cancelled, at shutdown.
    #[error("reading the journal was cancelled")]
    Cancelled,
}

impl DrainError {
    /// Whether the same call may succeed later without any change.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            // The next call goes on from where the store is.
            Self::Store(StoreError::Lagging { .. }) => true,
            Self::Store(error) => error.is_retryable(),
            _ => false,
        }
    }
}

/// Posts the settlements of one journal. One per node; calls do not overlap because they take `&mut self`.
pub struct Drainer<S = Store> {
    journal: Arc<Journal>,
    store: S,
    node: NodeId,
    boot: i64,
    cursor: Cursor,
    position: u64,
    /// A defect that tests switch on: interrupted generations are forgotten at a restart.
    #[cfg(any(test, feature = "seeded-bugs"))]
    pub forget_interrupted: bool,
    /// For a defect, once recovery is over: whether the last acknowledgement was lost.
    #[cfg(feature = "seeded-bugs")]
    is_deaf: Option<bool>,
}

impl<S: Sink> Drainer<S> {
    /// Makes a drainer; `boot` is what [`Store::node_boot`] gave at this start.
    #[must_use]
    pub fn new(journal: Arc<Journal>, store: S, node: NodeId, boot: i64) -> Self {
        Self {
            journal,
            store,
            node,
            boot,
            cursor: Cursor::before(1),
            position: 0,
            #[cfg(any(test, feature = "seeded-bugs"))]
            forget_interrupted: false,
            #[cfg(feature = "seeded-bugs")]
            is_deaf: None,
        }
    }

    /// Settles what a stop of the process cut off, then posts everything. To be finished before anything is admitted.
    ///
    /// May itself be cut off at any point: what has been settled is in the journal, the rest is found again.
    ///
    /// # Errors
    /// [`DrainError`]; call it again on a newly opened journal.
    pub async fn recover(&mut self, interrupted: Vec<Interrupted>, at: Timestamp) -> Result<usize, DrainError> {
        #[cfg(any(test, feature = "seeded-bugs"))]
        let interrupted = if self.forget_interrupted { Vec::new() } else { interrupted };
        for Interrupted { opening, delivered_tokens } in interrupted {
            let journal = Arc::clone(&self.journal);
            let settlement = Settlement::interrupted(opening, delivered_tokens, at);
            blocking(move || journal.close_shared(&Arc::new(settlement))).await?;
        }
        let posted = self.drain_all(at).await?;
        #[cfg(feature = "seeded-bugs")]
        {
            self.is_deaf = Some(false);
        }
        Ok(posted)
    }

    /// Flushes the journal and posts everything in it; how many settlements were posted.
    ///
    /// # Errors
    /// [`DrainError`]; what was posted before stays posted.
    pub async fn drain_all(&mut self, at: Timestamp) -> Result<usize, DrainError> {
        let journal = Arc::clone(&self.journal);
        blocking(move || journal.flush()).await?;
        // Nothing new may be left to post, and then no batch would notice a store that lost what it had.
        self.position = 0;
        let mut posted = 0;
        loop {
            let (settled, is_last) = self.step(at).await?;
            posted += settled.posted;
            if is_last {
                return Ok(posted);
            }
        }
    }

    /// Posts one batch of flushed settlements; how many were posted. Zero means that there was nothing new.
    ///
    /// # Errors
    /// [`DrainError`]; a retryable one leaves the batch for the next call.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a posted batch that the next call sends again, without effect.
    pub async fn drain_once(&mut self, at: Timestamp) -> Result<usize, DrainError> {
        let is_idle =
            || self.journal.shared.closes_at_hand(self.cursor, 1).is_some_and(|batch| batch.closes.is_empty());
        if self.position > 0 && is_idle() {
            // A node at rest asks its database for nothing, not even where it stands.
            return Ok(0);
        }
        Ok(self.step(at).await?.0.posted)
    }

    async fn step(&mut self, at: Timestamp) -> Result<(Settled, bool), DrainError> {
        if self.position == 0 {
            let position = self.store.position(self.node).await?;
            self.resume(position)?;
        }
        match self.post(at).await {
            // A store that lost what it had: once more, from where it is.
            Err(DrainError::Store(StoreError::Lagging { drained })) => {
                self.resume(drained)?;
                self.post(at).await
            }
            outcome => outcome,
        }
    }

    /// Goes on behind what the store has posted.
    fn resume(&mut self, position: u64) -> Result<(), DrainError> {
        let last = self.journal.shared.last_seq();
        if position > last {
            return Err(JournalError::Behind { drained: position, last }.into());
        }
        self.cursor = Cursor::before(position + 1);
        self.position = position;
        Ok(())
    }

    async fn post(&mut self, at: Timestamp) -> Result<(Settled, bool), DrainError> {
        let Batch { closes, cursor } = self.next_batch().await?;
        if closes.is_empty() {
            self.cursor = cursor;
            return Ok((Settled::default(), true));
        }
        let up_to = cursor.last_seq();
        let stretch = Stretch { after: self.position, up_to };
        let settled = self.store.settle(self.node, self.boot, &closes, stretch, at).await?;
        #[cfg(feature = "seeded-bugs")]
        self.lose_acknowledgement(up_to)?;
        // Only now: a batch that failed is read again.
        self.cursor = cursor;
        self.position = up_to;
        self.journal.shared.forget(up_to);
        self.release(up_to).await?;
        Ok((settled, closes.len() < BATCH_MAX))
    }

    /// From memory; from the files after a restart, after an outage that memory did not hold, or when the store fell back.
    async fn next_batch(&self) -> Result<Batch, DrainError> {
        let cursor = self.cursor;
        if let Some(batch) = self.journal.shared.closes_at_hand(cursor, BATCH_MAX) {
            return Ok(batch);
        }
        let journal = Arc::clone(&self.journal);
        blocking(move || journal.shared.read_closes(cursor, BATCH_MAX)).await
    }

    /// A defect: the store's answer to every other batch is lost.
    #[cfg(feature = "seeded-bugs")]
    fn lose_acknowledgement(&mut self, up_to: u64) -> Result<(), DrainError> {
        use crate::seeded::{Bug, is};
        self.is_deaf = self.is_deaf.map(|is_deaf| is(Bug::SkipDedup) && !is_deaf);
        if self.is_deaf != Some(true) {
            return Ok(());
        }
        tracing::warn!(up_to, "seeded defect: the acknowledgement is lost");
        Err(StoreError::Unavailable { statement: "seeded defect", source: sqlx::Error::WorkerCrashed }.into())
    }

    /// Deletes segments that are posted, once the store would keep that over a power loss.
    async fn release(&self, drained: u64) -> Result<(), DrainError> {
        if self.journal.shared.releasable(drained).is_none() || !self.store.checkpoint().await? {
            return Ok(());
        }
        let journal = Arc::clone(&self.journal);
        blocking(move || journal.shared.release(drained)).await?;
        Ok(())
    }
}

/// Runs disk work where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, DrainError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(_cancelled) => Err(DrainError::Cancelled),
    }
}
