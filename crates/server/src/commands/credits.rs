//! `portolan credits grant | show`.

use super::open::{Opened, usd};
use super::say;
use crate::cli::{CreditsCommand, Shared};
use anyhow::Context;
use domain::ledger::EntryKind;
use domain::money::Amount;
use serde_json::json;
use std::process::ExitCode;
use store::journal;

/// Runs a credits command.
pub async fn run(shared: &Shared, command: CreditsCommand) -> anyhow::Result<ExitCode> {
    let opened = Opened::existing(shared).await?;
    let account = opened.store.account_first().await?.context("there is no account yet; create a key first")?;
    if let CreditsCommand::Grant { amount, note, adjustment } = command {
        let amount = usd(&amount, adjustment)?;
        let kind = if adjustment { EntryKind::Adjustment } else { EntryKind::Grant };
        opened.grant(account.id, kind, amount, &note).await?;
    }
    let (granted, mut posted) = opened.store.credits(account.id).await?.context("the account is gone")?;
    for settlement in undrained(&opened).await? {
        if settlement.opening.account == account.id {
            posted = posted.saturating_add(settlement.charge);
        }
    }
    show(shared, granted, posted);
    Ok(ExitCode::SUCCESS)
}

/// Settlements of this node's journal that the database does not have yet.
pub async fn undrained(opened: &Opened) -> anyhow::Result<Vec<domain::generation::Settlement>> {
    let folder = opened.config.data.join("journal");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let node = crate::wiring::node_id(&opened.config.data, &opened.random)?;
    let drained = opened.store.drained_position(node).await?;
    journal::undrained(&folder, drained).context("journal")
}

fn show(shared: &Shared, granted: Amount, posted: Amount) {
    let balance = granted.saturating_sub(posted);
    if shared.quiet {
        say(&balance.to_usd());
    } else if shared.json {
        say(&json!({"total_credits": granted.to_usd(), "total_usage": posted.to_usd(), "balance": balance.to_usd()})
            .to_string());
    } else {
        say(&format!("granted ${granted}   used ${posted}   balance ${balance}"));
    }
}
