//! What only PostgreSQL needs: connections and migrations.

use super::connection::Pools;
use super::migrate::{self, Migration};
use super::{StoreError, StoreOptions};
use sqlx::Row as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr as _;

const MIGRATIONS: &[Migration] = migrate::migrations!(
    "postgres": 1 "0001_foundation", 2 "0002_views", 3 "0003_presets", 4 "0004_entries", 5 "0005_generation_preset",
    6 "0006_last_use",
);

/// Opens a pool, after bringing the schema up to date.
pub(super) async fn open(url: &str, options: &StoreOptions) -> Result<Pools, StoreError> {
    // The driver's error is left out: it may repeat the address, which holds the password.
    let connect = PgConnectOptions::from_str(url)
        .ok()
        .ok_or_else(|| StoreError::Options { reason: "the database url cannot be read".to_owned() })?
        .application_name("portolan")
        .options([("statement_timeout", options.statement_timeout.as_millis().to_string())]);
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.clamp(1, 1000))
        .acquire_timeout(options.statement_timeout)
        .connect_with(connect)
        .await
        .map_err(|source| StoreError::of("open", source))?;
    apply(&pool, options.migrate).await?;
    Ok(Pools::Postgres(pool))
}

async fn apply(pool: &PgPool, may_apply: bool) -> Result<(), StoreError> {
    let refused = |source| StoreError::of("migrate", source);
    let mut tx = pool.begin().await.map_err(refused)?;
    // Two servers that start together must not both apply; the number is arbitrary.
    sqlx::query("select pg_advisory_xact_lock(7080111)").execute(&mut *tx).await.map_err(refused)?;
    sqlx::query(migrate::CREATE).execute(&mut *tx).await.map_err(refused)?;
    let rows = sqlx::query(migrate::APPLIED).fetch_all(&mut *tx).await.map_err(refused)?;
    let mut applied = Vec::with_capacity(rows.len());
    for row in rows {
        applied.push((row.try_get(0).map_err(refused)?, row.try_get(1).map_err(refused)?));
    }
    for migration in migrate::pending(MIGRATIONS, &applied, may_apply)? {
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
