//! `portolan key create | list | revoke`.

use super::Usage;
use super::open::{Opened, usd};
use super::say;
use crate::cli::{KeyCommand, Shared};
use anyhow::{Context, bail};
use comfy_table::Table;
use domain::id::KeyId;
use domain::key::{KeyHash, KeyRole, KeyText};
use domain::time::{ResetPeriod, Timestamp};
use serde_json::json;
use std::process::ExitCode;
use store::durable::{KeyFilter, NewKey};

/// Runs a key command.
pub async fn run(shared: &Shared, command: KeyCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeyCommand::Create { name, credits, limit, reset, expires, management } => {
            let wish = Wish { name, credits, limit, reset, expires, management };
            create(shared, wish).await
        }
        KeyCommand::List => list(&Opened::existing(shared).await?, shared).await,
        KeyCommand::Revoke { hash } => revoke(&Opened::existing(shared).await?, &hash).await,
    }
}

struct Wish {
    name: String,
    credits: Option<String>,
    limit: Option<String>,
    reset: Option<String>,
    expires: Option<String>,
    management: bool,
}

async fn create(shared: &Shared, wish: Wish) -> anyhow::Result<ExitCode> {
    if wish.name.trim().is_empty() || wish.name.chars().count() > 200 || wish.name.contains(char::is_control) {
        return Err(Usage("--name must have 1 to 200 characters, none of them a control character".to_owned()).into());
    }
    let credits = wish.credits.as_deref().map(|text| usd(text, false)).transpose().context("--credits")?;
    let limit = wish.limit.as_deref().map(|text| usd(text, false)).transpose().context("--limit")?;
    let reset = match wish.reset.as_deref() {
        None | Some("never") => None,
        Some(text) => {
            let wrong = || Usage("--reset must be never, daily, weekly or monthly".to_owned());
            Some(ResetPeriod::parse(text).ok_or_else(wrong)?)
        }
    };
    // Nothing is made before everything that was said is understood.
    let opened = Opened::open(shared).await?;
    let now = opened.clock.now();
    let expires_at = match wish.expires.as_deref() {
        None => None,
        Some(text) => {
            let wrong = |problem: &str| Usage(format!("--expires {problem}"));
            let at = Timestamp::parse_rfc3339(text).ok_or_else(|| wrong("must look like 2027-01-31T00:00:00Z"))?;
            if at <= now {
                return Err(wrong("lies in the past").into());
            }
            Some(at)
        }
    };
    let account = opened.first_account(credits).await?;
    let text = KeyText::generate(opened.random.bytes());
    let key = NewKey {
        id: KeyId::new(now, opened.random.bytes()),
        hash: text.hash(),
        label: text.label(),
        name: wish.name,
        account: account.id,
        workspace: account.workspace,
        user: None,
        role: if wish.management { KeyRole::Management } else { KeyRole::Inference },
        limit,
        reset,
        include_byok_in_limit: false,
        is_internal: false,
        expires_at,
        created_at: now,
    };
    opened.store.key_insert(&key).await?;
    if shared.quiet {
        say(text.expose());
    } else if shared.json {
        say(&json!({"key": text.expose(), "hash": key.hash.to_string(), "label": key.label, "name": key.name})
            .to_string());
    } else {
        say(&format!("{}\n\nThis is the only time the key is shown. hash {}", text.expose(), key.hash));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(opened: &Opened, shared: &Shared) -> anyhow::Result<ExitCode> {
    let Some(account) = opened.store.account_first().await? else {
        bail!("there is no account yet; create a key first");
    };
    let now = opened.clock.now();
    let filter = KeyFilter { include_disabled: true, include_expired: true, offset: 0, limit: 1000 };
    let keys = opened.store.key_list(account.id, filter, now).await?;
    if shared.json {
        let rows: Vec<_> = keys
            .iter()
            .map(|key| {
                json!({"hash": key.hash.to_string(), "label": key.label, "name": key.name, "disabled": key.is_disabled,
                    "limit": key.limit.map(|limit| limit.to_usd()), "usage": key.usage_total.to_usd()})
            })
            .collect();
        say(&serde_json::to_string(&rows)?);
        return Ok(ExitCode::SUCCESS);
    }
    if shared.quiet {
        keys.iter().for_each(|key| say(&key.hash.to_string()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new();
    table.set_header(["name", "key", "limit", "used", "state", "hash"]);
    for key in keys {
        let is_expired = key.expires_at.is_some_and(|expiry| now >= expiry);
        let state = if key.is_disabled {
            "disabled"
        } else if is_expired {
            "expired"
        } else {
            "active"
        };
        let limit = key.limit.map_or_else(|| "none".to_owned(), |limit| format!("${limit}"));
        table.add_row([
            key.name,
            key.label,
            limit,
            format!("${}", key.usage_total),
            state.to_owned(),
            key.hash.to_string(),
        ]);
    }
    say(&table.to_string());
    Ok(ExitCode::SUCCESS)
}

async fn revoke(opened: &Opened, hash: &str) -> anyhow::Result<ExitCode> {
    let wrong = || Usage("a key's hash has 64 hexadecimal digits; see portolan key list".to_owned());
    let hash = KeyHash::parse(hash).ok_or_else(wrong)?;
    let Some(key) = opened.store.key_find_by_hash(hash, opened.clock.now()).await? else { bail!("no such key") };
    anyhow::ensure!(opened.store.key_delete(key.account, hash, opened.clock.now()).await?, "no such key");
    say("deleted");
    Ok(ExitCode::SUCCESS)
}
