//! Finds the model and the endpoint an entry means, and collects the documents.

use super::mapping::Mapping;
use super::prices::Prices;
use super::{ImportFormat, Imported, SkipReason, Skipped};
use crate::catalog::file::{EndpointText, ModelText};
use crate::catalog::{Catalog, Endpoint, Model, Slug};
use std::collections::BTreeMap;

/// What an entry says about one endpoint.
#[derive(Debug)]
pub(super) struct Offer {
    /// The entry's name in the document.
    pub(super) key: String,
    /// Id of the model, as the catalogue would have it.
    pub(super) model: String,
    /// Provider slug.
    pub(super) provider: String,
    /// How the endpoint is told from others of the provider.
    pub(super) place: Place,
    /// Prices, not yet tidied.
    pub(super) prices: Prices,
    /// Kinds of prices that this document cannot state; known ones stay.
    pub(super) silent: &'static [&'static str],
    /// What a new endpoint gets beside price, provider and names.
    pub(super) endpoint: EndpointText,
    /// What a new model gets beside its endpoints.
    pub(super) facts: ModelText,
}

/// How a document tells the endpoints of one provider apart.
#[derive(Debug)]
pub(super) enum Place {
    /// By the catalogue's own tag.
    Tag(String),
    /// By the provider's name of the model, and a region where the name does not hold it.
    Upstream {
        /// The provider's name of the model.
        id: String,
        /// Region.
        region: Option<String>,
    },
}

/// Collects what a document names.
pub(super) struct Collector<'a> {
    pub(super) format: ImportFormat,
    pub(super) known: &'a Catalog,
    pub(super) mapping: &'a Mapping,
    pub(super) date: &'a str,
    source: &'a str,
    models: BTreeMap<String, ModelText>,
    skipped: Vec<Skipped>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        format: ImportFormat,
        known: &'a Catalog,
        mapping: &'a Mapping,
        date: &'a str,
        source: &'a str,
    ) -> Self {
        Self { format, known, mapping, date, source, models: BTreeMap::new(), skipped: Vec::new() }
    }

    pub(super) fn finish(self) -> Imported {
        let models = self.models.into_values().filter(|model| !model.endpoints.is_empty()).collect();
        Imported { models, skipped: self.skipped }
    }

    /// Notes an entry that is left out.
    pub(super) fn skip(&mut self, id: &str, reason: SkipReason) {
        self.skipped.push(Skipped { id: id.to_owned(), reason });
    }

    /// Places an entry, or notes why it has no place.
    pub(super) fn offer(&mut self, key: &str, offer: Result<Offer, SkipReason>) {
        let placed = offer.and_then(|offer| self.place(offer));
        if let Err(reason) = placed {
            self.skip(key, reason);
        }
    }

    fn place(&mut self, mut offer: Offer) -> Result<(), SkipReason> {
        if let Some((name, _)) = offer.prices.all().find(|(_, price)| price.femtos() < 0) {
            return Err(SkipReason::Negative(name));
        }
        if !offer.prices.base.contains_key("prompt") {
            return Err(SkipReason::NoPrice);
        }
        let slug = Slug::parse(&offer.model).map_err(|_error| SkipReason::ModelId)?;
        if slug.model != offer.model {
            return Err(SkipReason::ModelId);
        }
        if self.known.provider(&offer.provider).is_none() {
            return Err(SkipReason::UnknownProvider(offer.provider));
        }
        let known = self.known.model(&offer.model);
        if let Some(other) = known.filter(|model| model.id != offer.model) {
            return Err(SkipReason::Alias(other.id.clone()));
        }
        let present = known.and_then(|model| find(model, &offer.provider, &offer.place));
        if let Some(present) = present {
            offer.prices.keep_from(&Prices::from_sheet(&present.price), offer.silent);
        }
        let free = offer.model.ends_with(":free") || self.format == ImportFormat::OpenRouter;
        let prices = std::mem::take(&mut offer.prices).tidied();
        if prices.is_free() && !free && !present.is_some_and(|present| present.price.is_free()) {
            return Err(SkipReason::ZeroPrice);
        }
        let mut endpoint = match (present, known) {
            (Some(present), _) => named(present),
            (None, known) => self.fresh(&mut offer, known.map(AsRef::as_ref))?,
        };
        endpoint.price = prices.to_text();
        self.add(offer, endpoint)
    }

    /// Names for an endpoint that the catalogue does not list yet.
    fn fresh(&self, offer: &mut Offer, known: Option<&Model>) -> Result<EndpointText, SkipReason> {
        if known.is_none() && offer.facts.context_length == 0 {
            return Err(SkipReason::NoContext);
        }
        let mut endpoint = std::mem::take(&mut offer.endpoint);
        let listed = known.is_some_and(|model| model.endpoints.iter().any(|at| at.provider.slug == offer.provider));
        match &offer.place {
            Place::Tag(tag) => {
                let unknown = || self.mapping.upstream_id(&offer.provider, &offer.model).filter(|_| !listed);
                if endpoint.upstream_id.is_empty() {
                    unknown().ok_or(SkipReason::NoUpstreamId)?.clone_into(&mut endpoint.upstream_id);
                }
                endpoint.tag = Some(tag.clone());
            }
            Place::Upstream { id, region } => {
                if listed && region.is_none() {
                    return Err(SkipReason::OtherName);
                }
                endpoint.upstream_id.clone_from(id);
                endpoint.region.clone_from(region);
                endpoint.tag = Some(match region {
                    Some(region) => format!("{}/{region}", offer.provider),
                    None => offer.provider.clone(),
                });
            }
        }
        endpoint.provider.clone_from(&offer.provider);
        Ok(endpoint)
    }

    fn add(&mut self, offer: Offer, mut endpoint: EndpointText) -> Result<(), SkipReason> {
        endpoint.source = Some(format!("{}; {}", self.source, offer.key));
        endpoint.date = Some(self.date.to_owned());
        let facts = ModelText { id: offer.model.clone(), ..offer.facts };
        let model = self.models.entry(offer.model).or_insert_with(|| {
            let source = endpoint.source.clone();
            ModelText { endpoints: Vec::new(), source, date: endpoint.date.clone(), ..facts }
        });
        if model.endpoints.iter().any(|other| other.tag == endpoint.tag) {
            return Err(SkipReason::Repeated);
        }
        model.endpoints.push(endpoint);
        Ok(())
    }
}

/// The known endpoint that a document means.
fn find<'m>(model: &'m Model, provider: &str, place: &Place) -> Option<&'m Endpoint> {
    let mut own = model.endpoints.iter().filter(|endpoint| endpoint.provider.slug == provider).map(AsRef::as_ref);
    match place {
        Place::Tag(tag) => own.find(|endpoint| endpoint.tag == *tag),
        Place::Upstream { id, region } => own.find(|endpoint| {
            let in_name = |region: &String| id.starts_with(&format!("{region}."));
            endpoint.upstream_id == *id && (endpoint.region == *region || endpoint.region.as_ref().is_some_and(in_name))
        }),
    }
}

fn named(endpoint: &Endpoint) -> EndpointText {
    EndpointText {
        provider: endpoint.provider.slug.clone(),
        upstream_id: endpoint.upstream_id.clone(),
        tag: Some(endpoint.tag.clone()),
        quantization: endpoint.quantization.clone(),
        region: endpoint.region.clone(),
        ..EndpointText::default()
    }
}
