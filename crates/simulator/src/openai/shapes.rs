//! The request schema of chat completions and embeddings, as tables.
//!
//! Source: `types/chat/*_param.py`, `types/chat/completion_create_params.py` and `types/embedding_create_params.py`
//! of the PyPI package `openai` 3.52.0, read 2026-11-21.

use crate::shape::{Field, Shape, may, must};

use Shape::{Any, Bool, Filled, Int, List, Map, Maybe, MaybeText, Number, Object, Tagged, Text, TextOr, Word};

static CACHE_MARK: Shape = Object(&[must("mode", &Word(&["explicit"])), may("ttl", &Word(&["30m", "12h"]))]);

static TEXT_PART: &[Field] = &[must("text", &Text), may("prompt_cache_breakpoint", &CACHE_MARK)];

static USER_PART: Shape = Tagged(
    "type",
    &[
        ("text", TEXT_PART),
        (
            "image_url",
            &[
                must(
                    "image_url",
                    &Object(&[must("url", &Text), may("detail", &Word(&["auto", "low", "high", "original"]))]),
                ),
                may("prompt_cache_breakpoint", &CACHE_MARK),
            ],
        ),
        (
            "input_audio",
            &[
                must("input_audio", &Object(&[must("data", &Text), must("format", &Word(&["wav", "mp3"]))])),
                may("prompt_cache_breakpoint", &CACHE_MARK),
            ],
        ),
        (
            "file",
            &[
                must("file", &Object(&[may("file_data", &Text), may("file_id", &Text), may("filename", &Text)])),
                may("prompt_cache_breakpoint", &CACHE_MARK),
            ],
        ),
    ],
);

static TEXT_PARTS: Shape = TextOr(&Filled(&Tagged("type", &[("text", TEXT_PART)])));

static ASSISTANT_PARTS: Shape =
    Maybe(&TextOr(&Filled(&Tagged("type", &[("text", TEXT_PART), ("refusal", &[must("refusal", &Text)])]))));

static TOOL_CALL: Shape = Tagged(
    "type",
    &[
        ("function", &[must("id", &Text), must("function", &Object(&[must("name", &Text), must("arguments", &Text)]))]),
        ("custom", &[must("id", &Text), must("custom", &Object(&[must("name", &Text), must("input", &Text)]))]),
    ],
);

static INSTRUCTION: &[Field] = &[must("content", &TEXT_PARTS), may("name", &Text)];

static MESSAGE: Shape = Tagged(
    "role",
    &[
        ("system", INSTRUCTION),
        ("developer", INSTRUCTION),
        ("user", &[must("content", &TextOr(&Filled(&USER_PART))), may("name", &Text)]),
        (
            "assistant",
            &[
                may("content", &ASSISTANT_PARTS),
                may("refusal", &MaybeText),
                may("name", &Text),
                may("audio", &Maybe(&Object(&[must("id", &Text)]))),
                may("tool_calls", &Filled(&TOOL_CALL)),
                may("function_call", &Maybe(&Object(&[must("name", &Text), must("arguments", &Text)]))),
            ],
        ),
        // `name` is in no published type, but OpenAI's first guide to tool calls (November 2023) sent it, as many clients do
        // to this day.
        ("tool", &[must("content", &TEXT_PARTS), must("tool_call_id", &Text), may("name", &Text)]),
        ("function", &[must("content", &MaybeText), must("name", &Text)]),
    ],
);

static FUNCTION: Shape =
    Object(&[must("name", &Text), may("description", &Text), may("parameters", &Map), may("strict", &Maybe(&Bool))]);

static TOOL: Shape = Tagged(
    "type",
    &[
        ("function", &[must("function", &FUNCTION)]),
        ("custom", &[must("custom", &Object(&[must("name", &Text), may("description", &Text), may("format", &Map)]))]),
    ],
);

static NAMED: Shape = Object(&[must("name", &Text)]);

static TOOL_CHOICE: Shape = TextOr(&Tagged(
    "type",
    &[
        ("function", &[must("function", &NAMED)]),
        ("custom", &[must("custom", &NAMED)]),
        (
            "allowed_tools",
            &[must(
                "allowed_tools",
                &Object(&[must("mode", &Word(&["auto", "required"])), must("tools", &List(&Map))]),
            )],
        ),
    ],
));

