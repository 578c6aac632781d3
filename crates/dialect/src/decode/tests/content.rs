//! Finish reasons, reasoning and citations.

use super::super::reply;
use super::collected;
use crate::canonical::reply::FinishReason;
use domain::catalog::{Family, Quirks};

#[test]
fn finish_reasons_become_the_five_and_keep_the_native_word() {
    use FinishReason::{ContentFilter, Error, Length, Stop, ToolCalls};
    for (family, native, reason) in [
        (Family::OpenAi, "stop", Stop),
        (Family::OpenAi, "eos", Stop),
        (Family::OpenAi, "length", Length),
        (Family::OpenAi, "tool_calls", ToolCalls),
        (Family::OpenAi, "function_call", ToolCalls),
        (Family::OpenAi, "content_filter", ContentFilter),
        (Family::OpenAi, "insufficient_system_resource", Error),
        (Family::OpenAi, "brand_new", Stop),
        (Family::Anthropic, "end_turn", Stop),
        (Family::Anthropic, "stop_sequence", Stop),
        (Family::Anthropic, "pause_turn", Stop),
        (Family::Anthropic, "max_tokens", Length),
        (Family::Anthropic, "model_context_window_exceeded", Length),
        (Family::Anthropic, "tool_use", ToolCalls),
        (Family::Anthropic, "refusal", ContentFilter),
        (Family::Anthropic, "brand_new", Stop),
        (Family::Gemini, "STOP", Stop),
        (Family::Gemini, "MAX_TOKENS", Length),
        (Family::Gemini, "SAFETY", ContentFilter),
        (Family::Gemini, "RECITATION", ContentFilter),
        (Family::Gemini, "PROHIBITED_CONTENT", ContentFilter),
        (Family::Gemini, "MALFORMED_FUNCTION_CALL", Error),
        (Family::Gemini, "BRAND_NEW", Stop),
    ] {
        let body = match family {
            Family::Anthropic => format!(r#"{{"content":[{{"type":"text","text":"a"}}],"stop_reason":"{native}"}}"#),
            Family::Gemini => {
                format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}},"finishReason":"{native}"}}]}}"#)
            }
            _ => format!(r#"{{"choices":[{{"message":{{"content":"a"}},"finish_reason":"{native}"}}]}}"#),
        };
        let reply = reply(family, &Quirks::default(), body.as_bytes()).unwrap();
        let finish = &reply.choices[0].finish;
        assert_eq!((finish.reason, finish.native.as_deref()), (reason, Some(native)), "{body}");
    }
}

#[test]
fn a_refused_prompt_is_an_empty_answer_by_the_filter() {
    let body =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}}"#;
    for reply in
        [reply(Family::Gemini, &Quirks::default(), body.as_bytes()).unwrap(), collected(Family::Gemini, &[body])]
    {
        assert_eq!(reply.choices[0].finish.reason, FinishReason::ContentFilter);
        assert_eq!(reply.choices[0].finish.native.as_deref(), Some("SAFETY"));
        assert_eq!(reply.usage.unwrap().input_fresh, 7);
    }
}

#[test]
fn reasoning_is_read_under_every_name_and_once() {
    let both = r#"{"choices":[{"index":0,"delta":{"reasoning":"why","reasoning_content":"why"}}]}"#;
    let mistral = r#"{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"why"}]},{"type":"text","text":"so"}]}}]}"#;
    let detailed = r#"{"choices":[{"index":0,"delta":{"reasoning":"why","reasoning_details":[{"type":"reasoning.text","text":"why","index":0}]}}]}"#;
    for (chunk, details) in [(both, 0), (mistral, 0), (detailed, 1)] {
        let reply = collected(Family::OpenAi, &[chunk, "[DONE]"]);
        assert_eq!(reply.choices[0].message.reasoning.as_deref(), Some("why"), "{chunk}");
        assert_eq!(reply.choices[0].message.reasoning_details.len(), details, "{chunk}");
    }
}

#[test]
fn citations_are_placed_by_characters() {
    let document = |text: &str, grounding: &str| {
        format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}}{grounding}}}]}}"#)
    };
    let grounding = r#","finishReason":"STOP","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://example.com"}}],
        "groundingSupports":[{"segment":{"startIndex":9,"endIndex":20,"text":"19 °C, ☀"},"groundingChunkIndices":[0,7]}]}"#;
    let reply =
        collected(Family::Gemini, &[&document("Es war: ", ""), &document(" 19 °C, ☀", &grounding.replace('\n', " "))]);
    let annotations = &reply.choices[0].message.annotations;
    assert_eq!(annotations.len(), 1, "a source that does not exist is not cited");
    let citation: serde_json::Value = serde_json::from_str(annotations[0].get()).unwrap();
    assert_eq!(citation["url_citation"]["start_index"], 9);
    assert_eq!(citation["url_citation"]["end_index"], 17);
}
