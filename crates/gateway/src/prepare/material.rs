//! What was fetched and read for one request.

use super::image;
use super::needs::{Key, Kind, Wanted, is_address};
use super::reader::ReadError;
use super::trouble::Trouble;
use crate::state::Gateway;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dialect::canonical::request::DataUrl;
use dialect::chat::request::FileText;
use edge::egress::EgressError;
use futures_util::future::join_all;
use std::collections::HashMap;

/// Items of one request that are worked on at once.
const AT_ONCE: usize = 4;

/// Everything that was gathered, by source.
#[derive(Debug, Default)]
pub struct Material {
    contents: HashMap<Key, Result<Content, Trouble>>,
    texts: HashMap<Key, Result<FileText, Trouble>>,
    /// Documents in the order of the request.
    order: Vec<Key>,
}

/// Content that takes the place of an address.
#[derive(Debug)]
pub struct Content {
    /// The media type, from the bytes themselves where they tell.
    pub media_type: String,
    /// The content in base64.
    pub base64: String,
}

/// The bytes of a source, with the media type that was stated for them.
struct Stated {
    bytes: Bytes,
    media_type: Option<String>,
}

impl Material {
    /// Whether nothing was gathered.
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty() && self.texts.is_empty()
    }

    /// The content of a source.
    pub fn content(&self, key: &Key) -> Option<&Result<Content, Trouble>> {
        self.contents.get(key)
    }

    /// The text of a document.
    pub fn text(&self, key: &Key) -> Option<&Result<FileText, Trouble>> {
        self.texts.get(key)
    }

    /// The documents whose text was had, in the order of the request.
    pub fn documents(&self) -> impl Iterator<Item = &FileText> {
        self.order.iter().filter_map(|key| self.texts.get(key)?.as_ref().ok())
    }

    /// Fetches and reads what is wanted. Texts that the caller brought back are taken in place of reading, and of fetching.
    pub async fn gather(gateway: &Gateway, wanted: &[Wanted], known: &[FileText]) -> Self {
        let mut material = Self::default();
        let limits = gateway.egress.settings();
        let (mut items, mut room) = (limits.items, limits.request_bytes);
        for group in wanted.chunks(AT_ONCE) {
            let known_of = |wanted: &Wanted| known.iter().find(|known| known.hash == hash(wanted)).cloned();
            let work = group.iter().map(|wanted| {
                let known = known_of(wanted).filter(|_| !wanted.content);
                let may_fetch = items > 0 || !is_address(&wanted.text);
                items = items.saturating_sub(usize::from(is_address(&wanted.text)));
                async move {
                    match known {
                        Some(text) => (Err(Trouble::too_many()), Some(Ok(text))),
                        None if !may_fetch => (Err(Trouble::too_many()), None),
                        None => work_on(gateway, wanted, room).await,
                    }
                }
            });
            for (wanted, (stated, text)) in group.iter().zip(join_all(work).await) {
                let stated = stated.and_then(|stated| {
                    room = room
                        .checked_sub(stated.bytes.len())
                        .ok_or(Trouble::fetching(wanted.kind, EgressError::TooLarge))?;
                    Ok(stated)
                });
                material.keep(wanted, stated, text);
            }
        }
        material
    }

    fn keep(&mut self, wanted: &Wanted, stated: Result<Stated, Trouble>, text: Option<Result<FileText, Trouble>>) {
        if wanted.as_text {
            let missing = stated.as_ref().err().copied().unwrap_or(Trouble::reading(ReadError::Unavailable));
            self.texts.insert(wanted.key, text.unwrap_or(Err(missing)));
            self.order.push(wanted.key);
        }
        if wanted.content {
            let content = stated.and_then(|stated| content(wanted.kind, &stated));
            self.contents.insert(wanted.key, content);
        }
    }
}

/// What an annotation calls the source: the digest of what the caller wrote, so that neither fetching nor reading is needed to
/// recognise it.
fn hash(wanted: &Wanted) -> String {
    hex::encode(wanted.key)
}

type Worked = (Result<Stated, Trouble>, Option<Result<FileText, Trouble>>);

async fn work_on(gateway: &Gateway, wanted: &Wanted, room: usize) -> Worked {
    let stated = if is_address(&wanted.text) {
        let fetched = gateway.egress.fetch(&wanted.text, room).await;
        fetched.map(|fetched| Stated { bytes: fetched.bytes, media_type: fetched.media_type }).map_err(|error| {
            tracing::debug!(%error, "media could not be fetched");
            Trouble::fetching(wanted.kind, error)
        })
    } else {
        decoded(&wanted.text)
    };
    let text = match &stated {
        Ok(stated) if wanted.as_text => Some(read(gateway, wanted, stated).await),
        _ => None,
    };
    (stated, text)
}

fn decoded(text: &str) -> Result<Stated, Trouble> {
    let data = DataUrl::parse(text).unwrap_or(DataUrl { media_type: "", data: text });
    let bytes = STANDARD.decode(data.data).map_err(|_error| Trouble::encoding())?;
    let media_type = Some(data.media_type.to_owned()).filter(|media_type| !media_type.is_empty());
    Ok(Stated { bytes: bytes.into(), media_type })
}

async fn read(gateway: &Gateway, wanted: &Wanted, stated: &Stated) -> Result<FileText, Trouble> {
    let most = gateway.settings.documents.text_bytes;
    let text = if is_pdf(&stated.bytes) {
        let read = gateway.documents.read(&stated.bytes).await.map_err(Trouble::reading)?;
        if read.is_cut { format!("{}\n[…]", read.text) } else { read.text }
    } else {
        plain(stated, most).ok_or(Trouble::reading(ReadError::Unreadable))?
    };
    Ok(FileText { hash: hash(wanted), name: wanted.name.clone(), text })
}

/// The text of a file that is text: its media type says so, or says nothing, and its bytes agree.
fn plain(stated: &Stated, most: usize) -> Option<String> {
    let is_text = stated.media_type.as_deref().is_none_or(|media_type| {
        media_type.starts_with("text/")
            || matches!(media_type, "application/json" | "application/xml" | "application/yaml")
    });
    let text = std::str::from_utf8(&stated.bytes).ok().filter(|text| is_text && !text.contains('\0'))?;
    if text.len() <= most {
        return Some(text.to_owned());
    }
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Some(format!("{}\n[…]", text.get(..end).unwrap_or_default()))
}

fn is_pdf(bytes: &[u8]) -> bool {
    // Readers accept the mark anywhere in the first kilobyte, and writers make use of that.
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    memchr::memmem::find(head, b"%PDF-").is_some()
}

fn content(kind: Kind, stated: &Stated) -> Result<Content, Trouble> {
    let media_type = match kind {
        Kind::Image => image::media_type(&stated.bytes).map_err(Trouble::image)?.to_owned(),
        Kind::Audio => {
            let is_audio =
                |media_type: &&String| media_type.starts_with("audio/") || *media_type == "application/octet-stream";
            stated.media_type.as_ref().filter(is_audio).ok_or(Trouble::audio())?.clone()
        }
        Kind::File if is_pdf(&stated.bytes) => "application/pdf".to_owned(),
        Kind::File => match image::media_type(&stated.bytes) {
            Ok(media_type) => media_type.to_owned(),
            Err(_) if plain(stated, usize::MAX).is_some() => "text/plain".to_owned(),
            Err(_) => return Err(Trouble::reading(ReadError::Unreadable)),
        },
    };
    Ok(Content { media_type, base64: STANDARD.encode(&stated.bytes) })
}
