//! `error.availability`: why no endpoint serves, in the eleven documented codes. Source: the documented availability errors
//! (2026-08-19).

use super::error::Refusal;
use dialect::decode::FailureClass;
use domain::error_kind::ErrorKind;
use domain::route::policy::Layer;
use domain::route::{Dropped, ResolveError};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Why no endpoint serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Nobody knows the model.
    ModelNotFound,
    /// The model gives something else than this route answers with.
    WrongEndpoint,
    /// No endpoint can do what is asked, or none is configured.
    NoEndpoints,
    /// The model was withdrawn.
    ModelDeprecated,
    /// Every provider says that it does not have the model.
    ModelUnavailableUpstream,
    /// Every provider is at its rate limit.
    CapacityExhausted,
    /// Nobody can serve at the moment.
    TemporarilyUnavailable,
    /// A region that is demanded serves nothing.
    RegionRestricted,
    /// Privacy leaves nothing.
    PrivacyRestricted,
    /// Other wishes leave nothing.
    ConstraintFiltered,
    /// The model is no longer offered for free.
    FreeVariantEnded,
}

impl Code {
    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ModelNotFound => "model_not_found",
            Self::WrongEndpoint => "wrong_endpoint",
            Self::NoEndpoints => "no_endpoints",
            Self::ModelDeprecated => "model_deprecated",
            Self::ModelUnavailableUpstream => "model_unavailable_upstream",
            Self::CapacityExhausted => "capacity_exhausted",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::RegionRestricted => "region_restricted",
            Self::PrivacyRestricted => "privacy_restricted",
            Self::ConstraintFiltered => "constraint_filtered",
            Self::FreeVariantEnded => "free_variant_ended",
        }
    }

    /// The error type, which decides the status.
    pub const fn kind(self) -> ErrorKind {
        match self {
            Self::ModelNotFound | Self::WrongEndpoint => ErrorKind::InvalidRequest,
            Self::CapacityExhausted => ErrorKind::RateLimitExceeded,
            Self::TemporarilyUnavailable => ErrorKind::ProviderOverloaded,
            Self::RegionRestricted => ErrorKind::PermissionDenied,
            Self::NoEndpoints
            | Self::ModelDeprecated
            | Self::ModelUnavailableUpstream
            | Self::PrivacyRestricted
            | Self::ConstraintFiltered
            | Self::FreeVariantEnded => ErrorKind::NotFound,
        }
    }

    /// The code of a request whose attempts all failed; `None` when they failed for other or different reasons.
    pub fn of_failures(classes: &[FailureClass]) -> Option<Self> {
        let all = |class: FailureClass| classes.iter().all(|has| *has == class);
        if classes.is_empty() || all(FailureClass::Overload) {
            Some(Self::TemporarilyUnavailable)
        } else if all(FailureClass::RateLimit) {
            Some(Self::CapacityExhausted)
        } else if all(FailureClass::ModelGone) {
            Some(Self::ModelUnavailableUpstream)
        } else {
            None
        }
    }
}

/// The fields of the `availability` object beside the code.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The models that were asked for, in order.
    pub requested: Vec<String>,
    /// Providers that were tried or ruled out.
    pub affected: Vec<String>,
    /// What removed endpoints, in the documented vocabulary and our own words beyond it.
    pub excluded_by: Vec<&'static str>,
    /// Which field stands in the way, and in which way.
    pub constraint: Option<(String, String)>,
    /// When to try again, in seconds.
    pub retry_after: Option<u64>,
}

impl Details {
    /// Details that name only the models.
    pub fn of(requested: &[String]) -> Self {
        Self { requested: requested.to_vec(), ..Self::default() }
    }

    /// The object.
    pub fn object(&self, code: Code) -> Value {
        let mut object = Map::new();
        object.insert("code".to_owned(), json!(code.as_str()));
        object.insert("retryable".to_owned(), json!(code.kind().is_retryable()));
        object.insert("requested_models".to_owned(), json!(self.requested));
        object.insert("docs_url".to_owned(), json!(format!("https://openrouter.ai/docs/errors#{}", code.as_str())));
        let optional = [
            ("retry_after", self.retry_after.map(|seconds| json!(seconds))),
            ("affected_providers", (!self.affected.is_empty()).then(|| json!(self.affected))),
            ("excluded_by", (!self.excluded_by.is_empty()).then(|| json!(self.excluded_by))),
            ("fallback_models", self.requested.get(1..).filter(|rest| !rest.is_empty()).map(|rest| json!(rest))),
            ("constraint", self.constraint.as_ref().map(|(field, detail)| json!({"field": field, "detail": detail}))),
        ];
        object.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(object)
    }
}

