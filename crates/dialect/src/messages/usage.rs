//! `usage`: what a call consumed and cost, as callers of Messages read it.
//!
//! Cached tokens stand beside the input, not inside it, as in every answer of the format.

use crate::chat::reply::{Bill, write};
use domain::usage::Usage;

/// Appends the `usage` object without its closing brace.
fn append_tokens(out: &mut Vec<u8>, usage: &Usage, tier: Option<&str>) {
    let beside = usage.input_cache_read.saturating_add(usage.cache_write_tokens());
    out.extend_from_slice(b"{\"input_tokens\":");
    write::number(out, usage.prompt_tokens().saturating_sub(beside));
    count(out, "cache_creation_input_tokens", usage.cache_write_tokens());
    count(out, "cache_read_input_tokens", usage.input_cache_read);
    out.extend_from_slice(b",\"cache_creation\":{\"ephemeral_5m_input_tokens\":");
    write::number(out, usage.input_cache_write);
    count(out, "ephemeral_1h_input_tokens", usage.input_cache_write_1h);
    out.push(b'}');
    count(out, "output_tokens", usage.completion_tokens());
    out.extend_from_slice(b",\"output_tokens_details\":{\"thinking_tokens\":");
    write::number(out, usage.output_reasoning);
    out.push(b'}');
    if usage.web_searches > 0 {
        out.extend_from_slice(b",\"server_tool_use\":{\"web_search_requests\":");
        write::number(out, usage.web_searches);
        out.extend_from_slice(b",\"web_fetch_requests\":0}");
    } else {
        out.extend_from_slice(b",\"server_tool_use\":null");
    }
    // The base tier has another name here than in chat completions.
    let tier = tier.filter(|tier| *tier != "default").unwrap_or("standard");
    write::optional_string(out, "service_tier", Some(tier));
}

/// Appends the `usage` object of an answer that has only begun.
pub(super) fn append_first(out: &mut Vec<u8>, usage: Option<&Usage>, tier: Option<&str>) {
    append_tokens(out, &usage.copied().unwrap_or_default(), tier);
    out.push(b'}');
}

/// Appends the `usage` object of a whole answer, with its cost.
pub(super) fn append(out: &mut Vec<u8>, bill: &Bill<'_>, tier: Option<&str>) {
    append_tokens(out, bill.usage, tier);
    write::field(out, "cost");
    write::amount(out, bill.cost);
    write::field(out, "is_byok");
    out.extend_from_slice(if bill.is_byok { b"true" } else { b"false" });
    out.extend_from_slice(b",\"cost_details\":{\"upstream_inference_cost\":");
    write::amount(out, bill.upstream_cost);
    write::field(out, "upstream_inference_prompt_cost");
    write::amount(out, bill.prompt_cost);
    write::field(out, "upstream_inference_completions_cost");
    write::amount(out, bill.completion_cost);
    out.extend_from_slice(b"}}");
}

fn count(out: &mut Vec<u8>, name: &str, count: u64) {
    write::field(out, name);
    write::number(out, count);
}
