//! Which models a list shows, and in which order.

use super::shape::top_endpoint;
use crate::error::ControlError;
use crate::query::Params;
use domain::catalog::{Catalog, Model};
use domain::money::UnitPrice;
use domain::time::Timestamp;
use std::cmp::Reverse;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which models, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents the query; parameters are read one by one")]
pub(crate) struct ModelListParams {
    /// Models to skip.
    offset: Option<u32>,
    /// Models per page, 1 to 1000; everything when both `offset` and `limit` are absent.
    limit: Option<u32>,
    /// Comma-separated outputs, any of which will do; `text` when absent, `all` for every model.
    output_modalities: Option<String>,
    /// Comma-separated inputs, all of which must be understood.
    input_modalities: Option<String>,
    /// Comma-separated request parameters, all of which must be supported.
    supported_parameters: Option<String>,
    /// Text that id, name or description contains; the first 100 characters count.
    q: Option<String>,
    /// Smallest context in tokens.
    context: Option<u64>,
    /// Smallest prompt price, US dollars per million tokens.
    min_price: Option<String>,
    /// Largest prompt price, US dollars per million tokens.
    max_price: Option<String>,
    /// Smallest answer price, US dollars per million tokens.
    min_output_price: Option<String>,
    /// Largest answer price, US dollars per million tokens.
    max_output_price: Option<String>,
    /// Comma-separated authors: the part of the id before the slash.
    model_authors: Option<String>,
    /// Comma-separated provider handles or names.
    providers: Option<String>,
    /// Only models with an endpoint that keeps no data.
    zdr: Option<bool>,
    /// Smallest age in days.
    min_age_days: Option<u64>,
    /// Largest age in days.
    max_age_days: Option<u64>,
    /// `newest`, `pricing-low-to-high`, `pricing-high-to-low`, `context-high-to-low`; orders by figures that are not
    /// measured here keep the default order.
    sort: Option<String>,
}

const OUTPUTS: [&str; 10] =
    ["all", "text", "image", "embeddings", "audio", "video", "rerank", "decisions", "speech", "transcription"];
const INPUTS: [&str; 5] = ["text", "image", "audio", "file", "video"];
const UNMEASURED_SORTS: [&str; 8] = [
    "most-popular",
    "top-weekly",
    "throughput-high-to-low",
    "latency-low-to-high",
    "intelligence-high-to-low",
    "coding-high-to-low",
    "agentic-high-to-low",
    "design-arena-elo-high-to-low",
];
const QUERY_MAX: usize = 100;
const AGE_MAX: u64 = 100_000;

#[derive(Clone, Copy)]
enum Order {
    Default,
    Newest,
    Cheapest,
    Dearest,
    Context,
}

/// Conditions read from a query.
pub(super) struct Filter {
    outputs: Vec<String>,
    inputs: Vec<String>,
    parameters: Vec<String>,
    text: Option<String>,
    context: u64,
    prompt: Range,
    completion: Range,
    authors: Option<Vec<String>>,
    providers: Option<Vec<String>>,
    zdr: bool,
    born_after: Option<i64>,
    born_before: Option<i64>,
    order: Order,
}

struct Range {
    min: Option<UnitPrice>,
    max: Option<UnitPrice>,
}

impl Range {
    fn has(&self, price: UnitPrice) -> bool {
        self.min.is_none_or(|min| price >= min) && self.max.is_none_or(|max| price <= max)
    }
}

impl Filter {
    /// Reads the outputs alone, for lists that know no other condition.
    pub(super) fn outputs(params: &Params) -> Result<Self, ControlError> {
        let outputs = vocabulary(params, "output_modalities", &OUTPUTS)?.unwrap_or_else(|| vec!["text".to_owned()]);
        Ok(Self::of_outputs(outputs))
    }

    /// Models with any of the outputs.
    pub(super) fn of_outputs(outputs: Vec<String>) -> Self {
        let any = || Range { min: None, max: None };
        Self {
            outputs,
            inputs: Vec::new(),
            parameters: Vec::new(),
            text: None,
            context: 0,
            prompt: any(),
            completion: any(),
            authors: None,
            providers: None,
            zdr: false,
            born_after: None,
            born_before: None,
            order: Order::Default,
        }
    }