/// The refusal of a request whose model leads nowhere.
pub fn unresolved(error: &ResolveError, requested: &[String]) -> Refusal {
    let mut details = Details::of(requested);
    let code = match error {
        ResolveError::Unknown { .. } => Code::ModelNotFound,
        ResolveError::FreeEnded { base, .. } => {
            details.constraint = Some(("model".to_owned(), format!("use {base}")));
            Code::FreeVariantEnded
        }
        ResolveError::Gone { .. } => Code::ModelDeprecated,
        ResolveError::WrongEndpoint { gives, .. } => {
            let route = if gives.iter().any(|kind| kind == "embeddings") { "embeddings" } else { "chat/completions" };
            details.constraint = Some(("model".to_owned(), format!("use POST /api/v1/{route}")));
            Code::WrongEndpoint
        }
        ResolveError::Online { .. } => {
            return Refusal::new(ErrorKind::InvalidRequest, error.to_string()).meta("param", "model");
        }
    };
    let mut message = error.to_string();
    if let ResolveError::Unknown { nearest: Some(nearest), .. } = error {
        message = format!("{message}. Did you mean {nearest}?");
    }
    Refusal::unavailable(code, message, &details)
}

/// The refusal of a request whose filters left nothing: named after the filter that removed most of what is configured.
pub fn nothing_left(requested: &[String], is_router: bool, dropped: &[Dropped], layers: &[Arc<Layer>]) -> Refusal {
    // What is not configured here can never serve; the filters that removed the rest are the ones worth naming.
    let configured: Vec<&Dropped> = dropped.iter().filter(|out| !out.is_unconfigured()).collect();
    let reasons = counted(&configured);
    let model = requested.first().map_or("", String::as_str);
    let Some(telling) = reasons.first().map(|(reason, _)| *reason) else {
        let message = format!("No endpoints found for {model}: no upstream is configured for its providers");
        return Refusal::unavailable(Code::NoEndpoints, message, &Details::of(requested));
    };
    if telling == "context_length" && !is_router {
        let message = format!("The request is longer than the context of every endpoint of {model}");
        return Refusal::new(ErrorKind::ContextLengthExceeded, message);
    }
    let by = demanded_by(&configured, telling, layers);
    let code = code_of(telling);
    let details = Details {
        affected: providers(&configured),
        excluded_by: vocabulary(&reasons),
        constraint: (!by.is_empty()).then(|| (field_of(telling).to_owned(), format!("demanded by {}", by.join(", ")))),
        ..Details::of(requested)
    };
    let message = if is_router {
        "No models match your request and model restrictions".to_owned()
    } else {
        message(telling, model, &details.affected, &by)
    };
    Refusal::unavailable(code, message, &details)
}

