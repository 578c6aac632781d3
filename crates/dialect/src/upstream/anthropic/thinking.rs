//! How much the model may think, and the output limit that goes with it.

use super::Body;
use crate::canonical::request::{Message, Role};
use crate::chat::request::{ChatRequest, ToolChoice};
use crate::upstream::{Change, Notes, Target};

/// Smallest budget that the API takes, in tokens.
const BUDGET_MIN: u64 = 1024;
/// Largest budget that an effort level is translated to, in tokens.
const BUDGET_MAX: u64 = 128_000;
/// Output limit when neither the caller nor the catalogue names one, in tokens.
const LIMIT_DEFAULT: u64 = 4096;

/// What the `thinking` field shall say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// Nothing was asked for.
    Unsaid,
    /// The caller wants none.
    Off,
    /// With this many tokens.
    Budget(u64),
    /// As much as the model likes.
    Adaptive,
}

impl Thinking {
    /// Whether the rules for thinking requests apply.
    pub(super) const fn is_on(self) -> bool {
        matches!(self, Self::Budget(_) | Self::Adaptive)
    }
}

/// Decides output limit and thinking together, since the budget is part of the limit.
pub(super) fn decide(
    request: &ChatRequest,
    target: &Target<'_>,
    messages: &[Message<'_>],
    notes: &mut Notes,
) -> (u64, Thinking) {
    let given = target.limit_for(request, notes);
    let reasoning = request.reasoning();
    if given.is_none() {
        notes.add("max_tokens", Change::Added, "the format demands a limit");
    }
    let most = given.or(target.max_completion_tokens);
    if reasoning.is_off() {
        return (most.unwrap_or(LIMIT_DEFAULT), Thinking::Off);
    }
    // A budget that the caller named needs room beside it.
    let limit = most.unwrap_or_else(|| reasoning.max_tokens.unwrap_or(0).saturating_add(LIMIT_DEFAULT));
    let Some(wanted) = reasoning.budget(limit) else { return (limit, Thinking::Unsaid) };
    if let Some(reason) = obstacle(request, target, messages) {
        notes.dropped("reasoning", reason);
        return (limit, Thinking::Unsaid);
    }
    if target.takes_budget() == Some(false) {
        notes.add("reasoning", Change::Translated, "sent as adaptive thinking with an effort level");
        return (limit, Thinking::Adaptive);
    }
    let budget = wanted.clamp(BUDGET_MIN, BUDGET_MAX).min(limit.saturating_sub(1));
    if budget < BUDGET_MIN {
        notes.dropped("reasoning", "the output limit leaves no room for thinking");
        return (limit, Thinking::Unsaid);
    }
    if reasoning.max_tokens.is_some_and(|asked| asked != budget) {
        notes.add("reasoning.max_tokens", Change::Clamped, "between 1024 and the output limit");
    } else if reasoning.max_tokens.is_none() {
        notes.add("reasoning.effort", Change::Translated, "sent as a thinking budget");
    }
    (limit, Thinking::Budget(budget))
}

/// Why the API would refuse thinking in this request.
fn obstacle(request: &ChatRequest, target: &Target<'_>, messages: &[Message<'_>]) -> Option<&'static str> {
    if !(target.takes("reasoning") || target.takes("reasoning_effort")) {
        return Some("the endpoint does not support it");
    }
    if matches!(request.tool_choice(), Some(ToolChoice::Required | ToolChoice::Function(_))) {
        return Some("a forced tool excludes thinking");
    }
    if request.shape().prefill {
        return Some("a prefilled answer excludes thinking");
    }
    let last_user = messages.iter().rposition(|message| message.role == Role::User).map_or(0, |at| at + 1);
    let first_call = messages.iter().skip(last_user).find(|message| !message.calls().is_empty());
    let is_unsigned = first_call.is_some_and(|message| !super::blocks::has_signed_thinking(message));
    is_unsigned.then_some("the tool loop's signed thinking was not sent back")
}

impl Body<'_> {
    pub(super) fn thinking(&mut self) {
        match self.thinking {
            Thinking::Unsaid => {}
            Thinking::Off => {
                if self.target.takes("reasoning") {
                    self.out.field_raw("thinking", r#"{"type":"disabled"}"#);
                }
            }
            Thinking::Adaptive => self.out.field_raw("thinking", r#"{"type":"adaptive"}"#),
            Thinking::Budget(tokens) => {
                self.out.field_object("thinking");
                self.out.field_text("type", "enabled");
                self.out.field_plain("budget_tokens", tokens);
                self.out.end_object();
            }
        }
    }

    /// The effort to send beside adaptive thinking.
    pub(super) fn adaptive_effort(&self) -> Option<&str> {
        let effort = self.request.reasoning().effort(self.request.output_limit())?;
        let effort = if effort == "minimal" { "low" } else { effort };
        (self.thinking == Thinking::Adaptive).then(|| self.target.nearest_effort(effort))
    }
}
