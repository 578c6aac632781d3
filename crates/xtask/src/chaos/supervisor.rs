//! The run itself: load on one side, kills on the other, and the books at the end.

use super::books::{Credits, Reader};
use super::judge::{Verdict, judge};
use super::load::{self, Life};
use super::node::{House, Node, Starting};
use super::sight::Board;
use super::strike::{Kill, Phase, Postings, journal_bytes, wait_for};
use super::world::Providers;
use anyhow::Context as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Credit of the account in whole dollars: never the reason of a refusal.
const CREDITS_USD: i64 = 100_000;
/// Load of the last life, which is not killed.
const LAST_LIFE: Duration = Duration::from_millis(400);
/// Longest wait for clients to end, and for settlements to be posted.
const PATIENCE: Duration = Duration::from_secs(60);
/// Kills that may miss their phase, per kill asked for.
const MISSES: usize = 2;

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Kills in all.
    pub kills: usize,
    /// Fewest kills that must meet each phase.
    pub per_phase: usize,
    /// Seed of every choice.
    pub seed: u64,
    /// The binary under test.
    pub binary: PathBuf,
    /// Database address; SQLite when absent.
    pub postgres: Option<String>,
    /// Defect to switch on.
    pub bug: Option<&'static str>,
}

/// What a run showed.
#[derive(Debug)]
pub struct Outcome {
    /// What was asked for.
    pub plan: Plan,
    /// Every kill.
    pub kills: Vec<Kill>,
    /// What the oracle says.
    pub verdict: Verdict,
    /// The account's credit at the end.
    pub credits: Credits,
    /// Usual time from the start of a process to its listening.
    pub boot: Duration,
    /// How long the run took.
    pub took: Duration,
    /// Where data and log were kept, when something is wrong.
    pub kept: Option<PathBuf>,
}

impl Outcome {
    /// Kills that met a phase.
    pub fn hits(&self, phase: Phase) -> usize {
        self.kills.iter().filter(|kill| kill.aim == phase && kill.has_hit).count()
    }

    /// Whether every check passed and every phase was met often enough.
    pub fn is_good(&self) -> bool {
        self.verdict.problems() == 0 && Phase::ALL.iter().all(|phase| self.hits(*phase) >= self.plan.per_phase)
    }
}

/// Runs a plan.
///
/// # Errors
/// When the run cannot be made, or the server ends by itself.
pub async fn run(plan: &Plan) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let folder = tempfile::Builder::new().prefix("portolan-chaos-").tempdir()?;
    let binary = plan.binary.canonicalize().with_context(|| format!("{} is not built", plan.binary.display()))?;
    let house = House { binary, folder: folder.path().to_owned(), bug: plan.bug };
    let providers = Providers::start(plan.seed).await?;
    std::fs::create_dir_all(house.data())?;
    std::fs::write(house.folder.join("portolan.toml"), providers.configuration(plan.postgres.as_deref()))?;
    let credits = CREDITS_USD.to_string();
    let key = house.run(&["key", "create", "--name", "chaos", "--credits", &credits, "-q"]).await?;
    let management = house.run(&["key", "create", "--name", "books", "--management", "-q"]).await?;
    let ran = Run::new(plan, &house).strike_and_read(&key, &management, &providers).await;
    // What a broken run leaves is what explains it.
    let is_good = ran.as_ref().is_ok_and(|(verdict, ..)| verdict.problems() == 0);
    let kept = if is_good { None } else { Some(folder.keep()) };
    let (verdict, credits, kills, boot) =
        ran.with_context(|| format!("data and log are in {}", house.folder.display()))?;
    Ok(Outcome { plan: plan.clone(), kills, verdict, credits, boot, took: started.elapsed(), kept })
}

