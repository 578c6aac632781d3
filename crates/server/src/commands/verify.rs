//! `portolan verify`: recomputes the books, the journal's undrained settlements included.

use super::credits::undrained;
use super::open::Opened;
use super::say;
use crate::cli::Shared;
use serde_json::json;
use std::process::ExitCode;

/// Recomputes the books; exit code 1 when something disagrees.
pub async fn run(shared: &Shared) -> anyhow::Result<ExitCode> {
    let opened = Opened::existing(shared).await?;
    let waiting = undrained(&opened).await?;
    let report = opened.store.verify(&waiting).await?;
    if shared.json {
        let checks: Vec<_> =
            report.checks.iter().map(|check| json!({"check": check.name, "mismatches": check.mismatches})).collect();
        say(&json!({
            "ok": report.is_ok(), "generations": report.generations, "undrained": report.undrained,
            "undrained_charge": report.undrained_charge.to_usd(), "checks": checks,
        })
        .to_string());
    } else if !shared.quiet || !report.is_ok() {
        for check in &report.checks {
            say(&format!("{} {}", if check.mismatches.is_empty() { "ok      " } else { "MISMATCH" }, check.name));
            for mismatch in &check.mismatches {
                say(&format!("         {mismatch}"));
            }
        }
        say(&format!(
            "{} generations, {} settlements (${}) still in the journal",
            report.generations, report.undrained, report.undrained_charge
        ));
    }
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
