//! Plans a request over and over, so that `tests/planning/cost.py` can count what a plan costs.
//!
//! ```text
//! planning CATALOGUE CASE TIMES
//! ```
//!
//! `endpoints` is a model with thirty endpoints, `auto` is `openrouter/auto` over the catalogue in the folder, all of whose
//! providers are taken for connected. Everything that depends on the request alone is done anew each time: understanding the
//! model ids, reading the request's wishes, merging the layers, filtering, ordering. The health book of a node is stood in for by a hash map with
//! measurements of every endpoint; it is looked into as often as the book is.

use domain::catalog::file::{ModelText, ProviderText};
use domain::catalog::{Catalog, CatalogBuilder, Endpoint};
use domain::money::Amount;
use domain::route::policy::{Facts, Layer};
use domain::route::{Balance, Health, Intent, Need, Percentiles, Question, RequestRouting, plan, resolve};
use serde_json::json;
use std::collections::HashMap;
use std::error::Error;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// A map without a seed of its own, so that two runs take the same steps.
type Book = HashMap<u64, Health, BuildHasherDefault<DefaultHasher>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(planned) => {
            // The sum keeps the work from being optimised away.
            write(&format!("{planned} attempts\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            write(&format!("{error}\n"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the program's answer")]
fn write(text: &str) {
    print!("{text}");
}

fn run(arguments: &[String]) -> Result<usize, Box<dyn Error>> {
    let [folder, case, times] = arguments else { return Err("planning CATALOGUE endpoints|auto TIMES".into()) };
    let (catalog, model) = match case.as_str() {
        "endpoints" => (thirty()?, "house/model"),
        "auto" => (shipped(Path::new(folder))?, "openrouter/auto"),
        other => return Err(format!("no case {other:?}").into()),
    };
    let book = book(&catalog);
    let account = json!({"scope": "account", "rules": [{"restrict": {"ignored_models": ["nobody/*"]}}]});
    let account = Arc::new(serde_json::from_value::<Layer>(account)?);
    let mut planned = 0;
    for seed in 0..times.parse::<u64>()? {
        planned += attempts(&catalog, &book, &account, model, black_box(seed))?;
    }
    Ok(planned)
}

/// One plan, from the words of the request to the ordered attempts.
fn attempts(
    catalog: &Catalog,
    book: &Book,
    account: &Arc<Layer>,
    model: &str,
    seed: u64,
) -> Result<usize, Box<dyn Error>> {
    let mut words = RequestRouting::default();
    words.provider(r#"{"ignore": ["nobody"], "max_price": {"completion": "400"}, "data_collection": "allow"}"#)?;
    let layers = [Arc::clone(account), Arc::new(words.layer())];
    let need = Need { parameters: vec!["tools", "temperature"], prompt_tokens: 900, ..Need::default() };
    let wanted = resolve(catalog, &[model.to_owned()], need.output, "2026-11-21")?;
    let question = Question {
        wanted: &wanted,
        need: &need,
        catalog,
        today: "2026-11-21",
        health: &|endpoint| book.get(&identity(endpoint)).copied().unwrap_or_default(),
        ceiling: &|_| Amount::ZERO,
        served_before: &|endpoint| identity(endpoint) == 0,
        balance: Balance::InversePrice,
        seed,
    };
    Ok(plan(&question, &Intent::of(&layers, &Facts::default(), seed)).attempts.len())
}

fn identity(endpoint: &Endpoint) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&endpoint.model_id, &endpoint.tag).hash(&mut hasher);
    hasher.finish()
}

/// Measurements of every endpoint, a little different each.
fn book(catalog: &Catalog) -> Book {
    let spread = |p50: u32| {
        let at = |factor: u32| Some(f64::from(p50.saturating_mul(factor)));
        Percentiles { p50: at(1), p75: at(2), p90: at(3), p99: at(5) }
    };
    let endpoints = catalog.models().iter().flat_map(|model| &model.endpoints);
    endpoints
        .zip((0..97u32).cycle())
        .map(|(endpoint, at)| {
            let health = Health { throughput: spread(40 + at), latency: spread(1 + at % 7), ..Health::default() };
            (identity(endpoint), health)
        })
        .collect()
}

/// A model with thirty endpoints of thirty providers.
fn thirty() -> Result<Catalog, Box<dyn Error>> {
    let mut builder = CatalogBuilder::default();
    let mut endpoints = Vec::new();
    for at in 0..30u32 {
        let slug = format!("provider-{at}");
        let provider = json!({"slug": slug, "name": slug.to_uppercase(), "dialect": "openai"});
        builder.provider(serde_json::from_value::<ProviderText>(provider)?);
        let price = json!({"prompt": format!("0.{}", 20 + at), "completion": format!("1.{}", 20 + at)});
        endpoints.push(json!({"provider": slug, "upstream_id": "m", "price": price}));
    }
    let parameters = ["max_tokens", "temperature", "top_p", "tools", "tool_choice", "response_format", "seed", "stop"];
    let model = json!({"id": "house/model", "context_length": 128_000, "supported_parameters": parameters, "endpoints": endpoints});
    builder.model(serde_json::from_value::<ModelText>(model)?);
    Ok(builder.build()?)
}

/// The catalogue in a folder.
fn shipped(folder: &Path) -> Result<Catalog, Box<dyn Error>> {
    let mut builder = CatalogBuilder::default();
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    for provider in serde_json::from_str::<Vec<ProviderText>>(&read(&folder.join("providers.json"))?)? {
        builder.provider(provider);
    }
    for entry in std::fs::read_dir(folder.join("models"))? {
        for model in serde_json::from_str::<Vec<ModelText>>(&read(&entry?.path())?)? {
            builder.model(model);
        }
    }
    Ok(builder.build()?)
}
