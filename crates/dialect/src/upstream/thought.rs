//! What the catalogue says about a model's reasoning, put to a request.

use super::{EncodeError, Target};
use crate::chat::request::ChatRequest;
use domain::error_kind::ErrorKind;

/// Effort levels, least first.
const LEVELS: &[&str] = &["minimal", "low", "medium", "high", "xhigh", "max"];

/// Refuses to switch off what cannot be switched off, as the API promises for models named by their id.
pub(super) fn check(request: &ChatRequest, target: &Target<'_>) -> Result<(), EncodeError> {
    let is_mandatory = target.reasoning.is_some_and(|reasoning| reasoning.mandatory);
    if is_mandatory && request.reasoning().is_off() && !target.turns_reasoning_down {
        return Err(EncodeError {
            kind: ErrorKind::InvalidRequest,
            message: "reasoning: this model cannot answer without reasoning".to_owned(),
            param: Some("reasoning".to_owned()),
        });
    }
    Ok(())
}

/// The request with the least reasoning in place of none, where a family of models was named and the member that serves
/// cannot do without.
pub(super) fn turned_down(request: &ChatRequest, target: &Target<'_>) -> Option<ChatRequest> {
    let reasoning = target.reasoning.filter(|reasoning| reasoning.mandatory)?;
    if !target.turns_reasoning_down || !request.reasoning().is_off() {
        return None;
    }
    let rank = |level: &&String| LEVELS.iter().position(|known| known == level).unwrap_or(LEVELS.len());
    let least = reasoning.supported_efforts.as_deref().and_then(|levels| levels.iter().min_by_key(rank));
    Some(request.with_effort(least.map_or("low", String::as_str)))
}

impl Target<'_> {
    /// Whether the model takes a thinking budget in tokens; `None` when the catalogue does not say.
    pub(crate) fn takes_budget(&self) -> Option<bool> {
        self.reasoning.and_then(|reasoning| reasoning.supports_max_tokens)
    }

    /// The effort level that the model understands and that is nearest to `effort`, the lower one of two equally near.
    pub(crate) fn nearest_effort<'e>(&'e self, effort: &'e str) -> &'e str {
        let Some(supported) = self.reasoning.and_then(|reasoning| reasoning.supported_efforts.as_deref()) else {
            return effort;
        };
        let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
        let Some(wanted) = rank(effort) else { return effort };
        let ranked = supported.iter().filter_map(|level| Some((rank(level)?, level.as_str())));
        ranked.min_by_key(|(at, _)| (at.abs_diff(wanted), *at)).map_or(effort, |(_, level)| level)
    }
}
