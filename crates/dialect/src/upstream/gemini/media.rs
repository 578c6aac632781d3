//! Images, documents, audio and video as `inlineData` or `fileData`.

use super::Body;
use crate::canonical::request::{DataUrl, Part};
use crate::upstream::EncodeError;

impl Body<'_> {
    /// Writes the one field of a part that holds media.
    pub(super) fn media(&mut self, part: &Part<'_>, path: &str) -> Result<(), EncodeError> {
        if let Some(image) = &part.image_url {
            self.url(&image.url);
        } else if let Some(audio) = &part.input_audio {
            self.inline(&format!("audio/{}", &*audio.format), &audio.data);
        } else if let Some(video) = &part.video_url {
            self.url(&video.url);
        } else if let Some(file) = &part.file {
            let Some(data) = file.file_data.as_deref() else {
                return Err(EncodeError::prompt(path, "stored files cannot be sent to this provider"));
            };
            if data.contains(':') { self.url(data) } else { self.inline("application/pdf", data) }
        } else {
            return Err(EncodeError::prompt(path, "this provider has no form for this part"));
        }
        Ok(())
    }

    fn url(&mut self, url: &str) {
        if let Some(data) = DataUrl::parse(url) {
            let media_type = if data.media_type == "image/jpg" { "image/jpeg" } else { data.media_type };
            self.inline(media_type, data.data);
            return;
        }
        self.out.field_object("fileData");
        if let Some(media_type) = media_type_of(url) {
            self.out.field_text("mimeType", media_type);
        }
        self.out.field_text("fileUri", url);
        self.out.end_object();
    }

    fn inline(&mut self, media_type: &str, data: &str) {
        self.out.field_object("inlineData");
        self.out.field_text("mimeType", media_type);
        self.out.field_text("data", data);
        self.out.end_object();
    }
}

/// The media type that the end of an address suggests.
fn media_type_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "mpeg" | "mpg" => "video/mpeg",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        _ => return None,
    })
}
