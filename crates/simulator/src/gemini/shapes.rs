//! The request schema of `generateContent` and its neighbours, as tables.
//!
//! Source: types and `_to_mldev` converters of the PyPI package `google-genai` 3.4.0, read 2026-11-21.

use crate::shape::{Field, Shape, may, must};

use Shape::{Any, Bool, Filled, Int, List, Map, Number, Object, Text, Word};

static BLOB: Shape = Object(&[must("mimeType", &Text), must("data", &Text), may("displayName", &Text)]);

static FILE: Shape = Object(&[may("mimeType", &Text), must("fileUri", &Text), may("displayName", &Text)]);

static CALL: Shape = Object(&[
    may("id", &Text),
    must("name", &Text),
    may("args", &Map),
    may("partialArgs", &Any),
    may("willContinue", &Bool),
]);

static RESPONSE: Shape = Object(&[
    may("id", &Text),
    must("name", &Text),
    must("response", &Map),
    may("parts", &List(&Map)),
    may("scheduling", &Text),
    may("willContinue", &Bool),
]);

static PART: Shape = Object(&[
    may("text", &Text),
    may("inlineData", &BLOB),
    may("fileData", &FILE),
    may("functionCall", &CALL),
    may("functionResponse", &RESPONSE),
    may("executableCode", &Map),
    may("codeExecutionResult", &Map),
    may("toolCall", &Map),
    may("toolResponse", &Map),
    may("thought", &Bool),
    may("thoughtSignature", &Text),
    may("videoMetadata", &Map),
    may("mediaResolution", &Any),
    may("partMetadata", &Map),
    may("audioTranscription", &Map),
    may("mediaProcessing", &Any),
    may("speechMetadata", &Map),
    may("documentMetadata", &Map),
    may("spreadsheetMetadata", &Map),
    may("audioMetadata", &Map),
]);

static CONTENT: Shape = Object(&[may("role", &Text), must("parts", &Filled(&PART))]);

static TYPES: Shape = Word(&[
    "TYPE_UNSPECIFIED",
    "STRING",
    "NUMBER",
    "INTEGER",
    "BOOLEAN",
    "ARRAY",
    "OBJECT",
    "NULL",
    "string",
    "number",
    "integer",
    "boolean",
    "array",
    "object",
    "null",
]);

static SCHEMA: Shape = Object(SCHEMA_FIELDS);

static SCHEMA_FIELDS: &[Field] = &[
    may("type", &TYPES),
    may("format", &Text),
    may("title", &Text),
    may("description", &Text),
    may("nullable", &Bool),
    may("enum", &List(&Text)),
    may("items", &SCHEMA),
    may("maxItems", &Int(0, i64::MAX)),
    may("minItems", &Int(0, i64::MAX)),
    may("properties", &Map),
    may("required", &List(&Text)),
    may("minProperties", &Int(0, i64::MAX)),
    may("maxProperties", &Int(0, i64::MAX)),
    may("minLength", &Int(0, i64::MAX)),
    may("maxLength", &Int(0, i64::MAX)),
    may("minimum", &Number(f64::MIN, f64::MAX)),
    may("maximum", &Number(f64::MIN, f64::MAX)),
    may("pattern", &Text),
    may("example", &Any),
    may("default", &Any),
    may("anyOf", &List(&SCHEMA)),
    may("propertyOrdering", &List(&Text)),
    may("additionalProperties", &Any),
    may("defs", &Map),
    may("ref", &Text),
];

/// One schema in the service's own form; the rules look into `properties`.
pub(super) static SCHEMA_FORM: &Shape = &SCHEMA;

static FUNCTION: Shape = Object(&[
    must("name", &Text),
    may("description", &Text),
    may("parameters", &SCHEMA),
    may("parametersJsonSchema", &Any),
    may("response", &SCHEMA),
    may("responseJsonSchema", &Any),
    may("behavior", &Text),
]);

static TOOL: Shape = Object(&[
    may("functionDeclarations", &List(&FUNCTION)),
    may("googleSearch", &Map),
    may("googleSearchRetrieval", &Map),
    may("googleMaps", &Map),
    may("codeExecution", &Map),
    may("urlContext", &Map),
    may("computerUse", &Map),
    may("fileSearch", &Map),
    may("mcpServers", &List(&Map)),
]);

