//! Shows that the checks trip: the same run against builds in which a known defect is switched on.

use super::arguments::Arguments;
use super::judge::Verdict;
use super::supervisor::{self, Plan};
use std::io::Write as _;
use std::path::PathBuf;

/// Runs of a defect before it counts as unnoticed.
const TRIES: u64 = 4;
/// Kills of each run.
const KILLS: usize = 20;

/// A defect and the problems of which at least one must be told.
struct Bug {
    name: &'static str,
    is_noticed: fn(&Verdict) -> bool,
}

const BUGS: [Bug; 5] = [
    Bug { name: "skip-dedup", is_noticed: |verdict| verdict.twice > 0 },
    Bug { name: "forget-undrained", is_noticed: |verdict| verdict.unbilled > 0 },
    Bug { name: "mark-before-send", is_noticed: |verdict| verdict.beyond_delivery + verdict.for_nothing > 0 },
    Bug { name: "eof-is-success", is_noticed: |verdict| verdict.wrong > 0 },
    Bug { name: "close-after-send", is_noticed: |verdict| verdict.unbilled + verdict.wrong > 0 },
];

/// Runs every defect, and the same build without any.
///
/// # Errors
/// When a run cannot be made.
pub async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let binary = match arguments.named_binary() {
        Some(binary) => binary,
        None => build()?,
    };
    let plan = |seed, bug| Plan { kills: KILLS, per_phase: 0, seed, binary: binary.clone(), postgres: None, bug };
    let sound = supervisor::run(&plan(arguments.seed(), None)).await?;
    let mut is_good = sound.verdict.problems() == 0;
    tell("no defect", if is_good { "ok" } else { "FAILED" }, &sound.verdict)?;
    for bug in BUGS {
        let mut noticed = false;
        for seed in (arguments.seed()..).take(usize::try_from(TRIES).unwrap_or(1)) {
            let outcome = supervisor::run(&plan(seed, Some(bug.name))).await?;
            noticed = (bug.is_noticed)(&outcome.verdict);
            let is_last = seed + 1 == arguments.seed() + TRIES;
            tell(
                bug.name,
                if noticed {
                    "ok"
                } else if is_last {
                    "FAILED"
                } else {
                    "again"
                },
                &outcome.verdict,
            )?;
            discard(outcome.kept);
            if noticed {
                break;
            }
        }
        is_good &= noticed;
    }
    Ok(is_good)
}

/// Builds the server with its defects compiled in, and puts the usual one back in its place.
fn build() -> anyhow::Result<PathBuf> {
    let cargo = |features: &[&str]| {
        // By name: with a path to one cargo, the folder of each dependency would decide which compiler is meant.
        let mut command = std::process::Command::new("cargo");
        let status = command.args(["build", "--quiet", "--locked", "--package", "server"]).args(features).status()?;
        anyhow::ensure!(status.success(), "the server cannot be built");
        Ok(())
    };
    cargo(&["--features", "seeded-bugs"])?;
    let binary = PathBuf::from("target/chaos/portolan");
    std::fs::create_dir_all("target/chaos")?;
    std::fs::copy("target/debug/portolan", &binary)?;
    cargo(&[])?;
    Ok(binary)
}

fn tell(name: &str, word: &str, verdict: &Verdict) -> std::io::Result<()> {
    let first = verdict.told.first().map_or("", String::as_str);
    writeln!(std::io::stdout().lock(), "{word:<6} {name:<18} {} problems told {first}", verdict.problems())
}

/// The data of a run that was meant to fail explains nothing.
fn discard(kept: Option<PathBuf>) {
    if let Some(folder) = kept {
        // What stays is a folder in the system's temporary place.
        let _stays = std::fs::remove_dir_all(folder);
    }
}
