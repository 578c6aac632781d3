//! The ledger as its owner sees it: read through the public API, amounts as text.

use super::client::{self, nanos};
use super::node::House;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::net::SocketAddr;

/// Pages of the list at most.
const PAGES_MAX: usize = 1000;
/// Records that are read at once.
const AT_ONCE: usize = 8;

/// A ledger row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Generation id.
    pub id: String,
    /// The request that it belongs to.
    pub tag: Option<String>,
    /// Charge in nano-dollars.
    pub cost: i64,
    /// Prompt tokens charged.
    pub prompt_tokens: u64,
    /// Answer tokens charged.
    pub completion_tokens: u64,
    /// The server stopped in the middle.
    pub is_interrupted: bool,
    /// The client left.
    pub is_cancelled: bool,
    /// The answer ended with an error.
    pub is_failed: bool,
}

/// The account's credit in nano-dollars.
#[derive(Debug, Clone, Copy)]
pub struct Credits {
    /// Granted.
    pub granted: i64,
    /// Used.
    pub used: i64,
}

/// A reader of the books.
#[derive(Debug, Clone)]
pub struct Reader {
    address: SocketAddr,
    management: String,
    cookie: String,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

#[derive(Deserialize)]
struct CreditsData {
    total_credits: Box<RawValue>,
    total_usage: Box<RawValue>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Listed>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

#[derive(Deserialize)]
struct Record {
    id: String,
    session_id: Option<String>,
    total_cost: Box<RawValue>,
    tokens_prompt: Option<u64>,
    tokens_completion: Option<u64>,
    cancelled: Option<bool>,
    portolan: Own,
}

#[derive(Deserialize)]
struct Own {
    interrupted: bool,
    error_type: Option<String>,
}

fn amount(text: &RawValue) -> anyhow::Result<i64> {
    nanos(text.get()).with_context(|| format!("{text} is no amount"))
}

impl Reader {
    /// Signs in to the console, whose list names rows that no client learnt the id of.
    ///
    /// # Errors
    /// When the server does not let it in.
    pub async fn open(house: &House, address: SocketAddr, management: &str) -> anyhow::Result<Self> {
        let link = house.run(&["setup-link", "-q"]).await?;
        let (_, token) = link.split_once("token=").context("the set-up link has no token")?;
        let body = serde_json::json!({ "token": token.trim() }).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/console/api/v1/setup")
            .header("host", address.to_string())
            .header("content-type", "application/json")
            .header("x-portolan-csrf", "1")
            .body(Full::new(Bytes::from(body)))?;
        let answer = client::send(address, false, request, || {}).await?;
        anyhow::ensure!(answer.status() == 200, "the set-up link is refused: {}", answer.status());
        let cookie =
            answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).context("no session")?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Self { address, management: management.to_owned(), cookie })
    }

    async fn get(&self, path: &str) -> anyhow::Result<(u16, Bytes)> {
        let request = Request::builder()
            .uri(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {}", self.management))
            .header("cookie", &self.cookie)
            .body(Full::default())?;
        let answer = client::send(self.address, false, request, || {}).await?;
        let status = answer.status().as_u16();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    async fn json<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let (status, body) = self.get(path).await?;
        anyhow::ensure!(status == 200, "{path} answers {status}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).with_context(|| format!("{path} is not understood"))
    }

    /// The account's credit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn credits(&self) -> anyhow::Result<Credits> {
        let Wrapped { data } = self.json::<Wrapped<CreditsData>>("/api/v1/credits").await?;
        Ok(Credits { granted: amount(&data.total_credits)?, used: amount(&data.total_usage)? })
    }

    /// Ids of every row.
    async fn ids(&self) -> anyhow::Result<Vec<String>> {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page: Page = self.json(&format!("/console/api/v1/generations?limit=100&cursor={cursor}")).await?;
            ids.extend(page.data.into_iter().map(|row| row.id));
            match page.next_cursor {
                Some(next) => cursor = next,
                None => return Ok(ids),
            }
        }
        bail!("the list of generations does not end")
    }

    /// Every row, each read from the public record of its generation; `known` are ids that clients learnt.
    ///
    /// # Errors
    /// When a listed row has no record.
    pub async fn rows(&self, known: Vec<String>) -> anyhow::Result<Vec<Row>> {
        let mut ids = self.ids().await?;
        let listed: std::collections::HashSet<String> = ids.iter().cloned().collect();
        ids.extend(known.into_iter().filter(|id| !listed.contains(id)));
        let mut rows = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            let mut reading = tokio::task::JoinSet::new();
            for id in some {
                let (reader, id) = (self.clone(), id.clone());
                let is_listed = listed.contains(&id);
                reading.spawn(async move { reader.row(&id, is_listed).await });
            }
            while let Some(row) = reading.join_next().await {
                rows.extend(row??);
            }
        }
        Ok(rows)
    }

    async fn row(&self, id: &str, is_listed: bool) -> anyhow::Result<Option<Row>> {
        let path = format!("/api/v1/generation?id={id}");
        let (status, body) = self.get(&path).await?;
        if status == 404 && !is_listed {
            return Ok(None);
        }
        anyhow::ensure!(status == 200, "{path} answers {status}: {}", String::from_utf8_lossy(&body));
        let Wrapped { data } =
            serde_json::from_slice::<Wrapped<Record>>(&body).context("a record is not understood")?;
        Ok(Some(Row {
            id: data.id,
            tag: data.session_id,
            cost: amount(&data.total_cost)?,
            prompt_tokens: data.tokens_prompt.unwrap_or(0),
            completion_tokens: data.tokens_completion.unwrap_or(0),
            is_interrupted: data.portolan.interrupted,
            is_cancelled: data.cancelled.unwrap_or(false),
            is_failed: data.portolan.error_type.is_some(),
        }))
    }

    /// Requests that hold money now.
    ///
    /// # Errors
    /// When the metric is missing.
    pub async fn holds(&self) -> anyhow::Result<i64> {
        let (_, body) = self.get("/metrics").await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let line = text.lines().find_map(|line| line.strip_prefix("portolan_generations_running "));
        line.and_then(|value| value.trim().parse().ok()).context("the metric portolan_generations_running is missing")
    }
}