static RESPONSE_FORMAT: Shape = Tagged(
    "type",
    &[
        ("text", &[]),
        ("json_object", &[]),
        (
            "json_schema",
            &[must(
                "json_schema",
                &Object(&[
                    must("name", &Text),
                    may("description", &Text),
                    may("schema", &Map),
                    may("strict", &Maybe(&Bool)),
                ]),
            )],
        ),
    ],
);

/// Body of `POST /v1/chat/completions`.
pub(super) static CHAT: Shape = Object(&[
    must("model", &Text),
    must("messages", &Filled(&MESSAGE)),
    may("audio", &Maybe(&Map)),
    may("frequency_penalty", &Maybe(&Number(-2.0, 2.0))),
    may("function_call", &Any),
    may("functions", &Filled(&FUNCTION)),
    may("logit_bias", &Maybe(&Map)),
    may("logprobs", &Maybe(&Bool)),
    may("max_completion_tokens", &Maybe(&Int(1, i64::MAX))),
    may("max_tokens", &Maybe(&Int(1, i64::MAX))),
    may("metadata", &Maybe(&Map)),
    may("modalities", &Maybe(&List(&Word(&["text", "audio"])))),
    may("moderation", &Maybe(&Map)),
    may("n", &Maybe(&Int(1, 128))),
    may("parallel_tool_calls", &Bool),
    may("prediction", &Maybe(&Map)),
    may("presence_penalty", &Maybe(&Number(-2.0, 2.0))),
    may("prompt_cache_key", &Text),
    may("prompt_cache_options", &Map),
    may("prompt_cache_retention", &Maybe(&Word(&["in_memory", "24h"]))),
    may("reasoning_effort", &Maybe(&Word(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]))),
    may("response_format", &RESPONSE_FORMAT),
    may("safety_identifier", &Text),
    may("seed", &Maybe(&Int(i64::MIN, i64::MAX))),
    may("service_tier", &Maybe(&Word(&["auto", "default", "flex", "scale", "priority", "fast"]))),
    may("stop", &Maybe(&TextOr(&List(&Text)))),
    may("store", &Maybe(&Bool)),
    may("stream", &Maybe(&Bool)),
    may("stream_options", &Maybe(&Object(&[may("include_usage", &Bool), may("include_obfuscation", &Bool)]))),
    may("temperature", &Maybe(&Number(0.0, 2.0))),
    may("tool_choice", &TOOL_CHOICE),
    may("tools", &Filled(&TOOL)),
    may("top_logprobs", &Maybe(&Int(0, 20))),
    may("top_p", &Maybe(&Number(0.0, 1.0))),
    may("user", &Text),
    may("verbosity", &Maybe(&Word(&["low", "medium", "high"]))),
    may("web_search_options", &Map),
]);

/// Body of `POST /v1/embeddings`.
pub(super) static EMBEDDINGS: Shape = Object(&[
    must("model", &Text),
    must("input", &TextOr(&Filled(&Any))),
    may("dimensions", &Int(1, 4096)),
    may("encoding_format", &Word(&["float", "base64"])),
    may("user", &Text),
]);

/// Body of `POST /v1/completions`.
pub(super) static COMPLETIONS: Shape = Object(&[
    must("model", &Text),
    must("prompt", &Maybe(&TextOr(&Filled(&Any)))),
    may("best_of", &Maybe(&Int(0, 20))),
    may("echo", &Maybe(&Bool)),
    may("frequency_penalty", &Maybe(&Number(-2.0, 2.0))),
    may("logit_bias", &Maybe(&Map)),
    may("logprobs", &Maybe(&Int(0, 5))),
    may("max_tokens", &Maybe(&Int(0, i64::MAX))),
    may("n", &Maybe(&Int(1, 128))),
    may("presence_penalty", &Maybe(&Number(-2.0, 2.0))),
    may("seed", &Maybe(&Int(i64::MIN, i64::MAX))),
    may("stop", &Maybe(&TextOr(&List(&Text)))),
    may("stream", &Maybe(&Bool)),
    may("stream_options", &Maybe(&Object(&[may("include_usage", &Bool), may("include_obfuscation", &Bool)]))),
    may("suffix", &MaybeText),
    may("temperature", &Maybe(&Number(0.0, 2.0))),
    may("top_p", &Maybe(&Number(0.0, 1.0))),
    may("user", &Text),
]);
