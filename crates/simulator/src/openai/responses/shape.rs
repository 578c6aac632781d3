//! The request schema of responses, as a table; items and tools of the provider's own making are not looked into.

use crate::shape::{Shape, may, must};

use Shape::{Any, Bool, Int, List, Map, Maybe, MaybeText, Number, Object, Text, TextOr, Word};

/// Body of `POST /v1/responses`.
pub(crate) static SHAPE: Shape = Object(&[
    must("model", &Text),
    may("input", &TextOr(&List(&Map))),
    may("access_programs", &Map),
    may("background", &Maybe(&Bool)),
    may("context_management", &Maybe(&List(&Map))),
    may("conversation", &Any),
    may("image", &Map),
    may("include", &Maybe(&List(&Text))),
    may("instructions", &MaybeText),
    may("max_output_tokens", &Maybe(&Int(16, i64::MAX))),
    may("max_tool_calls", &Maybe(&Int(1, i64::MAX))),
    may("metadata", &Maybe(&Map)),
    may("moderation", &Maybe(&Map)),
    may("parallel_tool_calls", &Maybe(&Bool)),
    may("previous_response_id", &MaybeText),
    may("prompt", &Maybe(&Map)),
    may("prompt_cache_key", &Text),
    may("prompt_cache_options", &Map),
    may("prompt_cache_retention", &Maybe(&Word(&["in_memory", "24h"]))),
    may("reasoning", &Maybe(&Map)),
    may("safety_identifier", &Text),
    may("service_tier", &Maybe(&Word(&["auto", "default", "flex", "scale", "priority", "fast"]))),
    may("store", &Maybe(&Bool)),
    may("stream", &Maybe(&Bool)),
    may("stream_options", &Maybe(&Object(&[may("include_obfuscation", &Bool)]))),
    may("temperature", &Maybe(&Number(0.0, 2.0))),
    may("text", &Map),
    may("tool_choice", &TextOr(&Map)),
    may("tools", &List(&Map)),
    may("top_logprobs", &Maybe(&Int(0, 20))),
    may("top_p", &Maybe(&Number(0.0, 1.0))),
    may("truncation", &Maybe(&Word(&["auto", "disabled"]))),
    may("user", &Text),
]);
