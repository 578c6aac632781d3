//! The routing words of a request body, read into the request's own layer: `provider`, `pin`, `max_cost`.

use super::policy::{Cutoffs, LIST_MAX, Layer, MaxPrice, Pin, Rule, Scope, Sort};
use crate::money::Amount;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// A routing field that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RequestError {
    /// Which field, with its path.
    pub field: &'static str,
    /// What is wrong.
    pub problem: &'static str,
}

const fn wrong(field: &'static str, problem: &'static str) -> RequestError {
    RequestError { field, problem }
}

/// What a request says about routing.
#[derive(Debug, Clone, Default)]
pub struct RequestRouting {
    rule: Rule,
    options: BTreeMap<String, String>,
}

impl RequestRouting {
    /// Reads the `provider` object. Fields that this version does not know are ignored.
    ///
    /// # Errors
    /// [`RequestError`] naming the field.
    pub fn provider(&mut self, json: &str) -> Result<(), RequestError> {
        let shape = wrong("provider", "must be an object that names no field twice");
        let object = json.trim_start().starts_with('{').then_some(json).ok_or_else(|| shape.clone())?;
        let fields: Fields<'_> = serde_json::from_str(object).map_err(|_error| shape)?;
        self.restrictions(&fields)?;
        let prefer = &mut self.rule.prefer;
        prefer.order = fields.list("order", "provider.order")?.filter(|order| !order.is_empty());
        let sorts = "must be price, throughput, latency or exacto, with partition model or none";
        prefer.sort = fields.read::<Sort>("sort", "provider.sort", sorts)?;
        prefer.min_throughput = fields.cutoffs("preferred_min_throughput", "provider.preferred_min_throughput")?;
        prefer.max_latency = fields.cutoffs("preferred_max_latency", "provider.preferred_max_latency")?;
        self.options(&fields)
    }

    fn restrictions(&mut self, fields: &Fields<'_>) -> Result<(), RequestError> {
        let flag = |name, path| Ok(fields.read::<bool>(name, path, "must be a boolean")?.unwrap_or(false));
        let restrict = &mut self.rule.restrict;
        // An empty list means "no wish", as in the public API; it is not "nobody".
        restrict.allowed_providers = fields.list("only", "provider.only")?.filter(|only| !only.is_empty());
        restrict.ignored_providers = fields.list("ignore", "provider.ignore")?.unwrap_or_default();
        restrict.no_fallbacks =
            !fields.read::<bool>("allow_fallbacks", "provider.allow_fallbacks", "must be a boolean")?.unwrap_or(true);
        restrict.require_parameters = flag("require_parameters", "provider.require_parameters")?;
        restrict.zdr = flag("zdr", "provider.zdr")?;
        restrict.distillable = flag("enforce_distillable_text", "provider.enforce_distillable_text")?;
        let collection =
            fields.read::<String>("data_collection", "provider.data_collection", "must be allow or deny")?;
        restrict.deny_data_collection = match collection.as_deref() {
            None | Some("allow") => false,
            Some("deny") => true,
            Some(_) => return Err(wrong("provider.data_collection", "must be allow or deny")),
        };
        restrict.quantizations =
            fields.list("quantizations", "provider.quantizations")?.filter(|formats| !formats.is_empty());
        restrict.max_price =
            fields.read::<MaxPrice>("max_price", "provider.max_price", "must hold decimal prices of 0 or more")?;
        Ok(())
    }

    fn options(&mut self, fields: &Fields<'_>) -> Result<(), RequestError> {
        let shape = "must map provider slugs to objects";
        let options = fields.read::<BTreeMap<String, &RawValue>>("options", "provider.options", shape)?;
        for (slug, value) in options.unwrap_or_default() {
            if self.options.len() >= LIST_MAX {
                return Err(wrong("provider.options", "more than 100 entries"));
            }
            if !value.get().starts_with('{') {
                return Err(wrong("provider.options", shape));
            }
            self.options.insert(slug.to_ascii_lowercase(), value.get().to_owned());
        }
        Ok(())
    }

    /// Reads `pin`.
    ///
    /// # Errors
    /// [`RequestError`] for anything but an object with at least one of `provider`, `model` and `region`.
    pub fn pin(&mut self, json: &str) -> Result<(), RequestError> {
        let shape = wrong("pin", "must be an object with provider, model or region, and nothing else");
        let object = json.trim_start().starts_with('{').then_some(json).ok_or_else(|| shape.clone())?;
        let pin: Pin = serde_json::from_str(object).map_err(|_error| shape.clone())?;
        if pin == Pin::default() {
            return Err(shape);
        }
        self.rule.restrict.pin = Some(pin);
        Ok(())
    }

    /// Reads `max_cost`: USD, a number or a decimal string.
    ///
    /// # Errors
    /// [`RequestError`] for anything else, or below zero.
    pub fn max_cost(&mut self, json: &str) -> Result<(), RequestError> {
        let text = json.trim().trim_matches('"');
        let amount = Amount::parse_usd(text).ok().filter(|amount| !amount.is_negative());
        let amount = amount.ok_or(wrong("max_cost", "must be a plain amount of USD, 0 or more"))?;
        self.rule.restrict.max_cost = Some(amount);
        Ok(())
    }

    /// What the request tells the automatic router.
    pub fn auto(&mut self, auto: super::policy::Auto) {
        self.rule.prefer.auto = Some(auto);
    }

    /// The request as a layer.
    #[must_use]
    pub fn layer(&self) -> Layer {
        Layer::always(Scope::Request, self.rule.clone())
    }

    /// The ceiling over the whole request, if it named one.
    #[must_use]
    pub const fn cost_ceiling(&self) -> Option<Amount> {
        self.rule.restrict.max_cost
    }

    /// What is to be passed through to a provider, as JSON of an object, by slug or endpoint tag.
    #[must_use]
    pub fn options_for(&self, slug: &str, tag: &str) -> Option<&str> {
        self.options.get(&tag.to_ascii_lowercase()).or_else(|| self.options.get(slug)).map(String::as_str)
    }
}

/// The fields of an object, `null` counting as absent. A field that is named twice is refused: nobody could say which one
/// is meant.
struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if fields.insert(name, value).is_some() {
                        return Err(A::Error::custom("a field is named twice"));
                    }
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Each).map(Fields)
    }
}

impl<'a> Fields<'a> {
    fn read<T: Deserialize<'a>>(
        &self,
        name: &str,
        path: &'static str,
        problem: &'static str,
    ) -> Result<Option<T>, RequestError> {
        let Some(value) = self.0.get(name).filter(|value| value.get() != "null") else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_error| wrong(path, problem))
    }

    fn list(&self, name: &str, path: &'static str) -> Result<Option<Vec<String>>, RequestError> {
        match self.read::<Vec<String>>(name, path, "must be a list of strings")? {
            Some(long) if long.len() > LIST_MAX => Err(wrong(path, "more than 100 entries")),
            list => Ok(list),
        }
    }

    fn cutoffs(&self, name: &str, path: &'static str) -> Result<Option<Cutoffs>, RequestError> {
        let problem = "must be a number of 0 or more, or an object of p50, p75, p90 and p99";
        let cutoffs = self.read::<Cutoffs>(name, path, problem)?;
        match cutoffs {
            Some(cutoffs) if !cutoffs.is_usable() => Err(wrong(path, problem)),
            cutoffs => Ok(cutoffs),
        }
    }
}
