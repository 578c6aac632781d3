//! The request's `provider` object, checked.

use super::policy::MaxPrice;

/// Routing preferences of a request. Field meanings follow the public `provider` object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Provider slugs to try first, in this order.
    pub order: Vec<String>,
    /// Only these providers.
    pub only: Vec<String>,
    /// Never these providers.
    pub ignore: Vec<String>,
    /// Whether anything beyond the primary choice may be tried.
    pub allow_fallbacks: bool,
    /// Drop endpoints that lack a parameter in use.
    pub require_parameters: bool,
    /// Only providers that neither store nor train.
    pub deny_data_collection: bool,
    /// Only endpoints with zero data retention.
    pub zdr: bool,
    /// Only these weight formats.
    pub quantizations: Vec<String>,
    /// Replaces load balancing.
    pub sort: Option<Sort>,
    /// Price ceilings.
    pub max_price: MaxPrice,
}

/// How to sort instead of balancing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Cheapest first.
    Price,
    /// Most tokens per second first.
    Throughput,
    /// Shortest time to first token first.
    Latency,
    /// Best tool-calling first.
    Exacto,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            only: Vec::new(),
            ignore: Vec::new(),
            allow_fallbacks: true,
            require_parameters: false,
            deny_data_collection: false,
            zdr: false,
            quantizations: Vec::new(),
            sort: None,
            max_price: MaxPrice::default(),
        }
    }
}

/// A `provider` object that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("provider.{field}: {problem}")]
pub struct PreferenceError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong.
    pub problem: &'static str,
}

const LIST_MAX: usize = 100;

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum SortText {
    Name(String),
    Object { by: String },
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Text {
    order: Option<Vec<String>>,
    only: Option<Vec<String>>,
    ignore: Option<Vec<String>>,
    allow_fallbacks: Option<bool>,
    require_parameters: Option<bool>,
    data_collection: Option<String>,
    zdr: Option<bool>,
    quantizations: Option<Vec<String>>,
    sort: Option<SortText>,
    max_price: Option<MaxPrice>,
}

impl Preferences {
    /// Reads the JSON of a `provider` object. Fields that this version does not know are ignored.
    ///
    /// # Errors
    /// [`PreferenceError`] naming the field.
    pub fn parse(json: &str) -> Result<Self, PreferenceError> {
        let shape = PreferenceError { field: "*", problem: "not an object of the documented shape" };
        // Serde would read an array as a struct, field by field.
        let object = json.trim_start().starts_with('{').then_some(json).ok_or_else(|| shape.clone())?;
        let text: Text = serde_json::from_str(object).map_err(|_error| shape)?;
        let list = |field, list: Option<Vec<String>>| match list.unwrap_or_default() {
            long if long.len() > LIST_MAX => Err(PreferenceError { field, problem: "more than 100 entries" }),
            list => Ok(list),
        };
        Ok(Self {
            order: list("order", text.order)?,
            only: list("only", text.only)?,
            ignore: list("ignore", text.ignore)?,
            allow_fallbacks: text.allow_fallbacks.unwrap_or(true),
            require_parameters: text.require_parameters.unwrap_or(false),
            deny_data_collection: match text.data_collection.as_deref() {
                None | Some("allow") => false,
                Some("deny") => true,
                Some(_) => return Err(PreferenceError { field: "data_collection", problem: "must be allow or deny" }),
            },
            zdr: text.zdr.unwrap_or(false),
            quantizations: list("quantizations", text.quantizations)?,
            sort: text.sort.map(sort).transpose()?,
            max_price: text.max_price.unwrap_or_default(),
        })
    }
}

fn sort(text: SortText) -> Result<Sort, PreferenceError> {
    let (SortText::Name(name) | SortText::Object { by: name }) = text;
    match name.as_str() {
        "price" => Ok(Sort::Price),
        "throughput" => Ok(Sort::Throughput),
        "latency" => Ok(Sort::Latency),
        "exacto" => Ok(Sort::Exacto),
        _ => Err(PreferenceError { field: "sort", problem: "must be price, throughput, latency or exacto" }),
    }
}
