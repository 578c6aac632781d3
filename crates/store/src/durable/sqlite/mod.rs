//! What only SQLite needs: connections, migrations and checkpoints.

use super::connection::Pools;
use super::migrate::{self, Migration};
use super::{StoreError, StoreOptions};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

const MIGRATIONS: &[Migration] = migrate::migrations!(
    "sqlite": 1 "0001_foundation", 2 "0002_views", 3 "0003_presets", 4 "0004_entries", 5 "0005_generation_preset",
    6 "0006_last_use",
);

/// Pages of the write-ahead log after which a commit copies them into the file. Every copy writes a page again and flushes
/// twice; sixteen megabytes let pages that change in every batch be copied once for many batches.
const CHECKPOINT_PAGES: &str = "4096";

/// Opens the file with one writer and several readers, after bringing its schema up to date.
///
/// Normal synchronisation may lose the last commits at a power loss; the journal keeps its segments until a checkpoint has
/// flushed the file, and posts them again.
pub(super) async fn open(options: &StoreOptions) -> Result<Pools, StoreError> {
    if let Some(folder) = options.path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| StoreError::of("open", sqlx::Error::Io(source)))?;
    }
    let connect = SqliteConnectOptions::new()
        .filename(&options.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(options.statement_timeout)
        .statement_cache_capacity(256)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    let pool = |connections: u32| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.statement_timeout.saturating_mul(2))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    let writer = pool(1).connect_with(connect.clone()).await.map_err(|source| StoreError::of("open", source))?;
    apply(&writer, MIGRATIONS, options.migrate).await?;
    let readers = pool(options.connections.clamp(1, 1000)).connect_lazy_with(connect.pragma("query_only", "on"));
    Ok(Pools::Sqlite { writer, readers })
}

async fn apply(writer: &SqlitePool, known: &[Migration], may_apply: bool) -> Result<(), StoreError> {
    let refused = |source| StoreError::of("migrate", source);
    let mut tx = writer.begin_with("begin immediate").await.map_err(refused)?;
    sqlx::query(migrate::CREATE).execute(&mut *tx).await.map_err(refused)?;
    let rows = sqlx::query(migrate::APPLIED).fetch_all(&mut *tx).await.map_err(refused)?;
    let mut applied = Vec::with_capacity(rows.len());
    for row in rows {
        applied.push((row.try_get(0).map_err(refused)?, row.try_get(1).map_err(refused)?));
    }
    for migration in migrate::pending(known, &applied, may_apply)? {
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await.map_err(refused)?;
        sqlx::query(migrate::RECORD)
            .bind(migration.number)
            .bind(migration.name)
            .bind(migration.checksum())
            .execute(&mut *tx)
            .await
            .map_err(refused)?;
    }
    tx.commit().await.map_err(refused)
}

/// Moves the write-ahead log into the file and flushes; whether it was moved completely.
pub(super) async fn checkpoint(writer: &SqlitePool) -> Result<bool, StoreError> {
    let refused = |source| StoreError::of("checkpoint", source);
    let row = sqlx::query("pragma wal_checkpoint(full)").fetch_one(writer).await.map_err(refused)?;
    let busy: i64 = row.try_get(0).map_err(refused)?;
    Ok(busy == 0)
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, apply};
    use sqlx::Row as _;
    use sqlx::sqlite::SqlitePoolOptions;

    #[tokio::test]
    async fn sqlite_is_compiled_with_the_options_of_the_workspace() {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("opens");
        let rows = sqlx::query("pragma compile_options").fetch_all(&pool).await.expect("options");
        let options: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        for (option, is_wanted) in [
            ("DEFAULT_MEMSTATUS=0", true),
            ("DQS=0", true),
            ("ENABLE_MEMORY_MANAGEMENT", false),
            // Each connection has a thread of its own, and there are several.
            ("THREADSAFE=1", true),
        ] {
            assert_eq!(options.iter().any(|known| known == option), is_wanted, "{option} in {options:?}");
        }
    }

    #[tokio::test]
    async fn the_last_use_of_a_key_outlives_the_migration_that_moves_it() {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.expect("opens");
        apply(&pool, &MIGRATIONS[..5], true).await.expect("the schema as it was");
        let before = "insert into keys (id, hash, label, name, account_id, workspace_id, role, include_byok_in_limit,
                is_disabled, is_internal, created_at, last_used_at)
            values (x'01', x'01', 'l', 'n', x'09', x'09', 'inference', 0, 0, 0, 5, 77),
                (x'02', x'02', 'l', 'n', x'09', x'09', 'inference', 0, 0, 0, 5, null);
            insert into key_usage (key_id, period, period_start, charge, requests)
            values (x'01', 'total', 0, 1, 1), (x'01', 'day', 0, 1, 1)";
        sqlx::raw_sql(before).execute(&pool).await.expect("rows");
        apply(&pool, MIGRATIONS, true).await.expect("the schema as it is");
        let rows = sqlx::query("select last_used_at from key_usage where period = 'total'").fetch_all(&pool).await;
        let moved: Vec<Option<i64>> = rows.expect("reads").iter().map(|row| row.get(0)).collect();
        assert_eq!(moved, [Some(77)]);
    }
}
