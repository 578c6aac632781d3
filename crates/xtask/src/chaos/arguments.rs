//! The command line of the runner.

use super::strike::Phase;
use super::supervisor::Plan;
use anyhow::{Context as _, bail};
use std::path::PathBuf;

/// How to call it.
const USAGE: &str =
    "cargo xtask chaos [self-test] [--plan quick|full] [--seed N] [--kills N] [--binary FILE] [--postgres URL]";

/// What was asked for.
#[derive(Debug)]
pub struct Arguments {
    /// Whether the checks are to be tested instead of the server.
    pub is_self_test: bool,
    plan: String,
    seed: u64,
    kills: Option<usize>,
    binary: Option<PathBuf>,
    postgres: Option<String>,
}

impl Arguments {
    /// Reads the words after `chaos`.
    ///
    /// # Errors
    /// For anything that is not understood.
    pub fn parse(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut arguments =
            Self { is_self_test: false, plan: "quick".to_owned(), seed: 1, kills: None, binary: None, postgres: None };
        while let Some(word) = words.next() {
            if word == "self-test" {
                arguments.is_self_test = true;
                continue;
            }
            let value = words.next().with_context(|| format!("{word} needs a value; usage: {USAGE}"))?;
            match word.as_str() {
                "--plan" if value == "quick" || value == "full" => arguments.plan = value,
                "--seed" => arguments.seed = value.parse().context("--seed takes a number")?,
                "--kills" => arguments.kills = Some(value.parse().context("--kills takes a number")?),
                "--binary" => arguments.binary = Some(PathBuf::from(value)),
                "--postgres" => arguments.postgres = Some(value),
                _ => bail!("{word} {value} is not understood; usage: {USAGE}"),
            }
        }
        Ok(arguments)
    }

    /// The binary under test.
    pub fn binary(&self) -> PathBuf {
        self.binary.clone().unwrap_or_else(|| PathBuf::from("target/debug/portolan"))
    }

    /// The binary that was named.
    pub fn named_binary(&self) -> Option<PathBuf> {
        self.binary.clone()
    }

    /// Seed of every choice.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What to run.
    pub fn plan(&self) -> Plan {
        let kills = self.kills.unwrap_or(if self.plan == "full" { 200 } else { 40 });
        Plan {
            per_phase: if self.plan == "full" { 10 } else { 5 }.min(kills / Phase::ALL.len()),
            kills,
            seed: self.seed,
            binary: self.binary(),
            postgres: self.postgres.clone(),
            bug: None,
        }
    }

    /// The line that repeats this run.
    pub fn replay(&self) -> String {
        let plan = self.plan();
        let postgres = plan.postgres.as_ref().map_or(String::new(), |_| " --postgres URL".to_owned());
        format!(
            "cargo xtask chaos --plan {} --seed {} --kills {} --binary {}{postgres}",
            self.plan,
            plan.seed,
            plan.kills,
            plan.binary.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn parse(words: &str) -> anyhow::Result<Arguments> {
        Arguments::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn plans_name_their_kills_and_a_number_overrides_them() {
        for (words, kills, per_phase) in
            [("", 40, 5), ("--plan full", 200, 10), ("--plan full --kills 20", 20, 4), ("--kills 7", 7, 1)]
        {
            let plan = parse(words).map(|arguments| arguments.plan());
            assert_eq!(plan.ok().map(|plan| (plan.kills, plan.per_phase)), Some((kills, per_phase)), "{words}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for words in ["--plan huge", "--seed x", "--seed", "--speed 3", "test"] {
            assert!(parse(words).is_err(), "{words}");
        }
    }
}
