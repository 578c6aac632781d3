//! Which parts of a request some attempt cannot take as they are.

use crate::plan::PlannedAttempt;
use dialect::canonical::request::{DataUrl, Part};
use dialect::chat::request::{ChatRequest, Files};
use domain::catalog::Family;
use sha2::{Digest, Sha256};

/// What an attempt needs done to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// The content itself in place of its address.
    Content,
    /// The text of a document in its place.
    Text,
}

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An image.
    Image,
    /// A recording.
    Audio,
    /// A document.
    File,
}

/// A part's content as the caller named it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// What it is.
    pub kind: Kind,
    /// An address, a data URL or base64.
    pub text: &'a str,
    /// The file's name.
    pub name: Option<&'a str>,
}

/// A source that must be worked on, with everything that some attempt needs of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Names the source.
    pub key: Key,
    /// What it is.
    pub kind: Kind,
    /// An address, a data URL or base64.
    pub text: String,
    /// The file's name.
    pub name: Option<String>,
    /// Some attempt needs the content.
    pub content: bool,
    /// Some attempt needs the text.
    pub as_text: bool,
}

/// Names a source by the digest of what the caller wrote.
pub type Key = [u8; 32];

/// The key of a source.
pub fn key(text: &str) -> Key {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether a text is an address rather than the content itself.
pub fn is_address(text: &str) -> bool {
    let scheme = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    scheme.starts_with("http://") || scheme.starts_with("https://")
}

/// What a part holds, if it is anything that may need work.
pub fn source<'a>(part: &'a Part<'_>) -> Option<Source<'a>> {
    if let Some(image) = &part.image_url {
        return Some(Source { kind: Kind::Image, text: &image.url, name: None });
    }
    if let Some(audio) = &part.input_audio {
        return Some(Source { kind: Kind::Audio, text: &audio.data, name: None });
    }
    let file = part.file.as_ref()?;
    let text = file.file_data.as_deref()?;
    Some(Source { kind: Kind::File, text, name: file.filename.as_deref() })
}

/// What `attempt` needs done to `source`.
pub fn need(source: &Source<'_>, attempt: &PlannedAttempt, files: Files) -> Need {
    let endpoint = &attempt.candidate.endpoint;
    let is_address = is_address(source.text);
    let takes_addresses = match endpoint.provider.family {
        // Both fetch images; of documents only Anthropic takes the address, and nobody takes one for audio.
        Family::OpenAi => source.kind == Kind::Image,
        Family::Anthropic => source.kind != Kind::Audio,
        _ => false,
    };
    let is_image = DataUrl::parse(source.text).is_some_and(|data| data.media_type.starts_with("image/"));
    let wants_text = match files {
        _ if source.kind != Kind::File || is_image => false,
        Files::Text => true,
        Files::Native => false,
        Files::Automatic => !endpoint.input_modalities.iter().any(|modality| modality == "file"),
    };
    match (wants_text, is_address && !takes_addresses) {
        (true, _) => Need::Text,
        (false, true) => Need::Content,
        (false, false) => Need::Nothing,
    }
}

/// Every source that some attempt cannot take, once, in the order of the request.
pub fn gather(chat: &ChatRequest, attempts: &[PlannedAttempt], files: Files) -> Vec<Wanted> {
    let shape = chat.shape();
    let mut wanted: Vec<Wanted> = Vec::new();
    if shape.images + shape.audio + shape.files == 0 {
        return wanted;
    }
    for message in &chat.messages() {
        for source in message.content.parts().iter().filter_map(source) {
            let needs: Vec<Need> = attempts.iter().map(|attempt| need(&source, attempt, files)).collect();
            let (content, as_text) = (needs.contains(&Need::Content), needs.contains(&Need::Text));
            if !content && !as_text {
                continue;
            }
            let key = key(source.text);
            if wanted.iter().any(|wanted| wanted.key == key) {
                continue;
            }
            let (text, name) = (source.text.to_owned(), source.name.map(str::to_owned));
            wanted.push(Wanted { key, kind: source.kind, text, name, content, as_text });
        }
    }
    wanted
}
