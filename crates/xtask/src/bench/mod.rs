//! `cargo xtask bench`: what the data plane costs, as ratios to a bare proxy of the same run.
//!
//! Four processes on one machine: the simulator's `bench` model as provider, a bare hyper reverse proxy as floor, the
//! product with everything switched on, and the load tool, which is this process. Floor and product take turns within each
//! round, so that a noisy neighbour meets both. CPU time comes from `/proc`, so this runs on Linux only. It does not judge
//! absolute speed: figures of two machines are not comparable, their ratios nearly are.

mod figures;
mod floor;
mod idle;
mod install;
mod load;
mod options;
mod process;
mod report;
mod scenario;

use anyhow::Context as _;
use figures::{Round, Summary};
use install::Installation;
use load::Target;
use options::Options;
use process::Server;
use report::{Report, Row};
use scenario::{IDLE, SCENARIOS, Scenario, Side};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

/// Load before the first figure is taken, so that pools and caches are filled.
const WARM_UP: Duration = Duration::from_millis(800);

/// Runs the benchmark and prints its table.
///
/// # Errors
/// An argument that is unknown, a process that does not start, or any answer that is not the expected one: a benchmark of
/// failures is worth nothing.
pub fn run(arguments: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let options = Options::parse(arguments)?;
    runtime()?.block_on(bench(&options))
}

/// Runs the bare reverse proxy until it is killed.
///
/// # Errors
/// An argument that is unknown, or an address that cannot be listened on.
pub fn run_floor(arguments: impl Iterator<Item = String>) -> anyhow::Result<ExitCode> {
    let upstream = options::floor(arguments)?;
    runtime()?.block_on(floor::serve(upstream))
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

async fn bench(options: &Options) -> anyhow::Result<ExitCode> {
    let upstream = process::simulator(&options.binary).await?;
    let installation = Installation::create(&options.binary, upstream.address).await?;
    let mut report = Report::new(options);
    let mut bench = Bench { options, installation: &installation, upstream: &upstream };
    if SCENARIOS.iter().any(|scenario| options.takes(scenario.name)) {
        bench.scenarios(&mut report).await?;
    }
    if options.takes(IDLE.name) {
        bench.idle(&mut report).await?;
    }
    installation.verify().await.context("the books do not balance after the run")?;
    writeln!(std::io::stdout().lock(), "{report}")?;
    Ok(ExitCode::SUCCESS)
}

/// What all measurements share.
struct Bench<'a> {
    options: &'a Options,
    installation: &'a Installation,
    upstream: &'a Server,
}

