//! Fresh databases for tests.

use crate::durable::{Engine, Store, StoreOptions};
use sqlx::Connection as _;
use std::io::Write as _;

/// Says something that the test runner does not swallow.
pub(crate) fn announce(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error");
}

/// The server on which databases may be made; without one the test that asks is skipped aloud, or fails when
/// `PORTOLAN_TEST_REQUIRE_POSTGRES` is `1`.
pub(crate) fn postgres_or_skip(what: &str) -> Option<String> {
    let url = postgres_url();
    if url.is_none() {
        let required = std::env::var("PORTOLAN_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
        assert!(!required, "PORTOLAN_TEST_POSTGRES is required, but not set");
        announce(&format!("SKIPPED: {what}, because PORTOLAN_TEST_POSTGRES is not set"));
    }
    url
}

fn postgres_url() -> Option<String> {
    std::env::var("PORTOLAN_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// A database of its own.
pub(crate) enum Database {
    Sqlite(tempfile::TempDir),
    Postgres { server: String, name: String },
}

impl Database {
    pub(crate) async fn fresh(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::Sqlite(tempfile::tempdir().expect("folder")),
            Engine::Postgres => {
                let server = postgres_url().expect("url");
                let name = format!("contract_{:032x}", rand::random::<u128>());
                execute(&server, &format!("create database {name}")).await;
                Self::Postgres { server, name }
            }
        }
    }

    pub(crate) fn options(&self) -> StoreOptions {
        match self {
            Self::Sqlite(folder) => StoreOptions::sqlite(folder.path().join("portolan.db")),
            Self::Postgres { server, name } => {
                let (address, _) = server.rsplit_once('/').expect("url ends with a database");
                StoreOptions::postgres(format!("{address}/{name}"))
            }
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.options()).await.expect("store opens")
    }

    pub(crate) async fn remove(self) {
        if let Self::Postgres { server, name } = self {
            execute(&server, &format!("drop database {name} with (force)")).await;
        }
    }
}

async fn execute(server: &str, sql: &str) {
    let mut connection = sqlx::PgConnection::connect(server).await.expect("server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect("statement");
    connection.close().await.expect("closes");
}