static TOOL_CONFIG: Shape = Object(&[
    may(
        "functionCallingConfig",
        &Object(&[
            may("mode", &Word(&["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"])),
            may("allowedFunctionNames", &List(&Text)),
            may("streamFunctionCallArguments", &Bool),
        ]),
    ),
    may("retrievalConfig", &Map),
    may("includeServerSideToolInvocations", &Bool),
]);

static SAFETY: Shape = Object(&[
    must(
        "category",
        &Word(&[
            "HARM_CATEGORY_UNSPECIFIED",
            "HARM_CATEGORY_HARASSMENT",
            "HARM_CATEGORY_HATE_SPEECH",
            "HARM_CATEGORY_SEXUALLY_EXPLICIT",
            "HARM_CATEGORY_DANGEROUS_CONTENT",
            "HARM_CATEGORY_CIVIC_INTEGRITY",
            "HARM_CATEGORY_JAILBREAK",
        ]),
    ),
    must(
        "threshold",
        &Word(&[
            "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
            "BLOCK_LOW_AND_ABOVE",
            "BLOCK_MEDIUM_AND_ABOVE",
            "BLOCK_ONLY_HIGH",
            "BLOCK_NONE",
            "OFF",
        ]),
    ),
]);

static THINKING: Shape = Object(&[
    may("includeThoughts", &Bool),
    may("thinkingBudget", &Int(-1, 32_768)),
    may(
        "thinkingLevel",
        &Word(&["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "minimal", "low", "medium", "high"]),
    ),
]);

static GENERATION: Shape = Object(&[
    may("temperature", &Number(0.0, 2.0)),
    may("topP", &Number(0.0, 1.0)),
    may("topK", &Number(0.0, 1_000_000.0)),
    may("candidateCount", &Int(1, 8)),
    may("maxOutputTokens", &Int(1, 1_000_000)),
    may("stopSequences", &List(&Text)),
    may("responseLogprobs", &Bool),
    may("logprobs", &Int(0, 20)),
    may("presencePenalty", &Number(-2.0, 2.0)),
    may("frequencyPenalty", &Number(-2.0, 2.0)),
    may("seed", &Int(i64::MIN, i64::MAX)),
    may("responseMimeType", &Text),
    may("responseSchema", &SCHEMA),
    may("responseJsonSchema", &Any),
    may("responseModalities", &List(&Text)),
    may("responseFormat", &Any),
    may("mediaResolution", &Text),
    may("speechConfig", &Map),
    may("thinkingConfig", &THINKING),
    may("imageConfig", &Map),
    may("enableEnhancedCivicAnswers", &Bool),
    may("translationConfig", &Map),
    may("audioTranscriptionConfig", &Map),
    may("continuationToken", &Text),
]);

/// Body of `:generateContent` and `:streamGenerateContent`.
pub(super) static GENERATE: Shape = Object(GENERATE_FIELDS);

static GENERATE_FIELDS: &[Field] = &[
    must("contents", &Filled(&CONTENT)),
    may("model", &Text),
    may("systemInstruction", &CONTENT),
    may("generationConfig", &GENERATION),
    may("safetySettings", &List(&SAFETY)),
    may("tools", &List(&TOOL)),
    may("toolConfig", &TOOL_CONFIG),
    may("cachedContent", &Text),
    may("labels", &Map),
    may("serviceTier", &Text),
    may("store", &Bool),
];

/// Body of `:countTokens`.
pub(super) static COUNT: Shape =
    Object(&[may("contents", &Filled(&CONTENT)), may("generateContentRequest", &Object(GENERATE_FIELDS))]);

static EMBED_FIELDS: &[Field] = &[
    must("content", &CONTENT),
    may("model", &Text),
    may("taskType", &Text),
    may("title", &Text),
    may("outputDimensionality", &Int(1, 4096)),
];

/// Body of `:embedContent`.
pub(super) static EMBED: Shape = Object(EMBED_FIELDS);

/// Body of `:batchEmbedContents`.
pub(super) static EMBED_MANY: Shape = Object(&[must("requests", &Filled(&Object(EMBED_FIELDS)))]);
