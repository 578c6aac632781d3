//! What a run stands on: the simulators, the models with their prices, and the configuration that names them.

use anyhow::Context as _;
use simulator::{Options, Scenario, Simulator};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

/// How often the server posts settlements: long, so that kills fall before, into and after a posting.
pub const DRAIN_INTERVAL: Duration = Duration::from_millis(150);
/// Text of the model whose answers are larger than any socket buffer, in bytes.
pub const FLOOD_BYTES: usize = 5 << 20;
/// Tokens in one event of that model.
const FLOOD_PIECE: u64 = 4096;
/// Tokens of context of every model: above everything that a run asks for, so that no usage is clamped.
const CONTEXT: u64 = 16_000_000;

/// A price in nano-dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Per million prompt tokens.
    pub prompt: u64,
    /// Per million answer tokens.
    pub completion: u64,
}

impl Price {
    /// Nano-dollars of a request, the fraction rounded up once. Worked out here from the printed prices alone, so that it
    /// shares nothing with the product's arithmetic.
    pub fn cost(self, prompt_tokens: u64, completion_tokens: u64) -> i64 {
        let exact = u128::from(prompt_tokens) * u128::from(self.prompt)
            + u128::from(completion_tokens) * u128::from(self.completion);
        i64::try_from(exact.div_ceil(1_000_000)).unwrap_or(i64::MAX)
    }
}

/// A model of the run.
#[derive(Debug)]
pub struct Model {
    /// Its id at the gateway.
    pub id: &'static str,
    /// Providers in their order, with the model's name there.
    endpoints: &'static [(&'static str, &'static str)],
    /// What it costs, wherever it is served.
    pub price: Price,
}

/// The three formats, plain; prices with odd fractions, so that rounding shows.
pub const PLAIN: [Model; 3] = [
    Model {
        id: "chaos/openai",
        endpoints: &[("oa", "echo-1")],
        price: Price { prompt: 1_234_567_891, completion: 3_070_707_077 },
    },
    Model {
        id: "chaos/anthropic",
        endpoints: &[("an", "echo-1")],
        price: Price { prompt: 3_000_000_001, completion: 15_000_000_003 },
    },
    Model {
        id: "chaos/gemini",
        endpoints: &[("ge", "echo-1")],
        price: Price { prompt: 99_999_999, completion: 400_000_007 },
    },
];

/// A model whose first endpoint fails half of the time.
pub const FAILOVER: Model = Model {
    id: "chaos/failover",
    endpoints: &[("oa", "echo-1~headers.fail_share=0.5"), ("an", "echo-1")],
    price: Price { prompt: 777_777_777, completion: 2_222_222_223 },
};

/// A model whose answers do not fit into socket buffers.
pub const FLOOD: Model = Model {
    id: "chaos/flood",
    endpoints: &[("oa", "flood-1")],
    price: Price { prompt: 10_000_001, completion: 30_000_001 },
};

/// The simulators of a run, one per format.
#[derive(Debug)]
pub struct Providers {
    all: [(&'static str, &'static str, Simulator); 3],
}

impl Providers {
    /// Starts them on ports that the system chooses.
    ///
    /// # Errors
    /// When a port cannot be listened on.
    pub async fn start(seed: u64) -> anyhow::Result<Self> {
        let start = async |offset| {
            let listen = SocketAddr::from(([127, 0, 0, 1], 0));
            let options = Options { listen, seed: seed.wrapping_add(offset), ..Options::default() };
            Simulator::start(options).await.context("a simulator cannot listen")
        };
        let all = [
            ("oa", "openai", start(1).await?),
            ("an", "anthropic", start(2).await?),
            ("ge", "gemini", start(3).await?),
        ];
        let mut flood = Scenario::default();
        flood.answer.text = Some("deep water ".repeat(FLOOD_BYTES / 11));
        flood.body.tokens_per_chunk = Some(FLOOD_PIECE);
        for (_, _, simulator) in &all {
            simulator.set_scenario("flood-1", flood.clone());
        }
        Ok(Self { all })
    }

    /// Everything that any of them saw.
    pub fn observed(&self) -> Vec<simulator::Observed> {
        self.all.iter().flat_map(|(_, _, simulator)| simulator.observed()).collect()
    }

    /// The configuration file of the server under test.
    pub fn configuration(&self, postgres: Option<&str>) -> String {
        let mut text = format!(
            "[catalog]\nshipped = false\n[upstreams]\nfrom_environment = false\n[demo]\nenabled = false\n\
             [log]\nlevel = \"portolan=info,warn\"\nformat = \"json\"\n[journal]\ndrain_interval = \"{}ms\"\n",
            DRAIN_INTERVAL.as_millis()
        );
        if let Some(url) = postgres {
            let _infallible = writeln!(text, "[database]\nurl = {url:?}");
        }
        for (slug, dialect, simulator) in &self.all {
            let address = simulator.address();
            let path = if *dialect == "openai" { "/v1" } else { "" };
            let _infallible = writeln!(
                text,
                "[providers.{slug}]\ndialect = \"{dialect}\"\nbase_url = \"http://{address}{path}\"\napi_key = \"sk-{slug}\""
            );
        }
        for model in PLAIN.iter().chain([&FAILOVER, &FLOOD]) {
            let _infallible = writeln!(
                text,
                "[[models]]\nid = \"{}\"\ncontext_length = {CONTEXT}\nmax_completion_tokens = 4000000",
                model.id
            );
            for (provider, upstream) in model.endpoints {
                let _infallible = writeln!(
                    text,
                    "[[models.endpoints]]\nprovider = \"{provider}\"\nupstream_id = \"{upstream}\"\n\
                     price = {{ prompt = \"{}\", completion = \"{}\" }}",
                    usd(model.price.prompt),
                    usd(model.price.completion)
                );
            }
        }
        text
    }
}

/// Nano-dollars as the decimal that the configuration takes.
fn usd(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}
