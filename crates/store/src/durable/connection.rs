//! The two-armed dispatch: transactions and reads of either engine through the same few calls.

use super::StoreError;
use super::repeat;
use super::statement::{Counts, Statement};
use super::value::{Cells, Row, Value};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, Postgres, SqlSafeStr, Sqlite, Transaction};
use std::borrow::Cow;
use std::sync::Arc;

/// A query of SQLite with its `count` values. Its thread keeps them, so owned ones are moved there and others copied once.
fn sqlite<'q, 'v>(
    name: &'static str,
    sql: impl SqlSafeStr,
    count: usize,
    values: impl IntoIterator<Item = Value<'v>>,
) -> Result<Query<'q, Sqlite, SqliteArguments>, StoreError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(count, 0);
    let added = values.into_iter().try_for_each(|value| match value {
        Value::Int(value) => arguments.add(value),
        Value::Text(Some(Cow::Borrowed(text))) => arguments.add(Arc::<str>::from(text)),
        Value::Text(value) => arguments.add(value.map(Cow::into_owned)),
        Value::Blob(value) => arguments.add(value.map(Cow::into_owned)),
    });
    added.map_err(|source| StoreError::of(name, sqlx::Error::Encode(source)))?;
    Ok(sqlx::query_with(sql, arguments))
}

/// A query of PostgreSQL with its values.
fn postgres<'q>(statement: &Statement, values: &[Value<'_>]) -> Result<Query<'q, Postgres, PgArguments>, StoreError> {
    let mut arguments = PgArguments::default();
    let added = values.iter().try_for_each(|value| match value {
        Value::Int(value) => arguments.add(*value),
        Value::Text(value) => arguments.add(value.as_deref()),
        Value::Blob(value) => arguments.add(value.as_deref()),
    });
    added.map_err(|source| StoreError::of(statement.name, sqlx::Error::Encode(source)))?;
    Ok(sqlx::query_with(statement.postgres, arguments))
}

/// Pools of one engine.
pub(crate) enum Pools {
    /// One writer connection, several readers.
    Sqlite { writer: sqlx::SqlitePool, readers: sqlx::SqlitePool },
    /// One pool for everything.
    Postgres(sqlx::PgPool),
}

/// A transaction. Rolls back when dropped.
pub(crate) struct Tx {
    engine: TxEngine,
    counts: Arc<Counts>,
}

enum TxEngine {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Begins a transaction that may write. SQLite takes its write lock at once, so that it can never fail half-way.
    pub(super) async fn write(pools: &Pools, counts: Arc<Counts>) -> Result<Self, StoreError> {
        let begun = match pools {
            Pools::Sqlite { writer, .. } => writer.begin_with("begin immediate").await.map(TxEngine::Sqlite),
            Pools::Postgres(pool) => pool.begin().await.map(TxEngine::Postgres),
        };
        begun.map(|engine| Self { engine, counts }).map_err(|source| StoreError::of("begin", source))
    }

    /// Begins a transaction that sees one moment of the database and writes nothing.
    pub(super) async fn read(pools: &Pools, counts: Arc<Counts>) -> Result<Self, StoreError> {
        let begun = match pools {
            Pools::Sqlite { readers, .. } => readers.begin_with("begin deferred").await.map(TxEngine::Sqlite),
            Pools::Postgres(pool) => {
                pool.begin_with("begin isolation level repeatable read read only").await.map(TxEngine::Postgres)
            }
        };
        begun.map(|engine| Self { engine, counts }).map_err(|source| StoreError::of("begin", source))
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        let committed = match self.engine {
            TxEngine::Sqlite(tx) => tx.commit().await,
            TxEngine::Postgres(tx) => tx.commit().await,
        };
        committed.map_err(|source| StoreError::of("commit", source))
    }

    /// Executes a text that is not in the register.
    #[cfg(test)]
    pub(super) async fn raw(&mut self, sql: &'static str) -> Result<u64, StoreError> {
        let done = match &mut self.engine {
            TxEngine::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|done| done.rows_affected()),
            TxEngine::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(|done| done.rows_affected()),
        };
        done.map_err(|source| StoreError::of("raw", source))
    }

    /// Executes a statement; the number of affected rows.
    pub(super) async fn execute(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, StoreError> {
        self.counts.record(statement);
        let done = match &mut self.engine {
            TxEngine::Sqlite(tx) => sqlite(statement.name, statement.sqlite, values.len(), values.iter().cloned())?
                .execute(&mut **tx)
                .await
                .map(|done| done.rows_affected()),
            TxEngine::Postgres(tx) => {
                postgres(statement, values)?.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|source| StoreError::of(statement.name, source))
    }

    pub(super) async fn rows(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
        self.counts.record(statement);
        let rows = match &mut self.engine {
            TxEngine::Sqlite(tx) => sqlite_rows(
                statement.name,
                sqlite(statement.name, statement.sqlite, values.len(), values.iter().cloned())?
                    .fetch_all(&mut **tx)
                    .await,
            ),
            TxEngine::Postgres(tx) => {
                postgres_rows(statement.name, postgres(statement, values)?.fetch_all(&mut **tx).await)
            }
        };
        rows.map_err(|source| StoreError::of(statement.name, source))
    }

    pub(super) async fn row(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement, values).await?.into_iter().next())
    }

    /// Writes many rows of the same shape; how many were affected. As [`Tx::bulk`], without the way back of rows.
    pub(super) async fn bulk_execute(
        &mut self,
        statement: &Statement,
        rows: Vec<Vec<Value<'_>>>,
    ) -> Result<u64, StoreError> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.counts.record(statement);
        let mut affected = 0;
        match &mut self.engine {
            TxEngine::Sqlite(tx) => {
                let mut parts = Parts::of(statement, rows);
                while let Some(part) = parts.take() {
                    let done = part?.execute(&mut **tx).await;
                    affected += done.map_err(|source| StoreError::of(statement.name, source))?.rows_affected();
                }
            }
            TxEngine::Postgres(tx) => {
                let done = arrays(statement, &rows).execute(&mut **tx).await;
                affected = done.map_err(|source| StoreError::of(statement.name, source))?.rows_affected();
            }
        }
        Ok(affected)
    }

    /// Writes many rows of the same shape; the rows that the statement returns.
    ///
    /// SQLite gets the single-row statement widened to a few rows at a time; PostgreSQL gets one array per column in a
    /// single round trip.
    pub(super) async fn bulk(
        &mut self,
        statement: &Statement,
        rows: Vec<Vec<Value<'_>>>,
    ) -> Result<Vec<Row>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.counts.record(statement);
        let returned = match &mut self.engine {
            TxEngine::Sqlite(tx) => {
                let mut returned = Vec::new();
                let mut parts = Parts::of(statement, rows);
                while let Some(part) = parts.take() {
                    match sqlite_rows(statement.name, part?.fetch_all(&mut **tx).await) {
                        Ok(some) => returned.extend(some),
                        Err(source) => return Err(StoreError::of(statement.name, source)),
                    }
                }
                Ok(returned)
            }
            TxEngine::Postgres(tx) => {
                postgres_rows(statement.name, arrays(statement, &rows).fetch_all(&mut **tx).await)
            }
        };
        returned.map_err(|source| StoreError::of(statement.name, source))
    }
}

