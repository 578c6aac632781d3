//! The database: accounts, keys, the ledger, generations and settings, on SQLite or PostgreSQL behind one [`Store`].
//!
//! Columns are 64-bit integers, text or bytes on both engines, so that one SQL text serves both. The folders `sqlite` and
//! `postgres` hold only how to connect. Money changes only in `grant` and `settle`, each in one idempotent transaction.
//! Nothing in the path of a request calls this module.

mod account;
mod activity;
mod catalog;
mod change;
mod connection;
mod console;
mod error;
mod generation;
mod grant;
mod json;
mod key;
mod migrate;
mod postgres;
mod preset;
mod preset_read;
mod repeat;
mod routing;
mod rules;
mod settle;
mod snapshot;
mod sqlite;
pub mod statement;
mod upstream;
mod value;
mod verify;

pub use account::{Account, NewAccount};
pub use activity::{ActivityFilter, ActivityRow, Grain, Popularity, RollupSums};
pub use catalog::{CatalogEntry, NewCatalogEntry};
pub use change::{Change, ChangeKind, Kept};
pub use console::{NewSession, NewSetupToken, Session, SetupToken, User};
pub use error::StoreError;
pub use generation::GenerationCursor;
pub use grant::{Grant, GrantOutcome};
pub use key::{KeyFilter, KeyPatch, KeyState, NewKey};
pub use preset::{NewPresetVersion, PresetLimits, PresetPatch, PresetPut};
pub use preset_read::{Preset, PresetStatus, PresetVersion};
pub use routing::{RoutingScope, RoutingSettings};
pub use rules::{ActivePreset, StoredRules};
pub use settle::{NodeId, Settled, Stretch};
pub use snapshot::{AccountState, Snapshot};
pub use upstream::Upstream;
pub use verify::{Check, VerifyReport};

use connection::{Pools, Tx};
use statement::{Counts, Statement};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use value::{Row, Value};

/// Which database is behind a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// An embedded file.
    Sqlite,
    /// A server.
    Postgres,
}

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `postgres://…`; none means the SQLite file at `path`.
    pub url: Option<String>,
    /// The SQLite file; its folder is made when missing.
    pub path: PathBuf,
    /// Connections that read (SQLite) or do everything (PostgreSQL), 1 to 1 000.
    pub connections: u32,
    /// Longest time for one statement, and for the wait for a connection.
    pub statement_timeout: Duration,
    /// Whether missing migrations are applied; otherwise a store that lacks one is refused.
    pub migrate: bool,
}

impl StoreOptions {
    /// Options for a SQLite file, with the default limits: four readers, five seconds.
    #[must_use]
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self { url: None, path: path.into(), connections: 4, statement_timeout: Duration::from_secs(5), migrate: true }
    }

    /// Options for a PostgreSQL server, with the default limits: ten connections, five seconds.
    #[must_use]
    pub fn postgres(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), connections: 10, ..Self::sqlite(PathBuf::new()) }
    }
}

/// The database. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    pools: Arc<Pools>,
    counts: Arc<Counts>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Store").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached, [`StoreError::Migration`] when its schema is newer than this
    /// program or was changed by hand, [`StoreError::Options`] for an address that cannot be read.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let pools = match &options.url {
            None => sqlite::open(options).await?,
            Some(url) => postgres::open(url, options).await?,
        };
        Ok(Self { pools: Arc::new(pools), counts: Arc::default() })
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Closes every connection; running statements finish.
    pub async fn close(&self) {
        match &*self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    /// How many statements this store has executed since it was opened; a bulk write counts once.
    #[must_use]
    pub fn statements_executed(&self) -> u64 {
        self.counts.total()
    }

    /// The same by statement name.
    #[must_use]
    pub fn statements_by_name(&self) -> BTreeMap<&'static str, u64> {
        self.counts.by_name()
    }

    /// Makes everything that was committed survive a power loss, so that journal segments may be deleted.
    ///
    /// SQLite copies its write-ahead log into the database file and flushes both; PostgreSQL has flushed at every commit.
    /// Returns `false` when readers kept SQLite from finishing; the caller tries again later.
    ///
    /// # Errors
    /// [`StoreError`] when the engine refuses.
    pub async fn checkpoint(&self) -> Result<bool, StoreError> {
        match &*self.pools {
            Pools::Sqlite { writer, .. } => sqlite::checkpoint(writer).await,
            Pools::Postgres(_) => Ok(true),
        }
    }

    async fn write(&self) -> Result<Tx, StoreError> {
        Tx::write(&self.pools, Arc::clone(&self.counts)).await
    }

    async fn read(&self) -> Result<Tx, StoreError> {
        Tx::read(&self.pools, Arc::clone(&self.counts)).await
    }

    async fn rows(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        connection::read_rows(&self.pools, &self.counts, statement, values).await
    }

    async fn row(&self, statement: &Statement, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement, values).await?.into_iter().next())
    }
}
