//! Content of items: from `input_…` and `output_…` parts to the parts of chat messages.

use crate::canonical::request::{RawObject, Text};
use crate::chat::request::InvalidRequest;
use crate::json::Raw;
use crate::upstream::Notes;
use crate::upstream::json::Writer;

/// One part, in the chat form.
pub(super) enum PartOut {
    /// JSON of a chat content part.
    Part(String),
    /// A plain text, which needs no part of its own when it stands alone.
    Text(String),
    /// The text of a refusal.
    Refusal(String),
    /// Nothing that could be said.
    Nothing,
}

/// A string field; anything else counts as missing.
pub(super) fn text_of(object: &RawObject<'_>, name: &str) -> Option<String> {
    let value = object.get(name)?;
    value
        .get()
        .starts_with('"')
        .then(|| serde_json::from_str::<Text<'_>>(value.get()).ok())
        .flatten()
        .map(|text| text.into_cow().into_owned())
}

/// A field that is neither missing nor `null`.
pub(super) fn given<'a>(object: &RawObject<'a>, name: &str) -> Option<Raw<'a>> {
    object.get(name).filter(|value| value.get() != "null")
}

/// Reads the content of a message or of a tool's answer: a text, or a list of parts.
///
/// # Errors
/// [`InvalidRequest`] naming the part, when it is no object, has no type, or is of a type that nobody knows.
pub(super) fn read_content(content: Raw<'_>, path: &str, notes: &mut Notes) -> Result<Vec<PartOut>, InvalidRequest> {
    let json = content.get();
    if json.starts_with('"') {
        let text: Text<'_> = serde_json::from_str(json).map_err(|_ignored| wrong(path, "expected text"))?;
        return Ok(vec![PartOut::Text(text.into_cow().into_owned())]);
    }
    if !json.starts_with('[') {
        return Err(wrong(path, "expected text or a list of parts"));
    }
    let parts: Vec<Raw<'_>> = serde_json::from_str(json).map_err(|_ignored| wrong(path, "expected a list"))?;
    parts.iter().enumerate().map(|(index, part)| read_part(*part, &format!("{path}[{index}]"), notes)).collect()
}

fn wrong(path: &str, problem: &str) -> InvalidRequest {
    InvalidRequest::prompt(path, problem)
}

/// Reads one part of a content.
///
/// # Errors
/// As [`read_content`].
pub(super) fn read_part(part: Raw<'_>, path: &str, notes: &mut Notes) -> Result<PartOut, InvalidRequest> {
    let fields: RawObject<'_> =
        serde_json::from_str(part.get()).map_err(|_ignored| wrong(path, "expected an object"))?;
    let kind = text_of(&fields, "type").ok_or_else(|| wrong(path, "a part needs a type"))?;
    match kind.as_str() {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => read_text(&fields, path),
        "refusal" => Ok(text_of(&fields, "refusal").map_or(PartOut::Nothing, PartOut::Refusal)),
        "input_image" => read_image(&fields, path),
        "computer_screenshot" if given(&fields, "image_url").is_some() => read_image(&fields, path),
        "input_file" => Ok(PartOut::Part(file(&fields))),
        "input_audio" => Ok(PartOut::Part(audio(&fields))),
        "input_video" => Ok(PartOut::Part(video(&fields))),
        // Written by clients that mix both forms; checked with the chat request.
        "image_url" | "file" | "video_url" => Ok(PartOut::Part(part.get().to_owned())),
        "encrypted_content" | "computer_screenshot" => {
            notes.dropped(path, "this content cannot be shown to another provider");
            Ok(PartOut::Nothing)
        }
        other => Err(wrong(path, &format!("unknown content part type '{}'", crate::chat::request::clip(other, 60)))),
    }
}

