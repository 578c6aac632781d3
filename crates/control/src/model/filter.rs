//! Which models a list shows, and in which order.

use super::order::Order;
use super::region::Region;
use super::shape::listed_price;
use crate::error::ControlError;
use crate::query::Params;
use crate::state::Control;
use domain::catalog::Model;
use domain::money::UnitPrice;
use domain::route::stand_ins;
use domain::time::Timestamp;
use std::collections::HashMap;
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
    /// `eu` or `us`: only models with an endpoint that is known to stay there.
    region: Option<String>,
    /// Tokenizer families, comma-separated, e.g. `claude,gpt`.
    arch: Option<String>,
    /// A use, e.g. `programming`. No entry of the catalogue states one: what is asked for is checked, and nothing is left.
    category: Option<String>,
    /// Whether the author allows training on answers; models of which that is not known are left out either way.
    distillable: Option<bool>,
    /// Bounds of indices that no entry of the catalogue has: nothing is left. So do `max_intelligence_index`,
    /// `min_coding_index`, `max_coding_index`, `min_agentic_index`, `max_agentic_index`, `min_tool_success_rate` and
    /// `max_tool_success_rate`.
    min_intelligence_index: Option<String>,
    /// `newest`, `pricing-low-to-high`, `pricing-high-to-low`, `context-high-to-low`; `most-popular` and `top-weekly` by
    /// tokens on this server; `throughput-high-to-low` and `latency-low-to-high` by what this server measured. Orders by
    /// indices that no entry has keep the default order.
    sort: Option<String>,
    /// The list as an RSS feed, newest first.
    use_rss: Option<bool>,
}

const OUTPUTS: [&str; 10] =
    ["all", "text", "image", "embeddings", "audio", "video", "rerank", "decisions", "speech", "transcription"];
const INPUTS: [&str; 5] = ["text", "image", "audio", "file", "video"];
const CATEGORIES: [&str; 12] = [
    "programming",
    "roleplay",
    "marketing",
    "marketing/seo",
    "technology",
    "science",
    "translation",
    "legal",
    "finance",
    "health",
    "trivia",
    "academia",
];
/// Bounds of figures that no entry of the catalogue has.
const UNKNOWN_FIGURES: [&str; 8] = [
    "min_intelligence_index",
    "max_intelligence_index",
    "min_coding_index",
    "max_coding_index",
    "min_agentic_index",
    "max_agentic_index",
    "min_tool_success_rate",
    "max_tool_success_rate",
];
const QUERY_MAX: usize = 100;
const AGE_MAX: u64 = 100_000;

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
    region: Option<Region>,
    families: Option<Vec<String>>,
    distillable: Option<bool>,
    /// A condition on something that the catalogue does not know of any model.
    is_unknowable: bool,
    order: Order,
}

struct Range {
    min: Option<UnitPrice>,
    max: Option<UnitPrice>,
}

impl Range {
    /// A price that is not known is inside only where no bound is given.
    fn has(&self, price: Option<UnitPrice>) -> bool {
        let keeps = |bound: Option<UnitPrice>, is_kept: fn(UnitPrice, UnitPrice) -> bool| {
            bound.is_none_or(|bound| price.is_some_and(|price| is_kept(price, bound)))
        };
        keeps(self.min, |price, min| price >= min) && keeps(self.max, |price, max| price <= max)
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
            region: None,
            families: None,
            distillable: None,
            is_unknowable: false,
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
            region: region(params)?,
            families: params.words("arch"),
            distillable: params.one("distillable")?.map(|_| params.flag("distillable")).transpose()?,
            is_unknowable: asks_the_unknown(params)?,
            order: Order::read(params)?,
            ..Self::outputs(params)?
        })
    }

    /// Reads outputs and order alone, for lists of what a caller may use.
    pub(super) fn outputs_in_order(params: &Params) -> Result<Self, ControlError> {
        Ok(Self { order: Order::read(params)?, ..Self::outputs(params)? })
    }

    /// The sums of use, if the order asks for them.
    pub(super) async fn popularity(
        &self,
        control: &Control,
    ) -> Result<Option<Arc<HashMap<String, (u64, u64)>>>, ControlError> {
        if self.order.needs_popularity() { control.popularity.sums(control).await.map(Some) } else { Ok(None) }
    }

    /// The models that meet every condition, in order.
    pub(super) fn select(
        &self,
        control: &Control,
        popularity: Option<&HashMap<String, (u64, u64)>>,
    ) -> Vec<Arc<Model>> {
        let catalog = control.catalog.load();
        let beside = stand_ins(&catalog, &control.clock.now().to_date());
        let mut models: Vec<_> =
            catalog.models().iter().chain(&beside).filter(|model| self.admits(model)).cloned().collect();
        self.sort(&mut models, control, popularity);
        models
    }

    /// Puts models in the order that is asked for.
    pub(super) fn sort(
        &self,
        models: &mut [Arc<Model>],
        control: &Control,
        popularity: Option<&HashMap<String, (u64, u64)>>,
    ) {
        self.order.sort(models, control, popularity);
    }

    fn admits(&self, model: &Model) -> bool {
        // Only routers are listed without somebody who serves them.
        if self.is_unknowable || model.endpoints.is_empty() && model.stands_for.is_none() {
            return false;
        }
        let price = listed_price(model);
        let prompt = price.map(|(prompt, _)| prompt);
        let completion = price.map(|(_, completion)| completion);
        let is_family = |families: &Vec<String>| families.contains(&model.tokenizer.to_lowercase());
        let is_inside = |region: Region| model.endpoints.iter().any(|endpoint| region.holds(endpoint));
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
            && self.prompt.has(prompt)
            && self.completion.has(completion)
            && self.authors.as_ref().is_none_or(is_author)
            && self.providers.as_ref().is_none_or(|wanted| is_served_by(model, wanted))
            && (!self.zdr || model.endpoints.iter().any(|endpoint| endpoint.data_policy.zdr == Some(true)))
            && self.region.is_none_or(is_inside)
            && (self.distillable.is_none() || model.distillable == self.distillable)
            && self.families.as_ref().is_none_or(is_family)
            && is_known_age
            && self.born_after.is_none_or(|moment| model.created >= moment)
            && self.born_before.is_none_or(|moment| model.created <= moment)
    }
}

/// The kind of answer that a model gives, by its first known one; `text` when it gives none of them.
pub(super) fn known_output(model: &Model) -> &'static str {
    let gives = |output: &&&str| model.output_modalities.iter().any(|has| has == **output);
    OUTPUTS.iter().find(gives).copied().unwrap_or("text")
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

fn region(params: &Params) -> Result<Option<Region>, ControlError> {
    let Some(word) = params.one("region")? else { return Ok(None) };
    Region::parse(word).map(Some).ok_or_else(|| ControlError::invalid("region", "must be eu or us"))
}

/// Whether a condition is about something that the catalogue knows of no model. It is checked like any other.
fn asks_the_unknown(params: &Params) -> Result<bool, ControlError> {
    let mut asks = false;
    if let Some(word) = params.one("category")? {
        if !CATEGORIES.contains(&word) {
            return Err(ControlError::invalid("category", format!("must be of: {}", CATEGORIES.join(", "))));
        }
        asks = true;
    }
    for name in UNKNOWN_FIGURES {
        if let Some(text) = params.one(name)? {
            let is_number = text.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0);
            if !is_number {
                return Err(ControlError::invalid(name, "must be a number, 0 or more"));
            }
            asks = true;
        }
    }
    Ok(asks)
}
