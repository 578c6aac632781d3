//! From a whole answer back to the steps of a stream.

use super::{Choice, Delta, Reply};

impl Reply {
    /// The steps of a stream that says the same; gathered again they give the same answer.
    #[must_use]
    pub fn into_deltas(self) -> Vec<Delta> {
        let mut deltas = vec![Delta::Start { upstream_id: self.upstream_id, model: self.model }];
        deltas.extend(self.system_fingerprint.map(Delta::Fingerprint));
        deltas.extend(self.service_tier.map(Delta::ServiceTier));
        for choice in self.choices {
            replay_choice(choice, &mut deltas);
        }
        deltas.extend(self.usage.map(Delta::Usage));
        deltas.push(Delta::Done);
        deltas
    }
}

fn replay_choice(said: Choice, deltas: &mut Vec<Delta>) {
    let Choice { index: choice, message, finish, logprobs } = said;
    deltas.push(Delta::Role(choice));
    match message.reasoning {
        Some(text) if !text.is_empty() => {
            deltas.push(Delta::Reasoning { choice, text, details: message.reasoning_details });
        }
        _ => {
            deltas
                .extend(message.reasoning_details.into_iter().map(|detail| Delta::ReasoningDetail { choice, detail }));
        }
    }
    deltas.extend(logprobs.map(|logprobs| Delta::Logprobs { choice, logprobs }));
    let said = |text: &String| !text.is_empty();
    deltas.extend(message.content.filter(said).map(|text| Delta::Text { choice, text }));
    deltas.extend(message.refusal.filter(said).map(|text| Delta::Refusal { choice, text }));
    for (index, call) in (0..).zip(message.tool_calls) {
        let (id, name) = (Some(call.id), Some(call.name));
        deltas.push(Delta::ToolCall { choice, index, id, name, arguments: call.arguments });
    }
    deltas.extend(message.images.into_iter().map(|image| Delta::Image { choice, image }));
    deltas.extend(message.audio.map(|audio| Delta::Audio { choice, audio }));
    deltas.extend(message.annotations.into_iter().map(|annotation| Delta::Annotation { choice, annotation }));
    deltas.push(Delta::Finish { choice, finish });
}
