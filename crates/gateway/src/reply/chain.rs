//! What is done to a whole answer between provider and caller: broken JSON is repaired, documents that were read are named.

use crate::accept::Ask;
use crate::prepare::Readied;
use dialect::canonical::reply::{Choice, FinishReason, Reply};
use dialect::chat::request::AnswerFormat;
use dialect::heal::heal;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

/// Finishes a whole answer; returns what was done, as entries of the pipeline.
pub fn mend(ask: &Ask, readied: &Readied, reply: &mut Reply) -> Vec<Value> {
    if let Some(choice) = reply.choices.first_mut() {
        let named = &mut choice.message.annotations;
        for annotation in readied.annotations().iter().filter_map(|annotation| to_raw_value(annotation).ok()) {
            // An answer that was collected from a stream has them already.
            if !named.iter().any(|known| known.get() == annotation.get()) {
                named.push(annotation);
            }
        }
    }
    let wants_json = matches!(ask.chat.answer_format(), AnswerFormat::JsonObject | AnswerFormat::JsonSchema(_));
    if !readied.heals() || !wants_json || ask.chat.is_stream() {
        return Vec::new();
    }
    let healed = reply.choices.iter_mut().filter_map(heal_choice).count();
    if healed == 0 {
        return Vec::new();
    }
    vec![json!({
        "type": "response_healing",
        "name": "response-healing",
        "summary": "broken JSON of the answer repaired",
        "data": {"choices": healed},
    })]
}

/// Repairs one choice; `None` when there was nothing to repair, or the answer was cut off and a repair would pass off a part
/// as the whole.
fn heal_choice(choice: &mut Choice) -> Option<()> {
    let is_whole = choice.finish.reason == FinishReason::Stop && choice.message.tool_calls.is_empty();
    let healed = choice.message.content.as_deref().filter(|_| is_whole).and_then(heal)?;
    choice.message.content = Some(healed);
    Some(())
}
