//! What a provider is asked to embed.

use super::input::Input;
use super::request::EmbeddingsRequest;
use crate::upstream::json::Writer;
use crate::upstream::{Change, EncodeError, Notes, Outgoing, Target, ToolNames};
use domain::catalog::Family;
use domain::error_kind::ErrorKind;

/// Puts the request into the target's wire format.
///
/// # Errors
/// When the format has no embeddings, or cannot say what is to be embedded.
pub(crate) fn encode(request: &EmbeddingsRequest, target: &Target<'_>) -> Result<Outgoing, EncodeError> {
    let mut notes = Notes::default();
    let (path, body) = match target.family {
        Family::OpenAi | Family::OpenAiResponses => ("/embeddings".to_owned(), openai(request, target, &mut notes)),
        Family::Gemini => {
            (format!("/models/{}:batchEmbedContents", target.upstream_id), gemini(request, target, &mut notes)?)
        }
        Family::Anthropic | Family::Unsupported => {
            return Err(EncodeError {
                kind: ErrorKind::InvalidRequest,
                message: "This provider's format has no embeddings".to_owned(),
                param: Some("model".to_owned()),
            });
        }
    };
    Ok(Outgoing { path, headers: Vec::new(), body: body.into(), notes: notes.0, names: ToolNames::default() })
}

fn openai(request: &EmbeddingsRequest, target: &Target<'_>, notes: &mut Notes) -> Vec<u8> {
    let mut out = Writer::default();
    out.begin_object();
    out.field_text("model", target.upstream_id);
    out.key("input");
    match request.inputs.as_slice() {
        [one] => write_input(one, &mut out),
        many => {
            out.begin_list();
            many.iter().for_each(|input| write_input(input, &mut out));
            out.end_list();
        }
    }
    out.field_text("encoding_format", if request.is_packed { "base64" } else { "float" });
    if let Some(dimensions) = request.dimensions {
        out.field_plain("dimensions", dimensions);
    }
    if request.input_type.is_some() {
        notes.dropped("input_type", "this wire format has no counterpart");
    }
    if let Some(user) = target.user {
        out.field_text("user", user);
    }
    out.end_object();
    out.finish()
}

fn write_input(input: &Input, out: &mut Writer) {
    match input {
        Input::Text(text) => out.text(text),
        Input::Tokens(tokens) => {
            out.begin_list();
            tokens.iter().for_each(|token| out.plain(token));
            out.end_list();
        }
    }
}

/// The provider's words for what a vector is for. Source: `TaskType` of the Gemini API reference (2026-11).
fn task(input_type: &str) -> Option<&'static str> {
    Some(match input_type {
        "search_query" | "query" => "RETRIEVAL_QUERY",
        "search_document" | "document" | "passage" => "RETRIEVAL_DOCUMENT",
        "classification" => "CLASSIFICATION",
        "clustering" => "CLUSTERING",
        "semantic_similarity" => "SEMANTIC_SIMILARITY",
        _ => return None,
    })
}

fn gemini(request: &EmbeddingsRequest, target: &Target<'_>, notes: &mut Notes) -> Result<Vec<u8>, EncodeError> {
    let kind = request.input_type.as_deref().and_then(task);
    if let (Some(_), None) = (&request.input_type, kind) {
        notes.add("input_type", Change::Dropped, "the provider does not know it");
    }
    let mut out = Writer::default();
    out.begin_object();
    out.field_list("requests");
    for (index, input) in request.inputs.iter().enumerate() {
        let Input::Text(text) = input else {
            return Err(EncodeError::prompt(&format!("input[{index}]"), "token ids mean nothing to this provider"));
        };
        out.begin_object();
        out.field_text("model", &format!("models/{}", target.upstream_id));
        out.field_object("content");
        out.field_list("parts");
        out.begin_object();
        out.field_text("text", text);
        out.end_object();
        out.end_list();
        out.end_object();
        if let Some(kind) = kind {
            out.field_text("taskType", kind);
        }
        if let Some(dimensions) = request.dimensions {
            out.field_plain("outputDimensionality", dimensions);
        }
        out.end_object();
    }
    out.end_list();
    out.end_object();
    Ok(out.finish())
}
