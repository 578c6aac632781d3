//! A document from a file or an address, into the store.

use super::{ImportOrder, import_catalog};
use crate::config::Config;
use crate::wiring::{build_catalog, store_options};
use domain::catalog::import::ImportFormat;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use store::Store;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Place {
    folder: TempDir,
    config: Config,
    store: Store,
}

async fn place() -> Place {
    let folder = tempfile::tempdir().expect("folder");
    let config = Config::parse("", None, folder.path(), &BTreeMap::new()).expect("defaults");
    let store = Store::open(&store_options(&config)).await.expect("store");
    Place { folder, config, store }
}

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T10:00:00Z").expect("moment")
}

/// A list with one new model at `prompt` USD per token.
fn list(prompt: &str) -> String {
    format!(
        r#"{{"data": [{{"id": "acme/nova", "context_length": 1000, "pricing": {{"prompt": "{prompt}", "completion": "{prompt}"}}}}]}}"#
    )
}

fn order(from: &Path) -> ImportOrder {
    ImportOrder { from: from.display().to_string(), format: ImportFormat::OpenRouter, force: false, dry_run: false }
}

impl Place {
    async fn import(&self, document: &str, change: impl FnOnce(&mut ImportOrder), second: u64) -> (usize, usize) {
        let path = self.folder.path().join("list.json");
        std::fs::write(&path, document).expect("written");
        let mut order = order(&path);
        change(&mut order);
        let at = now().plus(std::time::Duration::from_secs(second));
        let outcome = import_catalog(&self.config, &self.store, &order, at).await.expect("import");
        (outcome.diff.documents.len(), outcome.diff.refused.len())
    }

    async fn prompt(&self) -> Option<String> {
        let at = now().plus(std::time::Duration::from_secs(3600));
        let catalog = build_catalog(&self.config, &self.store, None, at).await.expect("catalogue");
        catalog.model("acme/nova").map(|model| model.endpoints[0].price.prompt.to_usd_per_million())
    }
}

#[tokio::test]
async fn an_import_is_stored_once_and_a_dry_run_never() {
    let place = place().await;
    assert_eq!(place.import(&list("1e-6"), |order| order.dry_run = true, 0).await, (1, 0));
    assert_eq!(place.prompt().await, None);
    assert_eq!(place.import(&list("1e-6"), |_| {}, 1).await, (1, 0));
    assert_eq!(place.prompt().await.as_deref(), Some("1"));
    assert_eq!(place.import(&list("1e-6"), |_| {}, 2).await, (0, 0));
    // There and back within a day: three versions, the last one holds.
    assert_eq!(place.import(&list("2e-6"), |_| {}, 3).await, (1, 0));
    assert_eq!(place.import(&list("1e-6"), |_| {}, 4).await, (1, 0));
    assert_eq!(place.prompt().await.as_deref(), Some("1"));
    assert_eq!(place.store.catalog_history("acme/nova").await.expect("history").len(), 3);
}

#[tokio::test]
async fn outliers_are_stored_only_by_force() {
    let place = place().await;
    place.import(&list("1e-6"), |_| {}, 0).await;
    assert_eq!(place.import(&list("0.0011"), |_| {}, 1).await, (0, 2));
    assert_eq!(place.prompt().await.as_deref(), Some("1"));
    assert_eq!(place.import(&list("0.0011"), |order| order.force = true, 2).await, (1, 0));
    assert_eq!(place.prompt().await.as_deref(), Some("1100"));
}

/// Answers one request with `response` and returns the address to ask.
async fn serve_once(response: Vec<u8>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("http://{}/models", listener.local_addr().expect("address"));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("connection");
        let mut head = [0; 4096];
        let _read = stream.read(&mut head).await;
        // A client that has read enough closes early.
        let _sent = stream.write_all(&response).await;
        let _closed = stream.shutdown().await;
    });
    url
}

fn response(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn an_address_is_read_like_a_file_and_failures_are_named() {
    let mut place = place().await;
    place.config.file.catalog.import_bytes = 4096;
    let url = serve_once(response("200 OK", &list("3e-6"))).await;
    place.import("", |order| order.from = url, 0).await;
    assert_eq!(place.prompt().await.as_deref(), Some("3"));
    let large = response("200 OK", &" ".repeat(4097));
    for (answer, problem) in [
        (response("404 Not Found", ""), "answers 404"),
        (response("301 Moved Permanently\r\nlocation: /elsewhere", ""), "redirects to /elsewhere"),
        (response("200 OK", "<html>"), "not in this format"),
        (response("200 OK", "{\"data\": []}"), "names no model"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{".to_vec(), "breaks off"),
        (large, "larger than 4096 bytes"),
    ] {
        let order = ImportOrder { from: serve_once(answer).await, ..order(Path::new("")) };
        let error = import_catalog(&place.config, &place.store, &order, now()).await.expect_err(problem);
        assert!(format!("{error:#}").contains(problem), "{error:#}");
    }
}

#[tokio::test]
async fn a_source_that_never_answers_is_given_up_and_a_large_file_not_read() {
    let mut place = place().await;
    place.config.file.catalog.import_timeout = std::time::Duration::from_millis(20);
    place.config.file.catalog.import_bytes = 100;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let url = format!("http://{}/models", listener.local_addr().expect("address"));
    let silent = ImportOrder { from: url, ..order(Path::new("")) };
    let error = import_catalog(&place.config, &place.store, &silent, now()).await.expect_err("nobody answers");
    assert!(format!("{error:#}").contains("no answer in time"), "{error:#}");
    let path = place.folder.path().join("large.json");
    std::fs::write(&path, " ".repeat(101)).expect("written");
    let error = import_catalog(&place.config, &place.store, &order(&path), now()).await.expect_err("too large");
    assert!(format!("{error:#}").contains("larger than 100 bytes (catalog.import_bytes)"), "{error:#}");
}