/// Reasons with how many endpoints each removed, the most first.
fn counted(dropped: &[&Dropped]) -> Vec<(&'static str, usize)> {
    let mut reasons: Vec<(&'static str, usize)> = Vec::new();
    for out in dropped {
        match reasons.iter_mut().find(|(reason, _)| *reason == out.reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((out.reason, 1)),
        }
    }
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

/// The layers that demand what removed most.
fn demanded_by(dropped: &[&Dropped], telling: &str, layers: &[Arc<Layer>]) -> Vec<String> {
    let mut by: Vec<String> = Vec::new();
    for out in dropped.iter().filter(|out| code_of(out.reason) == code_of(telling)) {
        if let Some(label) = out.layer.and_then(|at| layers.get(at)).map(|layer| layer.label())
            && !by.contains(&label)
        {
            by.push(label);
        }
    }
    by
}

/// Most providers that an error names.
const PROVIDERS_MAX: usize = 20;

fn providers(dropped: &[&Dropped]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for out in dropped {
        let name = &out.endpoint.provider.name;
        if names.len() < PROVIDERS_MAX && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Reasons in the words of `excluded_by`; reasons that the documented vocabulary has no word for keep ours.
fn vocabulary(reasons: &[(&'static str, usize)]) -> Vec<&'static str> {
    let mut words = Vec::new();
    for (reason, _) in reasons {
        let word = match *reason {
            "ignored provider" | "allow_fallbacks is false" => "allowed_providers",
            "ignored model" => "allowed_models",
            "tool use not supported" | "input modality not supported" => "require_parameters",
            other => other,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn code_of(reason: &str) -> Code {
    match reason {
        "data_policy:training" | "data_policy:zdr" | "data_policy:publication" => Code::PrivacyRestricted,
        "data_region" => Code::RegionRestricted,
        "not free" => Code::FreeVariantEnded,
        "tool use not supported"
        | "input modality not supported"
        | "provider format not supported"
        | "service tier not asked for" => Code::NoEndpoints,
        _ => Code::ConstraintFiltered,
    }
}

/// The field that says what a reason enforces.
fn field_of(reason: &str) -> &str {
    match reason {
        "allowed_providers" => "provider.only",
        "ignored provider" => "provider.ignore",
        "allow_fallbacks is false" => "provider.allow_fallbacks",
        "data_policy:training" | "data_policy:publication" => "provider.data_collection",
        "data_policy:zdr" => "provider.zdr",
        "max_price" => "provider.max_price",
        "quantization" => "provider.quantizations",
        "require_parameters" => "provider.require_parameters",
        "enforce_distillable_text" => "provider.enforce_distillable_text",
        other => other,
    }
}

fn message(telling: &str, model: &str, served_by: &[String], by: &[String]) -> String {
    let demanded = if by.is_empty() { String::new() } else { format!(" (demanded by {})", by.join(", ")) };
    match telling {
        "tool use not supported" => {
            "No endpoints found that support tool use. To use tools, choose another model or provider.".to_owned()
        }
        "input modality not supported" => "No endpoints found that support image input".to_owned(),
        "allowed_providers" | "ignored provider" | "allow_fallbacks is false" => format!(
            "No allowed providers are available for the selected model. It is served by {}; what stands in the way is \
             {}{demanded}.",
            served_by.join(", "),
            field_of(telling)
        ),
        "data_policy:training" => {
            format!("No endpoints found matching your data policy (Paid model training){demanded}")
        }
        "data_policy:publication" => {
            format!("No endpoints found matching your data policy (Free model publication){demanded}")
        }
        "data_policy:zdr" => format!("No endpoints found matching your data policy (Zero data retention){demanded}"),
        "data_region" => format!("No endpoints found for {model} in an allowed region{demanded}"),
        "not free" => format!("{model} is no longer offered for free"),
        "pin" => format!("The pinned endpoint does not serve {model}{demanded}"),
        "max_cost" => format!("Every endpoint of {model} could cost more than max_cost allows{demanded}"),
        reason => format!("No endpoints found for {model} matching your request: {reason}{demanded}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Details};
    use dialect::decode::FailureClass;

    /// Status and error type of every code, as documented.
    const TABLE: [(Code, &str, u16, &str, bool); 11] = [
        (Code::ModelNotFound, "model_not_found", 400, "invalid_request", false),
        (Code::WrongEndpoint, "wrong_endpoint", 400, "invalid_request", false),
        (Code::NoEndpoints, "no_endpoints", 404, "not_found", false),
        (Code::ModelDeprecated, "model_deprecated", 404, "not_found", false),
        (Code::ModelUnavailableUpstream, "model_unavailable_upstream", 404, "not_found", false),
        (Code::CapacityExhausted, "capacity_exhausted", 429, "rate_limit_exceeded", true),
        (Code::TemporarilyUnavailable, "temporarily_unavailable", 503, "provider_overloaded", true),
        (Code::RegionRestricted, "region_restricted", 403, "permission_denied", false),
        (Code::PrivacyRestricted, "privacy_restricted", 404, "not_found", false),
        (Code::ConstraintFiltered, "constraint_filtered", 404, "not_found", false),
        (Code::FreeVariantEnded, "free_variant_ended", 404, "not_found", false),
    ];

    #[test]
    fn feature_5_19_every_code_has_its_status_type_and_required_fields() {
        for (code, spelling, status, kind, retryable) in TABLE {
            assert_eq!((code.kind().status(), code.kind().as_str()), (status, kind), "{spelling}");
            let object = Details::of(&["a/b".to_owned()]).object(code);
            assert_eq!(object["code"], spelling);
            assert_eq!(object["retryable"], retryable);
            assert_eq!(object["requested_models"][0], "a/b");
            assert!(object["docs_url"].as_str().is_some_and(|url| url.ends_with(spelling)));
        }
    }

    #[test]
    fn failures_of_one_kind_have_a_code() {
        use FailureClass::{ModelGone, Overload, RateLimit, Unavailable};
        for (classes, code) in [
            (&[][..], Some(Code::TemporarilyUnavailable)),
            (&[RateLimit, RateLimit], Some(Code::CapacityExhausted)),
            (&[ModelGone], Some(Code::ModelUnavailableUpstream)),
            (&[Overload], Some(Code::TemporarilyUnavailable)),
            (&[RateLimit, Unavailable], None),
        ] {
            assert_eq!(Code::of_failures(classes), code, "{classes:?}");
        }
    }
}