impl Bench<'_> {
    fn target(&self, server: &Server, side: Side) -> Target {
        let key = (side == Side::Product).then(|| self.installation.key.clone());
        Target { address: server.address, key }
    }

    async fn scenarios(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let floor = process::floor(self.upstream.address).await?;
        let product = self.installation.serve().await?;
        for scenario in SCENARIOS.iter().filter(|scenario| self.options.takes(scenario.name)) {
            note(&format!("{}: warming up", scenario.name));
            for (server, side) in [(&floor, Side::Floor), (&product, Side::Product)] {
                load::drive(&self.target(server, side), scenario.request(side), scenario.workers, WARM_UP).await?;
            }
            let (mut floors, mut products) = (Summary::default(), Summary::default());
            for round in 1..=self.options.rounds {
                note(&format!("{}: round {round} of {}", scenario.name, self.options.rounds));
                let direct = self.direct(scenario).await?;
                floors.push(self.measure(&floor, Side::Floor, scenario, &direct).await?);
                products.push(self.measure(&product, Side::Product, scenario, &direct).await?);
            }
            report.extend(rows(scenario, &floors, &products));
        }
        product.end().await
    }

    /// Latencies without anything in front of the provider.
    async fn direct(&self, scenario: &Scenario) -> anyhow::Result<load::Outcome> {
        let target = self.target(self.upstream, Side::Floor);
        load::drive(&target, scenario.request(Side::Floor), scenario.quiet_workers, self.options.quiet).await
    }

    async fn measure(
        &self,
        server: &Server,
        side: Side,
        scenario: &Scenario,
        direct: &load::Outcome,
    ) -> anyhow::Result<Round> {
        let target = self.target(server, side);
        let before = server.cpu_at_rest().await?;
        let outcome = load::drive(&target, scenario.request(side), scenario.workers, self.options.loud).await?;
        let cpu = server.cpu_at_rest().await?.saturating_sub(before);
        let quiet = load::drive(&target, scenario.request(side), scenario.quiet_workers, self.options.quiet).await?;
        Ok(Round {
            cpu_us: figures::micros(cpu) / figures::float(outcome.requests()),
            added_p50_us: quiet.percentile_us(50) - direct.percentile_us(50),
            added_p99_us: quiet.percentile_us(99) - direct.percentile_us(99),
            rss_kib: figures::float(server.rss_kib()?),
        })
    }

    /// Streams that have begun and then say little: memory per stream, with fresh processes in each round.
    async fn idle(&mut self, report: &mut Report) -> anyhow::Result<()> {
        let (mut floors, mut products) = (Vec::new(), Vec::new());
        for round in 1..=self.options.rounds {
            note(&format!("{}: round {round} of {}", IDLE.name, self.options.rounds));
            let floor = process::floor(self.upstream.address).await?;
            floors.push(idle::measure(&floor, &self.target(&floor, Side::Floor), Side::Floor).await?);
            drop(floor);
            let product = self.installation.serve().await?;
            products.push(idle::measure(&product, &self.target(&product, Side::Product), Side::Product).await?);
            product.end().await?;
        }
        let pair = |figure: fn(&idle::Idle) -> f64| {
            let all = |list: &[idle::Idle]| list.iter().map(figure).collect::<Vec<f64>>();
            (all(&floors), all(&products))
        };
        report.extend([
            Row::absolute(IDLE.name, "KiB resident per stream", pair(|idle| idle.kib_per_stream), 48.0),
            Row::plain(IDLE.name, "CPU % of one core, an event per stream every 3 s", pair(|idle| idle.cpu_percent)),
            Row::plain(IDLE.name, "RSS in all, MiB", pair(|idle| idle.rss_kib / 1024.0)),
        ]);
        Ok(())
    }
}

fn rows(scenario: &Scenario, floors: &Summary, products: &Summary) -> Vec<Row> {
    let pair = |figure: fn(&Round) -> f64| (floors.all(figure), products.all(figure));
    let name = scenario.name;
    let mut rows = Vec::new();
    if let Some(chunks) = scenario.chunks {
        let each = |list: Vec<f64>| list.into_iter().map(|cpu| cpu / f64::from(chunks)).collect::<Vec<f64>>();
        let (floor, product) = pair(|round| round.cpu_us);
        rows.push(Row::ratio(name, "CPU µs per chunk", (each(floor), each(product)), scenario.ratio_max));
        rows.push(Row::plain(name, "CPU µs per stream", pair(|round| round.cpu_us)));
    } else {
        rows.push(Row::ratio(name, "CPU µs per request", pair(|round| round.cpu_us), scenario.ratio_max));
    }
    let (p50, p99) = if scenario.chunks.is_some() {
        ("added µs to the first chunk, p50", "added µs to the first chunk, p99")
    } else {
        ("added latency µs, p50", "added latency µs, p99")
    };
    rows.push(Row::plain(name, p50, pair(|round| round.added_p50_us)));
    rows.push(Row::plain(name, p99, pair(|round| round.added_p99_us)));
    rows.push(Row::plain(name, "RSS MiB", pair(|round| round.rss_kib / 1024.0)));
    rows
}

/// Progress goes to standard error, so that standard output is the table alone.
fn note(text: &str) {
    // Nobody listening to the progress is no reason to stop.
    let _unheard = writeln!(std::io::stderr().lock(), "{text}");
}