    /// Reads every condition.
    pub(super) fn read(params: &Params, now: Timestamp) -> Result<Self, ControlError> {
        let born =
            |days: Option<u64>| days.map(|days| now.seconds() - i64::try_from(days * 86_400).unwrap_or(i64::MAX));
        Ok(Self {
            inputs: vocabulary(params, "input_modalities", &INPUTS)?.unwrap_or_default(),
            parameters: params.words("supported_parameters").unwrap_or_default(),
            text: params.one("q")?.map(|text| text.chars().take(QUERY_MAX).collect::<String>().to_lowercase()),
            context: params.number("context", 0, u64::MAX)?.unwrap_or(0),
            prompt: Range { min: price(params, "min_price")?, max: price(params, "max_price")? },
            completion: Range { min: price(params, "min_output_price")?, max: price(params, "max_output_price")? },
            authors: params.words("model_authors"),
            providers: params.words("providers"),
            zdr: params.flag("zdr")?,
            born_after: born(params.number("max_age_days", 0, AGE_MAX)?),
            born_before: born(params.number("min_age_days", 0, AGE_MAX)?),
            order: order(params)?,
            ..Self::outputs(params)?
        })
    }

    /// The models that meet every condition, in order.
    pub(super) fn select(&self, catalog: &Catalog) -> Vec<Arc<Model>> {
        let mut models: Vec<_> = catalog.models().iter().filter(|model| self.admits(model)).cloned().collect();
        let cost = |model: &Arc<Model>| {
            let price = top_endpoint(model).map(|endpoint| &endpoint.price);
            price.map_or(0, |price| price.prompt.femtos().saturating_add(price.completion.femtos()))
        };
        match self.order {
            Order::Default => {}
            Order::Newest => models.sort_by_key(|model| Reverse(model.created)),
            Order::Cheapest => models.sort_by_key(cost),
            Order::Dearest => models.sort_by_key(|model| Reverse(cost(model))),
            Order::Context => models.sort_by_key(|model| Reverse(model.context_length)),
        }
        models
    }

    fn admits(&self, model: &Model) -> bool {
        let Some(top) = top_endpoint(model) else { return false };
        let is_output = |wanted: &String| wanted == "all" || model.output_modalities.contains(wanted);
        let is_author = |authors: &Vec<String>| {
            let author = model.id.split('/').next().unwrap_or_default().to_lowercase();
            authors.contains(&author)
        };
        let is_known_age = self.born_after.is_none() && self.born_before.is_none() || model.created > 0;
        self.outputs.iter().any(is_output)
            && self.inputs.iter().all(|input| model.input_modalities.contains(input))
            && self.parameters.iter().all(|name| model.supported_parameters.contains(name))
            && self.text.as_ref().is_none_or(|text| contains(model, text))
            && model.context_length >= self.context
            && self.prompt.has(top.price.prompt)
            && self.completion.has(top.price.completion)
            && self.authors.as_ref().is_none_or(is_author)
            && self.providers.as_ref().is_none_or(|wanted| is_served_by(model, wanted))
            && (!self.zdr || model.endpoints.iter().any(|endpoint| endpoint.data_policy.zdr == Some(true)))
            && is_known_age
            && self.born_after.is_none_or(|moment| model.created >= moment)
            && self.born_before.is_none_or(|moment| model.created <= moment)
    }
}

fn contains(model: &Model, text: &str) -> bool {
    [&model.id, &model.name, &model.description].into_iter().any(|field| field.to_lowercase().contains(text))
}

fn is_served_by(model: &Model, wanted: &[String]) -> bool {
    model.endpoints.iter().any(|endpoint| {
        let provider = &endpoint.provider;
        wanted.contains(&provider.slug) || wanted.contains(&provider.name.to_lowercase())
    })
}

fn vocabulary(params: &Params, name: &'static str, known: &[&str]) -> Result<Option<Vec<String>>, ControlError> {
    let Some(words) = params.words(name) else { return Ok(None) };
    if words.iter().all(|word| known.contains(&word.as_str())) {
        return Ok(Some(words));
    }
    Err(ControlError::invalid(name, format!("must be of: {}", known.join(", "))))
}

fn price(params: &Params, name: &'static str) -> Result<Option<UnitPrice>, ControlError> {
    let Some(text) = params.one(name)? else { return Ok(None) };
    let price = UnitPrice::parse_per_million(text).ok().filter(|price| *price >= UnitPrice::ZERO);
    let wrong = || ControlError::invalid(name, "must be a decimal number of US dollars per million tokens");
    price.map(Some).ok_or_else(wrong)
}

fn order(params: &Params) -> Result<Order, ControlError> {
    match params.one("sort")? {
        None => Ok(Order::Default),
        Some("newest") => Ok(Order::Newest),
        Some("pricing-low-to-high") => Ok(Order::Cheapest),
        Some("pricing-high-to-low") => Ok(Order::Dearest),
        Some("context-high-to-low") => Ok(Order::Context),
        Some(other) if UNMEASURED_SORTS.contains(&other) => Ok(Order::Default),
        Some(_) => Err(ControlError::invalid("sort", "is not a known order")),
    }
}
