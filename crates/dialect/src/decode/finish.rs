//! Finish reasons: from each provider's words to the five of the contract.
//!
//! Unknown words become `stop` and are kept as the native reason, because clients reject anything but the five.

use crate::canonical::reply::{Finish, FinishReason};

/// OpenAI chat completions and its imitators (words seen in providers' references until 2026-11).
pub(super) fn from_openai(native: &str) -> Finish {
    let reason = match native {
        "tool_calls" | "function_call" | "tool_use" => FinishReason::ToolCalls,
        "length" | "max_tokens" | "MAX_TOKENS" | "model_length" | "max_output_tokens" => FinishReason::Length,
        "content_filter" | "safety" | "SAFETY" | "sensitive" | "refusal" => FinishReason::ContentFilter,
        "error" | "network_error" | "insufficient_system_resource" => FinishReason::Error,
        _ => FinishReason::Stop,
    };
    finish(reason, native)
}

/// Anthropic Messages (`stop_reason` of the official SDK's types, 2026-11).
pub(super) fn from_anthropic(native: &str) -> Finish {
    let reason = match native {
        "tool_use" => FinishReason::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "refusal" => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    };
    finish(reason, native)
}

/// Gemini generateContent (`FinishReason` of the official SDK's types, 2026-11).
pub(super) fn from_gemini(native: &str) -> Finish {
    let reason = match native {
        "MAX_TOKENS" | "CONTINUATION" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR"
        | "ESCALATION" => FinishReason::ContentFilter,
        "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "MISSING_THOUGHT_SIGNATURE"
        | "PUP_LIMITED_DISABLED" => FinishReason::Error,
        _ => FinishReason::Stop,
    };
    finish(reason, native)
}

fn finish(reason: FinishReason, native: &str) -> Finish {
    Finish { reason, native: Some(native.chars().take(100).collect()) }
}