fn read_text(fields: &RawObject<'_>, path: &str) -> Result<PartOut, InvalidRequest> {
    let text = text_of(fields, "text").ok_or_else(|| wrong(path, "a text part lacks its text"))?;
    let markers: Vec<_> = ["cache_control", "prompt_cache_breakpoint"]
        .into_iter()
        .filter_map(|name| Some((name, given(fields, name)?)))
        .collect();
    if markers.is_empty() {
        return Ok(PartOut::Text(text));
    }
    let mut out = Writer::default();
    out.begin_object();
    out.field_text("type", "text");
    out.field_text("text", &text);
    for (name, marker) in markers {
        out.field_raw(name, marker.get());
    }
    out.end_object();
    Ok(PartOut::Part(written(out)))
}

fn read_image(fields: &RawObject<'_>, path: &str) -> Result<PartOut, InvalidRequest> {
    let Some(image) = given(fields, "image_url") else {
        let problem = if given(fields, "file_id").is_some() {
            "files are not stored here, send image_url"
        } else {
            "lacks image_url"
        };
        return Err(wrong(path, problem));
    };
    let mut out = Writer::default();
    out.begin_object();
    out.field_text("type", "image_url");
    if image.get().starts_with('{') {
        out.field_raw("image_url", image.get());
    } else {
        out.field_object("image_url");
        out.field_raw("url", image.get());
        if let Some(detail) = given(fields, "detail") {
            out.field_raw("detail", detail.get());
        }
        out.end_object();
    }
    copy(fields, &["cache_control", "prompt_cache_breakpoint"], &mut out);
    out.end_object();
    Ok(PartOut::Part(written(out)))
}

fn file(fields: &RawObject<'_>) -> String {
    let mut out = Writer::default();
    out.begin_object();
    out.field_text("type", "file");
    out.field_object("file");
    copy(fields, &["filename", "file_id"], &mut out);
    if let Some(data) = given(fields, "file_data").or_else(|| given(fields, "file_url")) {
        out.field_raw("file_data", data.get());
    }
    out.end_object();
    copy(fields, &["cache_control", "prompt_cache_breakpoint"], &mut out);
    out.end_object();
    written(out)
}

fn audio(fields: &RawObject<'_>) -> String {
    let mut out = Writer::default();
    out.begin_object();
    out.field_text("type", "input_audio");
    match given(fields, "input_audio") {
        Some(audio) => out.field_raw("input_audio", audio.get()),
        None => {
            out.field_object("input_audio");
            copy(fields, &["data", "format"], &mut out);
            out.end_object();
        }
    }
    out.end_object();
    written(out)
}

fn video(fields: &RawObject<'_>) -> String {
    let mut out = Writer::default();
    out.begin_object();
    out.field_text("type", "video_url");
    if let Some(video) = given(fields, "video_url") {
        if video.get().starts_with('{') {
            out.field_raw("video_url", video.get());
        } else {
            out.field_object("video_url");
            out.field_raw("url", video.get());
            copy(fields, &["processing"], &mut out);
            out.end_object();
        }
    }
    out.end_object();
    written(out)
}

fn copy(fields: &RawObject<'_>, names: &[&str], out: &mut Writer) {
    for name in names {
        if let Some(value) = given(fields, name) {
            out.field_raw(name, value.get());
        }
    }
}

/// The text of a writer; what it wrote came from text, so it is text.
pub(super) fn written(out: Writer) -> String {
    String::from_utf8_lossy(&out.finish()).into_owned()
}

/// Writes content: one plain text as a string, everything else as a list of parts.
pub(super) fn write_content(parts: &[PartOut], out: &mut Writer) {
    if let [PartOut::Text(text)] = parts {
        out.field_text("content", text);
        return;
    }
    out.field_list("content");
    for part in parts {
        match part {
            PartOut::Part(json) => out.raw(json),
            PartOut::Text(text) => {
                out.begin_object();
                out.field_text("type", "text");
                out.field_text("text", text);
                out.end_object();
            }
            PartOut::Refusal(_) | PartOut::Nothing => {}
        }
    }
    out.end_list();
}
