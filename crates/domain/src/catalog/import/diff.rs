//! What an import would change, what it refuses, and the documents that result.

use super::prices::{KINDS, Kind, Prices, kind};
use crate::catalog::file::{EndpointText, ModelText};
use crate::money::{PriceError, TOKEN_PRICE_MAX, UnitPrice};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// How an import is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportRules {
    /// Accepts what would be refused.
    pub force: bool,
    /// The day from which changed prices hold, `YYYY-MM-DD`.
    pub effective_from: String,
}

/// An endpoint that the catalogue did not list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Added {
    /// Model id.
    pub model: String,
    /// Tag of the endpoint.
    pub endpoint_tag: String,
    /// Whether the model is new too.
    pub new_model: bool,
    /// USD per million prompt tokens.
    pub prompt: String,
    /// USD per million answer tokens.
    pub completion: String,
}

/// A price that changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PriceChange {
    /// Model id.
    pub model: String,
    /// Tag of the endpoint.
    pub endpoint_tag: String,
    /// Component, and from which prompt length on: `prompt`, `completion above 200000 tokens`.
    pub field: String,
    /// Price so far in USD, tokens per million and items each; none when another component's price applied.
    pub from: Option<String>,
    /// New price, likewise.
    pub to: Option<String>,
}

/// Why a price is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// A token price above 0.001 USD per token.
    #[error("above 1000 USD per million tokens")]
    AboveLimit,
    /// More than tenfold, or less than a tenth; so is anything instead of nothing.
    #[error("changes more than tenfold")]
    Tenfold,
    /// A new endpoint, more than ten times dearer or cheaper than every other of its model.
    #[error("more than tenfold away from every other endpoint of the model")]
    FarFromOthers,
}

/// A price that is not accepted; its endpoint keeps the prices it has, a new one is not added.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// Model id.
    pub model: String,
    /// Tag of the endpoint.
    pub endpoint_tag: String,
    /// Component, as in [`PriceChange`].
    pub field: String,
    /// Price so far, as in [`PriceChange`].
    pub from: Option<String>,
    /// The refused price.
    pub to: Option<String>,
    /// Why.
    pub reason: RefusalReason,
}

/// A document to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredModel {
    /// Names the content: the first 16 hexadecimal digits of the SHA-256 of the document.
    pub version: String,
    /// The whole model, imported endpoints merged in.
    pub document: ModelText,
}

/// What an import would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportDiff {
    /// New endpoints.
    pub added: Vec<Added>,
    /// Changed prices.
    pub changed: Vec<PriceChange>,
    /// Endpoints that were named and stay as they are.
    pub unchanged: usize,
    /// Refused prices.
    pub refused: Vec<Refusal>,
    /// The models that change, ready to store.
    pub documents: Vec<StoredModel>,
}

/// Compares imported models with the documents in force.
///
/// # Errors
/// [`PriceError`] when a document in force, or an imported one, has a price text that cannot be read.
pub fn diff<'a>(
    current: impl IntoIterator<Item = &'a ModelText>,
    imported: &[ModelText],
    rules: &ImportRules,
) -> Result<ImportDiff, PriceError> {
    let current: HashMap<&str, &ModelText> = current.into_iter().map(|model| (model.id.as_str(), model)).collect();
    let mut result = ImportDiff::default();
    for model in imported {
        if let Some(document) = merged(current.get(model.id.as_str()).copied(), model, rules, &mut result)? {
            let version = version(&document);
            result.documents.push(StoredModel { version, document });
        }
    }
    Ok(result)
}

/// The model with the accepted endpoints merged in; none when nothing changes.
fn merged(
    current: Option<&ModelText>,
    imported: &ModelText,
    rules: &ImportRules,
    result: &mut ImportDiff,
) -> Result<Option<ModelText>, PriceError> {
    let mut document = current.cloned().unwrap_or_else(|| ModelText { endpoints: Vec::new(), ..imported.clone() });
    let mut touched = false;
    for endpoint in &imported.endpoints {
        let at = document.endpoints.iter().position(|known| tag(known) == tag(endpoint));
        touched |= match at.and_then(|at| document.endpoints.get_mut(at)) {
            Some(known) => change(&imported.id, known, endpoint, rules, result)?,
            None => add(&mut document, current.is_none(), endpoint, rules, result)?,
        };
    }
    Ok(touched.then_some(document))
}

/// Takes over the prices of a known endpoint, unless they are the same or refused.
fn change(
    model: &str,
    known: &mut EndpointText,
    new: &EndpointText,
    rules: &ImportRules,
    result: &mut ImportDiff,
) -> Result<bool, PriceError> {
    let (from, to) = (Prices::from_text(&known.price)?, Prices::from_text(&new.price)?);
    let steps = steps(&from, &to);
    if steps.is_empty() {
        result.unchanged += 1;
        return Ok(false);
    }
    let refused: Vec<(&Step, RefusalReason)> = steps.iter().filter_map(|step| Some((step, judge(step)?))).collect();
    if !refused.is_empty() && !rules.force {
        let of = |(step, reason): (&Step, RefusalReason)| step.refusal(model, tag(new), reason);
        result.refused.extend(refused.into_iter().map(of));
        return Ok(false);
    }
    result.changed.extend(steps.iter().map(|step| step.change(model, tag(new))));
    known.price.clone_from(&new.price);
    known.price.above_limit = above_limit(&to).is_some();
    known.source.clone_from(&new.source);
    known.date.clone_from(&new.date);
    known.effective_from = Some(rules.effective_from.clone());
    Ok(true)
}