struct Run<'a> {
    plan: &'a Plan,
    house: &'a House,
    random: SmallRng,
    board: Arc<Board>,
    postings: Arc<Postings>,
    life: watch::Sender<Life>,
    epoch: u64,
    aims: VecDeque<Phase>,
    kills: Vec<Kill>,
    boots: Vec<Duration>,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, house: &'a House) -> Self {
        let mut random = SmallRng::seed_from_u64(plan.seed);
        let mut aims: Vec<Phase> = Phase::ALL.into_iter().cycle().take(plan.kills).collect();
        aims.shuffle(&mut random);
        Self {
            plan,
            house,
            random,
            board: Arc::new(Board::default()),
            postings: Postings::watch(house),
            life: watch::Sender::new(Life::Down),
            epoch: 0,
            aims: aims.into(),
            kills: Vec::new(),
            boots: Vec::new(),
        }
    }

    async fn strike_and_read(
        mut self,
        key: &str,
        management: &str,
        providers: &Providers,
    ) -> anyhow::Result<(Verdict, Credits, Vec<Kill>, Duration)> {
        let mut clients = load::start(self.plan.seed, key, &self.board, &self.life.subscribe());
        let starting = self.strike().await?;
        let node = self.up(starting).await?;
        tokio::time::sleep(LAST_LIFE).await;
        self.life.send_replace(Life::Over);
        let ending = async { while clients.join_next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, ending).await.context("clients do not end: an answer hangs")?;
        let (verdict, credits) = self.read(node, management, providers).await?;
        Ok((verdict, credits, self.kills, median(&self.boots)))
    }

    /// Kills until the plan is fulfilled; the last start is handed back.
    async fn strike(&mut self) -> anyhow::Result<Starting> {
        let most = self.plan.kills * (1 + MISSES);
        let mut starting = self.house.start()?;
        while let Some(aim) = self.aims.pop_front().filter(|_| self.kills.len() < most) {
            starting = if aim == Phase::Replay && !self.boots.is_empty() {
                self.strike_start(starting).await?
            } else {
                self.strike_node(starting, aim).await?
            };
        }
        Ok(starting)
    }

    /// Kills a server that listens.
    async fn strike_node(&mut self, starting: Starting, aim: Phase) -> anyhow::Result<Starting> {
        let node = self.up(starting).await?;
        wait_for(aim, &self.board, &self.postings, &mut self.random).await;
        let scene = self.board.scene(self.postings.last());
        let kill = Kill::of(aim, scene, self.postings.is_posting());
        node.kill().await?;
        self.life.send_replace(Life::Down);
        self.note(kill);
        self.house.start()
    }

    /// Kills a server that is still starting, at any moment of its usual way to listening.
    async fn strike_start(&mut self, mut starting: Starting) -> anyhow::Result<Starting> {
        let before = journal_bytes(self.house);
        let limit = median(&self.boots).mul_f64(self.random.random_range(0.1..1.0));
        if let Some(address) = starting.within(limit).await? {
            // Too late: it listens already. The aim is tried again another time.
            self.aims.push_back(Phase::Replay);
            let node = starting.at(address);
            return self.strike_late(node).await;
        }
        starting.kill().await?;
        let has_written = journal_bytes(self.house) != before;
        let has_hit = self.kills.last().is_some_and(leaves_work);
        self.note(Kill { aim: Phase::Replay, has_hit, scene: super::sight::Scene::default(), has_written });
        self.house.start()
    }

    async fn strike_late(&mut self, node: Node) -> anyhow::Result<Starting> {
        node.kill().await?;
        self.note(Kill {
            aim: Phase::Replay,
            has_hit: false,
            scene: super::sight::Scene::default(),
            has_written: true,
        });
        // The note puts the aim back a second time; once is enough.
        self.aims.pop_back();
        self.house.start()
    }

    fn note(&mut self, kill: Kill) {
        if !kill.has_hit {
            self.aims.push_back(kill.aim);
        }
        self.kills.push(kill);
    }

    async fn up(&mut self, starting: Starting) -> anyhow::Result<Node> {
        let since = starting.since;
        let node = starting.ready().await?;
        self.boots.push(since.elapsed());
        self.epoch += 1;
        self.life.send_replace(Life::Up(self.epoch, node.address));
        Ok(node)
    }

    /// Reads the books through the public API, asks the product's own auditor as well, and once more after a restart.
    async fn read(
        &mut self,
        node: Node,
        management: &str,
        providers: &Providers,
    ) -> anyhow::Result<(Verdict, Credits)> {
        let sights = self.board.sights();
        self.posted().await?;
        let reader = Reader::open(self.house, node.address, management).await?;
        let known = sights.iter().filter_map(|sight| sight.id.clone()).collect();
        let rows = reader.rows(known).await?;
        let credits = reader.credits().await?;
        let mut verdict = judge(&sights, &providers.observed(), &rows, credits, self.epoch);
        if credits.granted != CREDITS_USD * 1_000_000_000 {
            verdict.complain(format!("{} nano-dollars granted", credits.granted));
        }
        self.holds(&reader, "after the load", &mut verdict).await?;
        node.kill().await?;
        let again = self.house.start()?.ready().await?;
        let reader = Reader::open(self.house, again.address, management).await?;
        let later = reader.credits().await?;
        verdict.compare(credits, later);
        self.holds(&reader, "after a restart", &mut verdict).await?;
        if let Err(error) = self.house.run(&["verify", "--json"]).await {
            verdict.complain(format!("the server's own auditor disagrees: {error:#}"));
        }
        again.kill().await?;
        Ok((verdict, credits))
    }

    async fn holds(&self, reader: &Reader, when: &str, verdict: &mut Verdict) -> anyhow::Result<()> {
        let holds = reader.holds().await?;
        if holds != 0 {
            verdict.complain(format!("{holds} requests still hold money {when}"));
        }
        Ok(())
    }

    /// Waits until nothing is left in the journal.
    async fn posted(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.house.run(&["verify", "--json"]).await;
            let undrained = match report {
                Ok(text) => serde_json::from_str::<serde_json::Value>(&text)?
                    .get("undrained")
                    .and_then(serde_json::Value::as_u64),
                // A disagreement is told by the last look; here only the waiting counts.
                Err(_disagrees) => Some(0),
            };
            if undrained == Some(0) {
                return Ok(());
            }
            anyhow::ensure!(Instant::now() < deadline, "settlements stay in the journal: {undrained:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Whether a kill left something to recover.
const fn leaves_work(kill: &Kill) -> bool {
    let scene = kill.scene;
    scene.open + scene.close + scene.unposted > 0 || matches!(kill.aim, Phase::Replay)
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
