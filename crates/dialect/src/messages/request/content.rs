//! Content blocks: text, images and documents as parts of a chat message.

use super::wire::{Block, Source};
use crate::canonical::request::{Raw, RawObject, parse_list};
use crate::chat::request::{InvalidRequest, echo, without_values};
use crate::upstream::json::Writer;
use std::borrow::Cow;

/// What a turn, a system text or a tool answer says. Blocks keep their index in the caller's list.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    /// A plain string in place of blocks.
    text: Option<Cow<'a, str>>,
    blocks: Vec<(usize, Block<'a>)>,
    path: String,
}

impl<'a> Body<'a> {
    /// Reads a string or a list of blocks; `path` names it in errors.
    pub(super) fn read(json: Raw<'a>, path: &str) -> Result<Self, InvalidRequest> {
        let path = path.to_owned();
        if json.get().starts_with('"') {
            let text: crate::canonical::request::Text<'a> = serde_json::from_str(json.get())
                .map_err(|error| InvalidRequest::prompt(&path, without_values(&error)))?;
            return Ok(Self { text: Some(text.into_cow()), blocks: Vec::new(), path });
        }
        let blocks: Vec<Block<'a>> = parse_list(json.get(), usize::MAX).map_err(|error| {
            if json.get().starts_with('[') {
                super::turns::unreadable(&path, &error)
            } else {
                InvalidRequest::prompt(&path, "expected a string or a list of content blocks")
            }
        })?;
        Ok(Self { text: None, blocks: blocks.into_iter().enumerate().collect(), path })
    }

    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_none() && self.blocks.is_empty()
    }

    /// Takes out the blocks that `is_taken`; the rest stays.
    pub(super) fn split(self, is_taken: impl Fn(&Block<'a>) -> bool) -> (Vec<(usize, Block<'a>)>, Self) {
        let (taken, blocks) = self.blocks.into_iter().partition(|(_, block)| is_taken(block));
        (taken, Self { blocks, ..self })
    }

    /// Puts words before everything else.
    pub(super) fn put_first(&mut self, words: &str) {
        match (&mut self.text, self.blocks.first_mut()) {
            (Some(text), _) => text.to_mut().insert_str(0, words),
            (None, Some((_, Block { text: Some(text), .. }))) => *text = format!("{words}{}", &**text).into(),
            (None, None) => self.text = Some(Cow::Owned(words.trim_end().to_owned())),
            (None, Some(_)) => {
                let block = Block { kind: "text".into(), text: Some(words.to_owned().into()), ..empty_block() };
                self.blocks.insert(0, (0, block));
            }
        }
    }

    /// The blocks joined to one string, when they are text without markers: many imitators of chat completions take
    /// lists of parts from users only.
    fn as_string(&self, between: &str) -> Option<Cow<'_, str>> {
        if let Some(text) = &self.text {
            return Some(Cow::Borrowed(text));
        }
        let is_plain = |block: &Block<'_>| &*block.kind == "text" && block.cache_control.is_none();
        if !self.blocks.iter().all(|(_, block)| is_plain(block)) {
            return None;
        }
        let texts: Vec<&str> = self.blocks.iter().filter_map(|(_, block)| block.text.as_deref()).collect();
        match texts.as_slice() {
            [one] if self.blocks.len() == 1 => Some(Cow::Borrowed(*one)),
            _ if texts.len() == self.blocks.len() => Some(Cow::Owned(texts.join(between))),
            _ => None,
        }
    }
}

fn empty_block<'a>() -> Block<'a> {
    Block {
        kind: crate::canonical::request::Text::default(),
        text: None,
        cache_control: None,
        source: None,
        title: None,
        context: None,
        tool_use_id: None,
        content: None,
        is_error: None,
        id: None,
        name: None,
        input: None,
        thinking: None,
        signature: None,
        data: None,
    }
}

/// Writes the `content` field of a message. Plain text becomes one string, its blocks joined by `between`; the rest
/// becomes parts.
pub(super) fn write(body: &Body<'_>, between: &str, out: &mut Writer) -> Result<(), InvalidRequest> {
    if let Some(text) = body.as_string(between) {
        out.field_text("content", &text);
        return Ok(());
    }
    out.field_list("content");
    for (index, block) in &body.blocks {
        part(block, &format!("{}[{index}]", body.path), out)?;
    }
    out.end_list();
    Ok(())
}

fn part(block: &Block<'_>, path: &str, out: &mut Writer) -> Result<(), InvalidRequest> {
    match &*block.kind {
        "text" => {
            let text = block.text.as_deref().ok_or_else(|| lacks(path, "text"))?;
            text_part(text, block.cache_control, out);
        }
        "image" => image(block, path, out)?,
        "document" => document(block, path, out)?,
        "search_result" => {
            let text = format!("{}\n{}", block.title.as_deref().unwrap_or_default(), inner_text(block.content, path)?);
            text_part(&text, block.cache_control, out);
        }
        // Only a hint which deferred tools are meant from here on; the tools themselves are always sent.
        "tool_reference" => {}
        other => {
            return Err(InvalidRequest::prompt(path, format!("unknown content block type '{}'", echo(other))));
        }
    }
    Ok(())
}

