//! What a message says: one text, or a list of parts.

use super::{Raw, Text};
use crate::json::TEXT;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// The `content` of a message.
#[derive(Debug, Clone, Default)]
pub enum Content<'a> {
    /// Missing or `null`.
    #[default]
    Absent,
    /// A plain string.
    Text(Text<'a>),
    /// Typed parts, in order.
    Parts(Vec<Part<'a>>),
}

/// One typed part of a message. The field that belongs to `kind` is present once the request has been checked.
#[derive(Debug, Clone, Deserialize)]
pub struct Part<'a> {
    /// `text`, `refusal`, `image_url`, `input_audio`, `file`, `video_url` or `input_video`.
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    /// Text of a `text` part.
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
    /// Text of a `refusal` part.
    #[serde(borrow, default)]
    pub refusal: Option<Text<'a>>,
    /// An image.
    #[serde(borrow, default)]
    pub image_url: Option<ImageUrl<'a>>,
    /// Audio, as base64.
    #[serde(borrow, default)]
    pub input_audio: Option<Audio<'a>>,
    /// A document.
    #[serde(borrow, default)]
    pub file: Option<File<'a>>,
    /// A video.
    #[serde(borrow, default, alias = "input_video")]
    pub video_url: Option<Video<'a>>,
    /// A marker: the provider may cache the prompt up to and including this part.
    #[serde(borrow, default)]
    pub cache_control: Option<CacheControl<'a>>,
    /// OpenAI's spelling of the same marker.
    #[serde(borrow, default)]
    pub prompt_cache_breakpoint: Option<Raw<'a>>,
}

/// An image by address or as a data URL.
#[derive(Debug, Clone, Deserialize)]
pub struct ImageUrl<'a> {
    /// `https:`, `http:` or `data:`.
    #[serde(borrow)]
    pub url: Text<'a>,
    /// `auto`, `low`, `high` or `original`.
    #[serde(borrow, default)]
    pub detail: Option<Text<'a>>,
}

/// Audio data.
#[derive(Debug, Clone, Deserialize)]
pub struct Audio<'a> {
    /// Base64, without a `data:` prefix.
    #[serde(borrow)]
    pub data: Text<'a>,
    /// `wav`, `mp3`, ….
    #[serde(borrow)]
    pub format: Text<'a>,
}

/// A document by content, address or stored id.
#[derive(Debug, Clone, Deserialize)]
pub struct File<'a> {
    /// Display name.
    #[serde(borrow, default)]
    pub filename: Option<Text<'a>>,
    /// A URL or a data URL.
    #[serde(borrow, default)]
    pub file_data: Option<Text<'a>>,
    /// Id of a stored file.
    #[serde(borrow, default)]
    pub file_id: Option<Text<'a>>,
}

/// A video by address or as a data URL.
#[derive(Debug, Clone, Deserialize)]
pub struct Video<'a> {
    /// `https:`, `http:` or `data:`.
    #[serde(borrow)]
    pub url: Text<'a>,
}

/// A prompt-cache marker.
#[derive(Debug, Clone, Deserialize)]
pub struct CacheControl<'a> {
    /// `ephemeral`.
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    /// `5m` or `1h`.
    #[serde(borrow, default)]
    pub ttl: Option<Text<'a>>,
}

/// A data URL, taken apart without decoding anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataUrl<'a> {
    /// Media type, e.g. `image/png`.
    pub media_type: &'a str,
    /// The base64 text.
    pub data: &'a str,
}

impl<'a> DataUrl<'a> {
    /// Splits `data:<media type>[;parameter…];base64,<data>`; `None` for anything else.
    #[must_use]
    pub fn parse(url: &'a str) -> Option<Self> {
        let rest = url.strip_prefix("data:")?;
        let comma = memchr::memchr(b',', rest.as_bytes())?;
        let head = rest.get(..comma)?.strip_suffix(";base64")?;
        let media_type = head.split(';').next().unwrap_or_default();
        Some(Self { media_type, data: rest.get(comma + 1..)? })
    }
}

impl Content<'_> {
    /// The parts; a plain string has none.
    #[must_use]
    pub fn parts(&self) -> &[Part<'_>] {
        match self {
            Self::Parts(parts) => parts,
            Self::Absent | Self::Text(_) => &[],
        }
    }

    /// All text, parts joined without separator.
    #[must_use]
    pub fn plain_text(&self) -> String {
        match self {
            Self::Absent => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Parts(parts) => parts.iter().filter_map(Part::as_text).collect(),
        }
    }
}

impl Part<'_> {
    /// The text of a text or refusal part.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.text.as_deref().or(self.refusal.as_deref())
    }

    /// Whether the prompt shall be cached up to here, in either spelling.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.cache_control.is_some() || self.prompt_cache_breakpoint.is_some()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(TEXT, ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a list of content parts or null")
    }

    /// From a checked text.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Text::written(deserializer).map(Content::Text)
    }

    /// From the parser.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Content::Absent)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = seq.next_element()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }
}

/// A `reasoning_details` entry that came back from the caller.
#[derive(Debug, Clone, Deserialize)]
pub struct ReasoningDetail<'a> {
    /// `reasoning.text`, `reasoning.summary`, `reasoning.encrypted` or `reasoning.server_tool_call`.
    #[serde(rename = "type", borrow)]
    pub kind: Text<'a>,
    /// Visible reasoning.
    #[serde(borrow, default)]
    pub text: Option<Text<'a>>,
    /// A summary of the reasoning.
    #[serde(borrow, default)]
    pub summary: Option<Text<'a>>,
    /// The provider's proof that it wrote the text.
    #[serde(borrow, default)]
    pub signature: Option<Text<'a>>,
    /// Sealed reasoning.
    #[serde(borrow, default)]
    pub data: Option<Text<'a>>,
    /// The dialect that the entry belongs to, e.g. `anthropic-claude-v1`.
    #[serde(borrow, default)]
    pub format: Option<Text<'a>>,
    /// The provider's id; for Gemini the tool call that a signature belongs to.
    #[serde(borrow, default)]
    pub id: Option<Text<'a>>,
}
