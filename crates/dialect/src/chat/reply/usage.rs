//! `usage`: what a call consumed and cost, as callers of chat completions read it.

use super::write;
use domain::money::Amount;
use domain::usage::Usage;

/// What a call consumed and cost. Amounts are written as exact decimals.
#[derive(Debug, Clone, Copy)]
pub struct Bill<'a> {
    /// Token counts.
    pub usage: &'a Usage,
    /// What the account was charged.
    pub cost: Amount,
    /// What the provider takes for it.
    pub upstream_cost: Amount,
    /// The prompt's part of the provider's price.
    pub prompt_cost: Amount,
    /// The answer's part of the provider's price.
    pub completion_cost: Amount,
    /// The caller's own provider key was used.
    pub is_byok: bool,
    /// When the answer ended, in Unix seconds.
    pub ended_at: i64,
}

/// Appends the `usage` object: the totals contain their details, as in every format of the OpenAI family.
pub(crate) fn append_usage(out: &mut Vec<u8>, bill: &Bill<'_>) {
    let usage = bill.usage;
    let first = |out: &mut Vec<u8>, text: &str, count: u64| {
        out.extend_from_slice(text.as_bytes());
        write::number(out, count);
    };
    first(out, "{\"prompt_tokens\":", usage.prompt_tokens());
    count(out, "completion_tokens", usage.completion_tokens());
    count(out, "total_tokens", usage.total_tokens());
    write::field(out, "cost");
    write::amount(out, bill.cost);
    write::field(out, "is_byok");
    out.extend_from_slice(if bill.is_byok { b"true" } else { b"false" });
    first(out, ",\"prompt_tokens_details\":{\"cached_tokens\":", usage.input_cache_read);
    count(out, "cache_write_tokens", usage.cache_write_tokens());
    count(out, "audio_tokens", usage.input_audio);
    count(out, "image_tokens", usage.input_image);
    count(out, "video_tokens", 0);
    out.extend_from_slice(b"},\"cost_details\":{\"upstream_inference_cost\":");
    write::amount(out, bill.upstream_cost);
    write::field(out, "upstream_inference_prompt_cost");
    write::amount(out, bill.prompt_cost);
    write::field(out, "upstream_inference_completions_cost");
    write::amount(out, bill.completion_cost);
    first(out, "},\"completion_tokens_details\":{\"reasoning_tokens\":", usage.output_reasoning);
    count(out, "audio_tokens", usage.output_audio);
    count(out, "image_tokens", usage.output_image);
    count(out, "accepted_prediction_tokens", usage.accepted_prediction);
    count(out, "rejected_prediction_tokens", usage.rejected_prediction);
    out.push(b'}');
    if usage.web_searches > 0 {
        first(out, ",\"server_tool_use_details\":{\"web_search_requests\":", usage.web_searches);
        out.push(b'}');
    }
    out.push(b'}');
}

fn count(out: &mut Vec<u8>, name: &str, count: u64) {
    write::field(out, name);
    write::number(out, count);
}
