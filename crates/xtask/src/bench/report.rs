//! The table, ready to be pasted.

use super::figures::median;
use super::options::Options;
use std::fmt;
use std::process::Command;

/// What a figure is held against.
#[derive(Debug, Clone, Copy)]
enum Goal {
    None,
    /// Largest multiple of the floor's.
    Ratio(f64),
    /// Largest value.
    Absolute(f64),
}

/// One figure of one scenario, of the floor and of the product.
#[derive(Debug)]
pub struct Row {
    scenario: &'static str,
    what: &'static str,
    floor: f64,
    product: f64,
    /// Median of the rounds' own ratios: what disturbed a round disturbed both sides of it.
    ratio: f64,
    goal: Goal,
}

impl Row {
    /// A figure without a goal; the values are those of each round, floor first.
    pub fn plain(scenario: &'static str, what: &'static str, values: (Vec<f64>, Vec<f64>)) -> Self {
        Self::new(scenario, what, values, Goal::None)
    }

    /// A figure whose multiple of the floor's is bounded.
    pub fn ratio(scenario: &'static str, what: &'static str, values: (Vec<f64>, Vec<f64>), most: Option<f64>) -> Self {
        Self::new(scenario, what, values, most.map_or(Goal::None, Goal::Ratio))
    }

    /// A figure that is bounded itself.
    pub fn absolute(scenario: &'static str, what: &'static str, values: (Vec<f64>, Vec<f64>), most: f64) -> Self {
        Self::new(scenario, what, values, Goal::Absolute(most))
    }

    fn new(scenario: &'static str, what: &'static str, (floor, product): (Vec<f64>, Vec<f64>), goal: Goal) -> Self {
        let ratios = floor.iter().zip(&product).map(|(floor, product)| product / floor).collect();
        Self { scenario, what, ratio: median(ratios), floor: median(floor), product: median(product), goal }
    }

    fn verdict(&self) -> String {
        let said = |is_met: bool| if is_met { "met" } else { "missed" };
        match self.goal {
            Goal::None => String::new(),
            Goal::Ratio(most) => format!("≤ {most:.1} ×: {}", said(self.ratio <= most)),
            Goal::Absolute(most) => format!("≤ {most:.0}: {}", said(self.product <= most)),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, what, floor, product, ratio, .. } = self;
        // The ratio of two differences that may be near or below zero says nothing.
        let ratio = if *floor > 0.0 && *product > 0.0 { format!("{ratio:.2}") } else { "–".to_owned() };
        write!(out, "| {scenario} | {what} | {floor:.1} | {product:.1} | {ratio} | {} |", self.verdict())
    }
}

/// All rows under a head that says where they come from.
#[derive(Debug)]
pub struct Report {
    head: String,
    rows: Vec<Row>,
}

impl Report {
    /// An empty report of this machine and commit.
    pub fn new(options: &Options) -> Self {
        let words = options.words.join(" ");
        let head = format!(
            "machine: {}; kernel {}\ncommit: {}\ncommand: cargo xtask bench {words}\nrounds: {}, medians of them\n",
            machine(),
            said_by("uname", &["-r"]),
            commit(),
            options.rounds
        );
        Self { head, rows: Vec::new() }
    }

    /// Adds rows.
    pub fn extend(&mut self, rows: impl IntoIterator<Item = Row>) {
        self.rows.extend(rows);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.head)?;
        writeln!(out, "| scenario | figure | floor | portolan | ratio | target |\n|---|---|---:|---:|---:|---|")?;
        self.rows.iter().try_for_each(|row| writeln!(out, "{row}"))
    }
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {cores} cores", name.map_or("unknown processor", |(_, name)| name))
}

fn commit() -> String {
    let hash = said_by("git", &["rev-parse", "--short=12", "HEAD"]);
    let changes = said_by("git", &["status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.lock"]);
    if changes.is_empty() { hash } else { format!("{hash} with {} changed files", changes.lines().count()) }
}

/// Standard output of a small program; empty when it cannot be run, which the table then shows.
fn said_by(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Row;

    #[test]
    fn a_row_compares_round_by_round_and_judges_by_its_goal() {
        let values = || (vec![10.0, 100.0, 20.0], vec![19.0, 150.0, 50.0]);
        let met = Row::ratio("s", "w", values(), Some(2.0)).to_string();
        assert_eq!(met, "| s | w | 20.0 | 50.0 | 1.90 | ≤ 2.0 ×: met |");
        let missed = Row::ratio("s", "w", values(), Some(1.5)).to_string();
        assert!(missed.ends_with("missed |"), "{missed}");
        assert!(Row::absolute("s", "w", values(), 48.0).to_string().ends_with("≤ 48: missed |"));
        assert_eq!(Row::plain("s", "w", (vec![-1.0], vec![2.0])).to_string(), "| s | w | -1.0 | 2.0 | – |  |");
    }
}
