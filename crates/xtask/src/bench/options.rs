//! What the command line says.

use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How to run.
#[derive(Debug)]
pub struct Options {
    /// The product, as it is published.
    pub binary: PathBuf,
    /// Turns of floor and product for each scenario.
    pub rounds: u32,
    /// Load whose CPU time is measured, in each turn.
    pub loud: Duration,
    /// Load that is light enough to show latency rather than queues, in each turn.
    pub quiet: Duration,
    only: Option<String>,
    /// The arguments as they were given.
    pub words: Vec<String>,
}

impl Options {
    /// Reads `[--quick] [--binary FILE] [--only SCENARIO]`.
    ///
    /// # Errors
    /// Any other word.
    pub fn parse(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let words: Vec<String> = arguments.collect();
        let own = std::env::current_exe().context("cannot find this program")?;
        let mut options = Self {
            binary: own.with_file_name("portolan"),
            rounds: 3,
            loud: Duration::from_secs(5),
            quiet: Duration::from_secs(2),
            only: None,
            words: words.clone(),
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => {
                    (options.rounds, options.loud, options.quiet) = (1, Duration::from_secs(2), Duration::from_secs(1));
                }
                "--binary" => options.binary = PathBuf::from(value()?),
                "--only" => options.only = Some(value()?),
                _ => bail!("usage: cargo xtask bench [--quick] [--binary FILE] [--only SCENARIO], not {word}"),
            }
        }
        anyhow::ensure!(
            options.binary.is_file(),
            "{} is missing: build it with cargo build --profile dist -p server",
            options.binary.display()
        );
        Ok(options)
    }

    /// Whether a scenario is to run.
    pub fn takes(&self, scenario: &str) -> bool {
        self.only.as_deref().is_none_or(|only| scenario.starts_with(only))
    }
}

/// Reads the floor's `--upstream ADDR:PORT`.
///
/// # Errors
/// Any other word, or an address that is none.
pub fn floor(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<SocketAddr> {
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--upstream"), Some(address)) => address.parse().context("--upstream must be ADDR:PORT"),
        _ => bail!("usage: cargo xtask bench-floor --upstream ADDR:PORT"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, floor};

    fn parse(words: &[&str]) -> anyhow::Result<Options> {
        Options::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn quick_takes_one_round_and_only_takes_scenarios_by_their_beginning() {
        let binary = std::env::current_exe().expect("this test");
        let binary = binary.to_str().expect("a plain path");
        let options = parse(&["--quick", "--binary", binary, "--only", "plain"]).expect("good words");
        assert_eq!((options.rounds, options.takes("plain 1 KB"), options.takes("idle")), (1, true, false));
        assert_eq!(parse(&["--binary", binary]).expect("good words").rounds, 3);
    }

    #[test]
    fn unknown_words_missing_values_and_missing_binaries_are_refused() {
        for words in [&["--fast"][..], &["--binary"], &["--binary", "no/such/file"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
        assert!(floor(["--upstream".to_owned(), "nowhere".to_owned()].into_iter()).is_err());
    }
}