fn lacks(path: &str, field: &str) -> InvalidRequest {
    InvalidRequest::prompt(&format!("{path}.{field}"), "is required")
}

fn text_part(text: &str, marker: Option<Raw<'_>>, out: &mut Writer) {
    out.begin_object();
    out.field_text("type", "text");
    out.field_text("text", text);
    end_part(marker, out);
}

fn end_part(marker: Option<Raw<'_>>, out: &mut Writer) {
    if let Some(marker) = marker {
        out.field_raw("cache_control", marker.get());
    }
    out.end_object();
}

fn source<'a>(block: &Block<'a>, path: &str) -> Result<Source<'a>, InvalidRequest> {
    let raw = block.source.ok_or_else(|| lacks(path, "source"))?;
    serde_json::from_str(raw.get())
        .map_err(|_ignored| InvalidRequest::prompt(&format!("{path}.source"), "expected an object with a type"))
}

/// Where the bytes are: a data URL, an address, or nothing for stored files.
fn url_of(source: &Source<'_>, path: &str) -> Result<Option<String>, InvalidRequest> {
    let field = |name: &str| lacks(&format!("{path}.source"), name);
    match &*source.kind {
        "base64" => {
            let media_type = source.media_type.as_deref().ok_or_else(|| field("media_type"))?;
            let data = source.data.as_deref().ok_or_else(|| field("data"))?;
            Ok(Some(format!("data:{media_type};base64,{data}")))
        }
        "url" => Ok(Some(source.url.as_deref().ok_or_else(|| field("url"))?.to_owned())),
        "file" => Ok(None),
        other => Err(InvalidRequest::prompt(path, format!("unknown source type '{}'", echo(other)))),
    }
}

fn image(block: &Block<'_>, path: &str, out: &mut Writer) -> Result<(), InvalidRequest> {
    let source = source(block, path)?;
    out.begin_object();
    match url_of(&source, path)? {
        Some(url) => {
            out.field_text("type", "image_url");
            out.field_object("image_url");
            out.field_text("url", &url);
            out.end_object();
        }
        None => stored_file(&source, path, out)?,
    }
    end_part(block.cache_control, out);
    Ok(())
}

fn stored_file(source: &Source<'_>, path: &str, out: &mut Writer) -> Result<(), InvalidRequest> {
    let id = source.file_id.as_deref().ok_or_else(|| lacks(&format!("{path}.source"), "file_id"))?;
    out.field_text("type", "file");
    out.field_object("file");
    out.field_text("file_id", id);
    out.end_object();
    Ok(())
}

fn document(block: &Block<'_>, path: &str, out: &mut Writer) -> Result<(), InvalidRequest> {
    let source = source(block, path)?;
    match &*source.kind {
        "text" => {
            let data = source.data.as_deref().ok_or_else(|| lacks(&format!("{path}.source"), "data"))?;
            text_part(&titled(block, data), block.cache_control, out);
        }
        "content" => {
            let text = inner_text(source.content, path)?;
            text_part(&titled(block, &text), block.cache_control, out);
        }
        _ => {
            let url = url_of(&source, path)?;
            out.begin_object();
            match url {
                Some(url) => {
                    out.field_text("type", "file");
                    out.field_object("file");
                    out.field_text("filename", block.title.as_deref().unwrap_or("document.pdf"));
                    out.field_text("file_data", &url);
                    out.end_object();
                }
                None => stored_file(&source, path, out)?,
            }
            end_part(block.cache_control, out);
        }
    }
    Ok(())
}

/// A text document inside tags, so that the model can tell it from what is asked about it.
fn titled(block: &Block<'_>, text: &str) -> String {
    let title =
        block.title.as_deref().map(|title| format!(" title=\"{}\"", title.replace('"', "'"))).unwrap_or_default();
    let context = block.context.as_deref().map(|context| format!("{context}\n")).unwrap_or_default();
    format!("<document{title}>\n{context}{text}\n</document>")
}

/// The text of a string or of a list of text blocks.
fn inner_text(content: Option<Raw<'_>>, path: &str) -> Result<String, InvalidRequest> {
    let Some(content) = content else { return Err(lacks(path, "content")) };
    let body = Body::read(content, &format!("{path}.content"))?;
    let blocks = body.blocks.iter().filter_map(|(_, block)| block.text.as_deref());
    Ok(body.text.as_deref().into_iter().chain(blocks).collect::<Vec<_>>().join("\n"))
}

/// A call's arguments as the text that the model wrote: invalid JSON was wrapped when it went out as an object.
pub(super) fn arguments(input: Option<Raw<'_>>) -> String {
    let Some(input) = input else { return "{}".to_owned() };
    let object: RawObject<'_> = serde_json::from_str(input.get()).unwrap_or_default();
    let wrapped = match object.0.as_slice() {
        [(name, text)] if &**name == crate::messages::blocks::RAW_ARGUMENTS => serde_json::from_str(text.get()).ok(),
        _ => None,
    };
    wrapped.unwrap_or_else(|| crate::decode::minified(input.get()))
}
