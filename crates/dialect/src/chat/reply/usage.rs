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
    write::named!(out, "completion_tokens");
    write::number(out, usage.completion_tokens());
    write::named!(out, "total_tokens");
    write::number(out, usage.total_tokens());
    write::named!(out, "cost");
    write::amount(out, bill.cost);
    write::named!(out, "is_byok");
    out.extend_from_slice(if bill.is_byok { b"true" } else { b"false" });
    first(out, ",\"prompt_tokens_details\":{\"cached_tokens\":", usage.input_cache_read);
    write::named!(out, "cache_write_tokens");
    write::number(out, usage.cache_write_tokens());
    write::named!(out, "audio_tokens");
    write::number(out, usage.input_audio);
    write::named!(out, "image_tokens");
    write::number(out, usage.input_image);
    write::named!(out, "video_tokens");
    write::number(out, 0);
    out.extend_from_slice(b"},\"cost_details\":{\"upstream_inference_cost\":");
    write::amount(out, bill.upstream_cost);
    write::named!(out, "upstream_inference_prompt_cost");
    write::amount(out, bill.prompt_cost);
    write::named!(out, "upstream_inference_completions_cost");
    write::amount(out, bill.completion_cost);
    first(out, "},\"completion_tokens_details\":{\"reasoning_tokens\":", usage.output_reasoning);
    write::named!(out, "audio_tokens");
    write::number(out, usage.output_audio);
    write::named!(out, "image_tokens");
    write::number(out, usage.output_image);
    write::named!(out, "accepted_prediction_tokens");
    write::number(out, usage.accepted_prediction);
    write::named!(out, "rejected_prediction_tokens");
    write::number(out, usage.rejected_prediction);
    out.push(b'}');
    if usage.web_searches > 0 {
        first(out, ",\"server_tool_use_details\":{\"web_search_requests\":", usage.web_searches);
        out.push(b'}');
    }
    out.push(b'}');
}
