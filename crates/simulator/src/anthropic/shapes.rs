//! The request schema of messages and token counts, as tables.
//!
//! Source: `types/*_param.py` of the PyPI package `anthropic` 2.11.0 and, for the fields that need a beta header,
//! `types/beta/message_create_params.py`, read 2026-11-21. `temperature`, `top_k` and `top_p` left the package's
//! arguments with API version 2026-10-21 but remain in the service for the versions before, so they are kept.

use crate::shape::{Field, Shape, may, must};

use Shape::{Any, Bool, Filled, Int, List, Map, Maybe, MaybeText, Number, Object, Tagged, Text, TextOr, Word};

static CACHE: Shape = Maybe(&Tagged("type", &[("ephemeral", &[may("ttl", &Word(&["5m", "1h"]))])]));

static TEXT: &[Field] = &[must("text", &Text), may("cache_control", &CACHE), may("citations", &Maybe(&List(&Map)))];

static IMAGE: &[Field] = &[
    must(
        "source",
        &Tagged(
            "type",
            &[
                (
                    "base64",
                    &[
                        must("data", &Text),
                        must("media_type", &Word(&["image/jpeg", "image/png", "image/gif", "image/webp"])),
                    ],
                ),
                ("url", &[must("url", &Text)]),
                ("file", &[must("file_id", &Text)]),
            ],
        ),
    ),
    may("cache_control", &CACHE),
    may("transformations", &Maybe(&Map)),
];

static DOCUMENT: &[Field] = &[
    must(
        "source",
        &Tagged(
            "type",
            &[
                ("base64", &[must("data", &Text), must("media_type", &Word(&["application/pdf"]))]),
                ("text", &[must("data", &Text), must("media_type", &Word(&["text/plain"]))]),
                ("content", &[must("content", &TextOr(&List(&Map)))]),
                ("url", &[must("url", &Text)]),
                ("file", &[must("file_id", &Text)]),
            ],
        ),
    ),
    may("cache_control", &CACHE),
    may("citations", &Maybe(&Map)),
    may("context", &MaybeText),
    may("title", &MaybeText),
];

static SEARCH_RESULT: &[Field] = &[
    must("content", &List(&Map)),
    must("source", &Text),
    must("title", &Text),
    may("cache_control", &CACHE),
    may("citations", &Maybe(&Map)),
];

static RESULT_BLOCK: Shape = Tagged(
    "type",
    &[
        ("text", TEXT),
        ("image", IMAGE),
        ("document", DOCUMENT),
        ("search_result", SEARCH_RESULT),
        ("tool_reference", &[must("tool_name", &Text), may("cache_control", &CACHE)]),
    ],
);

static BLOCK: Shape = Tagged(
    "type",
    &[
        ("text", TEXT),
        ("image", IMAGE),
        ("document", DOCUMENT),
        ("search_result", SEARCH_RESULT),
        ("thinking", &[must("thinking", &Text), must("signature", &Text)]),
        ("redacted_thinking", &[must("data", &Text)]),
        (
            "tool_use",
            &[
                must("id", &Text),
                must("name", &Text),
                must("input", &Map),
                may("cache_control", &CACHE),
                may("caller", &Map),
                may("toolset_name", &MaybeText),
            ],
        ),
        (
            "tool_result",
            &[
                must("tool_use_id", &Text),
                may("content", &TextOr(&List(&RESULT_BLOCK))),
                may("is_error", &Bool),
                may("cache_control", &CACHE),
                may("toolset_name", &MaybeText),
            ],
        ),
        ("container_upload", &[must("file_id", &Text), may("cache_control", &CACHE)]),
    ],
);

static MESSAGE: Shape =
    Object(&[must("role", &Word(&["user", "assistant", "system"])), must("content", &TextOr(&List(&BLOCK)))]);

static THINKING: Shape = Tagged(
    "type",
    &[
        (
            "enabled",
            &[must("budget_tokens", &Int(1024, i64::MAX)), may("display", &Maybe(&Word(&["summarized", "omitted"])))],
        ),
        ("disabled", &[]),
        ("between_tools", &[]),
        ("adaptive", &[may("display", &Maybe(&Word(&["summarized", "omitted"])))]),
    ],
);

static CUSTOM_TOOL: Shape = Object(&[
    must("name", &Text),
    must("input_schema", &Map),
    may("description", &Text),
    may("type", &Maybe(&Word(&["custom"]))),
    may("cache_control", &CACHE),
    may("strict", &Bool),
    may("defer_loading", &Bool),
    may("eager_input_streaming", &Maybe(&Bool)),
    may("input_examples", &List(&Map)),
    may("allowed_callers", &List(&Text)),
]);

/// One tool the caller runs; tools the provider runs have another `type` and are not looked into.
pub(super) static TOOL: &Shape = &CUSTOM_TOOL;

static TOOL_CHOICE: Shape = Tagged(
    "type",
    &[
        ("auto", &[may("disable_parallel_tool_use", &Bool)]),
        ("any", &[may("disable_parallel_tool_use", &Bool)]),
        ("tool", &[must("name", &Text), may("disable_parallel_tool_use", &Bool)]),
        ("none", &[]),
    ],
);

static OUTPUT_CONFIG: Shape = Object(&[
    may("effort", &Maybe(&Word(&["low", "medium", "high", "xhigh", "max"]))),
    may("format", &Maybe(&Tagged("type", &[("json_schema", &[must("schema", &Map)])]))),
]);

static SYSTEM: Shape = TextOr(&List(&Tagged("type", &[("text", TEXT)])));

/// Body of `POST /v1/messages`.
pub(super) static MESSAGES: Shape = Object(&[
    must("model", &Text),
    must("max_tokens", &Int(1, i64::MAX)),
    must("messages", &Filled(&MESSAGE)),
    may("cache_control", &CACHE),
    may("container", &Any),
    may("diagnostics", &Maybe(&Map)),
    may("inference_geo", &MaybeText),
    may("metadata", &Object(&[may("user_id", &MaybeText)])),
    may("output_config", &OUTPUT_CONFIG),
    may("service_tier", &Word(&["auto", "standard_only"])),
    may("speed", &Maybe(&Word(&["standard", "fast"]))),
    may("stop_sequences", &List(&Text)),
    may("stream", &Bool),
    may("system", &SYSTEM),
    may("temperature", &Number(0.0, 1.0)),
    may("thinking", &THINKING),
    may("tool_choice", &TOOL_CHOICE),
    may("tools", &List(&Map)),
    may("top_k", &Int(0, i64::MAX)),
    may("top_p", &Number(0.0, 1.0)),
]);

/// Body of `POST /v1/messages/count_tokens`.
pub(super) static COUNT: Shape = Object(&[
    must("model", &Text),
    must("messages", &Filled(&MESSAGE)),
    may("cache_control", &CACHE),
    may("output_config", &OUTPUT_CONFIG),
    may("speed", &Maybe(&Word(&["standard", "fast"]))),
    may("system", &SYSTEM),
    may("thinking", &THINKING),
    may("tool_choice", &TOOL_CHOICE),
    may("tools", &List(&Map)),
]);

/// Top-level fields that exist only together with some `anthropic-beta` header.
pub(super) static BETA_FIELDS: &[&str] = &[
    "billing_policy",
    "compaction",
    "context_management",
    "fallback_credit_token",
    "fallbacks",
    "mcp_servers",
    "output_format",
    "thread",
];
