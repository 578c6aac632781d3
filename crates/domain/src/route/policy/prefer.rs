//! [`Prefer`]: what a rule prefers among the endpoints that are left.

use super::{Pattern, PolicyError, short};
use crate::route::Percentiles;

/// What a rule prefers. A field that is absent leaves the outer layer's word in force.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prefer {
    /// Providers or endpoint tags to try first, in this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<String>>,
    /// Replaces load balancing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
    /// Endpoints that are measured below one of these tokens per second are moved last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_throughput: Option<Cutoffs>,
    /// Endpoints that are measured above one of these seconds to the first token are moved last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_latency: Option<Cutoffs>,
    /// How the automatic router chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<Auto>,
    /// Model of requests that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
}

/// By what endpoints are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortBy {
    /// Cheapest first.
    Price,
    /// Most tokens per second first.
    Throughput,
    /// Shortest time to first token first.
    Latency,
    /// Best tool calling first.
    Exacto,
}

/// Whether endpoints of several models are sorted model by model or all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Partition {
    /// Model by model, in the caller's order of models.
    #[default]
    Model,
    /// All together.
    None,
}

/// A sort that replaces load balancing: `"price"` or `{"by": "price", "partition": "none"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "SortText", into = "SortText")]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Across models or within.
    pub partition: Partition,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum SortText {
    Name(SortBy),
    Object {
        by: SortBy,
        #[serde(default)]
        partition: Option<Partition>,
    },
}

impl From<SortText> for Sort {
    fn from(text: SortText) -> Self {
        match text {
            SortText::Name(by) => Self { by, partition: Partition::Model },
            SortText::Object { by, partition } => Self { by, partition: partition.unwrap_or_default() },
        }
    }
}

impl From<Sort> for SortText {
    fn from(sort: Sort) -> Self {
        match sort.partition {
            Partition::Model => Self::Name(sort.by),
            Partition::None => Self::Object { by: sort.by, partition: Some(Partition::None) },
        }
    }
}

/// Cut-offs per percentile: a number, which means the median, or an object of percentiles. All that are given must hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(from = "CutoffText", into = "Percentiles")]
pub struct Cutoffs(pub Percentiles);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum CutoffText {
    Median(f64),
    Each(Percentiles),
}

impl From<CutoffText> for Cutoffs {
    fn from(text: CutoffText) -> Self {
        match text {
            CutoffText::Median(median) => Self(Percentiles { p50: Some(median), ..Percentiles::default() }),
            CutoffText::Each(each) => Self(each),
        }
    }
}

impl From<Cutoffs> for Percentiles {
    fn from(cutoffs: Cutoffs) -> Self {
        cutoffs.0
    }
}

impl Cutoffs {
    /// Whether some measured percentile breaks its cut-off; what was not measured breaks nothing.
    #[must_use]
    pub fn broken_by(&self, measured: &Percentiles, breaks: fn(f64, f64) -> bool) -> bool {
        let pairs = [
            (self.0.p50, measured.p50),
            (self.0.p75, measured.p75),
            (self.0.p90, measured.p90),
            (self.0.p99, measured.p99),
        ];
        pairs.iter().any(|pair| matches!(pair, (Some(cutoff), Some(measured)) if breaks(*measured, *cutoff)))
    }

    /// Whether all cut-offs are numbers of 0 or more.
    #[must_use]
    pub fn is_usable(self) -> bool {
        let values = [self.0.p50, self.0.p75, self.0.p90, self.0.p99];
        values.iter().flatten().all(|value| value.is_finite() && *value >= 0.0)
    }

    fn check(self, field: &str) -> Result<(), PolicyError> {
        if self.is_usable() { Ok(()) } else { Err(PolicyError::new(field, "must be 0 or more")) }
    }
}

/// How the automatic router chooses.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auto {
    /// Only these models; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_models: Option<Vec<Pattern>>,
    /// Never these models; applied after the allowances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_models: Vec<Pattern>,
    /// The band of prices; `low` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_tier: Option<CostTier>,
}

/// A band of prices of the automatic router; cheaper and dearer models are both left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CostTier {
    /// The cheapest band.
    #[default]
    Low,
    /// The second.
    Medium,
    /// The third.
    High,
    /// The fourth.
    Xhigh,
    /// The dearest, without upper end.
    Max,
}

impl Prefer {
    /// Whether it prefers nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        self.order.as_ref().map_or(Ok(()), |list| short("prefer.order", list))?;
        self.min_throughput.map_or(Ok(()), |cutoffs| cutoffs.check("prefer.min_throughput"))?;
        self.max_latency.map_or(Ok(()), |cutoffs| cutoffs.check("prefer.max_latency"))?;
        let Some(auto) = &self.auto else { return Ok(()) };
        auto.allowed_models.as_ref().map_or(Ok(()), |list| short("prefer.auto.allowed_models", list))?;
        short("prefer.auto.excluded_models", &auto.excluded_models)
    }
}
