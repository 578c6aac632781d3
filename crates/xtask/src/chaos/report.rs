//! What a run says on the terminal.

use super::strike::Phase;
use super::supervisor::Outcome;
use std::io::Write as _;

/// Prints one line per phase, the summary, and on failure what is wrong and how to run it again.
///
/// # Errors
/// When the terminal is gone.
pub fn print(outcome: &Outcome, replay: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for phase in Phase::ALL {
        let aimed = outcome.kills.iter().filter(|kill| kill.aim == phase).count();
        let hits = outcome.hits(phase);
        let word = if hits >= outcome.plan.per_phase { "ok    " } else { "FAILED" };
        writeln!(
            out,
            "{word} {:<7} {hits:>3} kills met it of {aimed:>3} aimed {}",
            phase.name(),
            about(outcome, phase)
        )?;
    }
    let verdict = &outcome.verdict;
    let rows: [(&str, i128); 16] = [
        ("kills", outcome.kills.len() as i128),
        ("requests", verdict.requests.into()),
        ("  completed", verdict.completed.into()),
        ("  failed by the provider", verdict.failed.into()),
        ("  left by the client", verdict.left.into()),
        ("  cut by a kill", verdict.cut.into()),
        ("    after some text", verdict.cut_with_text.into()),
        ("    closed before the last byte", verdict.closed_before_end.into()),
        ("interrupted entries", verdict.interrupted.into()),
        ("completed but unbilled", verdict.unbilled.into()),
        ("billed wrongly", verdict.wrong.into()),
        ("billed twice", verdict.twice.into()),
        ("billed beyond delivery", verdict.beyond_delivery.into()),
        ("billed for nothing", verdict.for_nothing.into()),
        ("other problems", verdict.other.into()),
        ("ms to listen", outcome.boot.as_millis().try_into().unwrap_or(i128::MAX)),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<34} {value:>12}")?;
    }
    for (name, value) in [
        ("shown by completed answers", verdict.shown),
        ("all other entries", verdict.others),
        ("credits used", outcome.credits.used),
    ] {
        writeln!(out, "{name:<34} {:>12} USD", usd(value))?;
    }
    for problem in &verdict.told {
        writeln!(out, "  {problem}")?;
    }
    let word = if outcome.is_good() { "passed" } else { "FAILED" };
    writeln!(out, "chaos {word} in {} s, seed {}", outcome.took.as_secs(), outcome.plan.seed)?;
    if !outcome.is_good() {
        writeln!(out, "run again: {replay}")?;
    }
    if let Some(kept) = &outcome.kept {
        writeln!(out, "data and log: {}", kept.display())?;
    }
    Ok(())
}

/// What the kills of a phase met besides.
fn about(outcome: &Outcome, phase: Phase) -> String {
    let kills = || outcome.kills.iter().filter(|kill| kill.aim == phase && kill.has_hit);
    if phase == Phase::Replay {
        let written = kills().filter(|kill| kill.has_written).count();
        return format!("({written} after recovery had begun to write)");
    }
    let sum = |of: fn(&super::sight::Scene) -> usize| kills().map(|kill| of(&kill.scene)).sum::<usize>();
    format!(
        "(under way: {} held, {} open, {} of them stalled, {} closing, {} not posted)",
        sum(|scene| scene.hold),
        sum(|scene| scene.open),
        sum(|scene| scene.stalled),
        sum(|scene| scene.close),
        sum(|scene| scene.unposted)
    )
}

/// Nano-dollars as a decimal.
fn usd(value: i64) -> String {
    let (sign, value) = if value < 0 { ("-", value.unsigned_abs()) } else { ("", value.unsigned_abs()) };
    format!("{sign}{}.{:09}", value / 1_000_000_000, value % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::client::nanos;
    use super::usd;

    #[test]
    fn amounts_are_printed_as_they_are_read() {
        for value in [0, 1, -1, 999_999_999, 1_000_000_000, -12_345_678_901] {
            assert_eq!(nanos(&usd(value)), Some(value));
        }
    }
}