/// Appends a new endpoint, unless its price is refused.
fn add(
    document: &mut ModelText,
    new_model: bool,
    new: &EndpointText,
    rules: &ImportRules,
    result: &mut ImportDiff,
) -> Result<bool, PriceError> {
    let prices = Prices::from_text(&new.price)?;
    let too_dear = above_limit(&prices);
    let refused = match too_dear {
        Some(name) => Some((name, RefusalReason::AboveLimit)),
        None => far_from_others(document, &prices)?.map(|name| (name, RefusalReason::FarFromOthers)),
    };
    if let Some((name, reason)) = refused.filter(|_| !rules.force) {
        let to = kind(name).map(|kind| shown(kind, prices.rate(kind, 0)));
        let (model, endpoint_tag) = (document.id.clone(), tag(new).to_owned());
        result.refused.push(Refusal { model, endpoint_tag, field: name.to_owned(), from: None, to, reason });
        return Ok(false);
    }
    result.added.push(Added {
        model: document.id.clone(),
        endpoint_tag: tag(new).to_owned(),
        new_model,
        prompt: new.price.prompt.clone(),
        completion: new.price.completion.clone(),
    });
    let mut endpoint = new.clone();
    endpoint.price.above_limit = too_dear.is_some();
    endpoint.effective_from = Some(rules.effective_from.clone());
    document.endpoints.push(endpoint);
    Ok(true)
}

/// The first token price above the limit.
fn above_limit(prices: &Prices) -> Option<&'static str> {
    let token = |name: &str| kind(name).is_some_and(|kind| !kind.item);
    prices.all().find(|(name, price)| token(name) && *price > TOKEN_PRICE_MAX).map(|(name, _)| name)
}

/// Whether the prompt or the answer costs more than ten times the dearest, or less than a tenth of the cheapest, other
/// endpoint of the model.
fn far_from_others(document: &ModelText, new: &Prices) -> Result<Option<&'static str>, PriceError> {
    let mut others = Vec::with_capacity(document.endpoints.len());
    for endpoint in &document.endpoints {
        others.push(Prices::from_text(&endpoint.price)?);
    }
    let far = KINDS.iter().take(2).find(|kind| {
        let price = new.rate(kind, 0);
        let rates = || others.iter().map(|other| other.rate(kind, 0));
        let low = rates().min().is_some_and(|low| price < low && tenfold(price, low));
        low || rates().max().is_some_and(|high| price > high && tenfold(high, price))
    });
    Ok(far.map(|kind| kind.name))
}

/// Whether one price is more than ten times the other.
fn tenfold(one: UnitPrice, other: UnitPrice) -> bool {
    let (one, other) = (i128::from(one.femtos()), i128::from(other.femtos()));
    one.min(other) * 10 < one.max(other)
}

/// One price that differs.
struct Step {
    kind: &'static Kind,
    above: u64,
    from: Option<UnitPrice>,
    to: Option<UnitPrice>,
    rate_from: UnitPrice,
    rate_to: UnitPrice,
}

/// The prices in which two sheets differ, as bills would: an unstated kind counts with the price that applies to it.
fn steps(from: &Prices, to: &Prices) -> Vec<Step> {
    let mut thresholds: Vec<u64> = from.thresholds().chain(to.thresholds()).collect();
    thresholds.sort_unstable();
    thresholds.dedup();
    let mut steps = Vec::new();
    for above in thresholds {
        for kind in KINDS.iter().filter(|kind| from.states(kind.name, above) || to.states(kind.name, above)) {
            let (rate_from, rate_to) = (from.rate(kind, above), to.rate(kind, above));
            if rate_from != rate_to {
                let (from, to) = (from.in_force(kind.name, above), to.in_force(kind.name, above));
                steps.push(Step { kind, above, from, to, rate_from, rate_to });
            }
        }
    }
    steps
}

fn judge(step: &Step) -> Option<RefusalReason> {
    if !step.kind.item && step.rate_to > TOKEN_PRICE_MAX {
        return Some(RefusalReason::AboveLimit);
    }
    // A fee per item that a source begins or ceases to name has no price to be compared with.
    let unpaired = step.kind.item && (step.from.is_none() || step.to.is_none());
    (!unpaired && tenfold(step.rate_from, step.rate_to)).then_some(RefusalReason::Tenfold)
}

impl Step {
    fn field(&self) -> String {
        match self.above {
            0 => self.kind.name.to_owned(),
            tokens => format!("{} above {tokens} tokens", self.kind.name),
        }
    }

    fn texts(&self) -> (Option<String>, Option<String>) {
        (self.from.map(|price| shown(self.kind, price)), self.to.map(|price| shown(self.kind, price)))
    }

    fn change(&self, model: &str, tag: &str) -> PriceChange {
        let (from, to) = self.texts();
        PriceChange { model: model.to_owned(), endpoint_tag: tag.to_owned(), field: self.field(), from, to }
    }

    fn refusal(&self, model: &str, tag: &str, reason: RefusalReason) -> Refusal {
        let (from, to) = self.texts();
        Refusal { model: model.to_owned(), endpoint_tag: tag.to_owned(), field: self.field(), from, to, reason }
    }
}

fn shown(kind: &Kind, price: UnitPrice) -> String {
    if kind.item { price.to_usd_per_unit() } else { price.to_usd_per_million() }
}

fn tag(endpoint: &EndpointText) -> &str {
    endpoint.tag.as_deref().unwrap_or(&endpoint.provider)
}

fn version(document: &ModelText) -> String {
    let mut hash = Sha256::new();
    // Every field of a document is a text, a number or a list of them: writing it cannot fail.
    hash.update(serde_json::to_vec(document).unwrap_or_default());
    hex::encode(hash.finalize().get(..8).unwrap_or_default())
}