/// The rows of a bulk write for SQLite, as many at a time as one execution takes.
struct Parts<'s, 'v> {
    statement: &'s Statement,
    rows: std::vec::IntoIter<Vec<Value<'v>>>,
    width: usize,
    most: usize,
}

impl<'s, 'v> Parts<'s, 'v> {
    fn of(statement: &'s Statement, rows: Vec<Vec<Value<'v>>>) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        Self { statement, width, most: repeat::rows_max(statement.sqlite, width), rows: rows.into_iter() }
    }

    /// The next execution; none when every row is written.
    fn take<'q>(&mut self) -> Option<Result<Query<'q, Sqlite, SqliteArguments>, StoreError>> {
        let count = repeat::rows_at_once(self.rows.len(), self.most)?;
        let text = sqlx::AssertSqlSafe(repeat::widened(self.statement, count));
        Some(sqlite(self.statement.name, text, count * self.width, self.rows.by_ref().take(count).flatten()))
    }
}

/// A bulk write for PostgreSQL: one array per column.
fn arrays<'q>(statement: &Statement, rows: &'q [Vec<Value<'_>>]) -> Query<'q, Postgres, PgArguments> {
    let mut query = sqlx::query::<Postgres>(statement.postgres);
    for column in columns(rows) {
        query = match column {
            Column::Int(values) => query.bind(values),
            Column::Text(values) => query.bind(values),
            Column::Blob(values) => query.bind(values),
        };
    }
    query
}

/// Reads outside a transaction.
pub(super) async fn read_rows(
    pools: &Pools,
    counts: &Counts,
    statement: &Statement,
    values: &[Value<'_>],
) -> Result<Vec<Row>, StoreError> {
    counts.record(statement);
    let rows = match pools {
        Pools::Sqlite { readers, .. } => sqlite_rows(
            statement.name,
            sqlite(statement.name, statement.sqlite, values.len(), values.iter().cloned())?.fetch_all(readers).await,
        ),
        Pools::Postgres(pool) => postgres_rows(statement.name, postgres(statement, values)?.fetch_all(pool).await),
    };
    rows.map_err(|source| StoreError::of(statement.name, source))
}

type Fetched<T> = Result<Vec<T>, sqlx::Error>;

fn sqlite_rows(statement: &'static str, rows: Fetched<sqlx::sqlite::SqliteRow>) -> Fetched<Row> {
    Ok(rows?.into_iter().map(|row| Row { statement, cells: Cells::Sqlite(row) }).collect())
}

fn postgres_rows(statement: &'static str, rows: Fetched<sqlx::postgres::PgRow>) -> Fetched<Row> {
    Ok(rows?.into_iter().map(|row| Row { statement, cells: Cells::Postgres(row) }).collect())
}

/// One column of a bulk write, as an array.
enum Column<'a> {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<&'a str>>),
    Blob(Vec<Option<&'a [u8]>>),
}

fn columns<'a>(rows: &'a [Vec<Value<'_>>]) -> Vec<Column<'a>> {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns: Vec<Column<'a>> = Vec::with_capacity(width);
    for row in rows {
        for (place, value) in row.iter().enumerate() {
            if columns.len() <= place {
                columns.push(match value {
                    Value::Int(_) => Column::Int(Vec::with_capacity(rows.len())),
                    Value::Text(_) => Column::Text(Vec::with_capacity(rows.len())),
                    Value::Blob(_) => Column::Blob(Vec::with_capacity(rows.len())),
                });
            }
            match (columns.get_mut(place), value) {
                (Some(Column::Int(values)), Value::Int(value)) => values.push(*value),
                (Some(Column::Text(values)), Value::Text(value)) => values.push(value.as_ref().map(Cow::as_ref)),
                (Some(Column::Blob(values)), Value::Blob(value)) => values.push(value.as_ref().map(Cow::as_ref)),
                // Rows of one bulk write are built by one function; arrays of unequal length would be refused by the engine.
                _ => {}
            }
        }
    }
    columns
}
