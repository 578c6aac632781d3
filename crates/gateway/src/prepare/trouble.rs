//! Why a part of a request cannot be used, in words for the caller.

use super::image::ImageProblem;
use super::needs::Kind;
use super::reader::ReadError;
use domain::error_kind::ErrorKind;
use edge::egress::EgressError;

/// Why a part cannot be used. The text is the same for every address that fails, whatever the reason inside this network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// Public type.
    pub kind: ErrorKind,
    /// For the caller.
    pub message: &'static str,
}

impl Trouble {
    const fn new(kind: ErrorKind, message: &'static str) -> Self {
        Self { kind, message }
    }

    /// Something was not fetched.
    pub const fn fetching(kind: Kind, error: EgressError) -> Self {
        let is_large = matches!(error, EgressError::TooLarge);
        match (kind, error.is_missing(), is_large) {
            (Kind::Image, true, _) => Self::new(ErrorKind::ImageNotFound, "There is no image at the given address"),
            (Kind::Image, _, true) => Self::new(ErrorKind::ImageTooLarge, "An image is larger than the limit"),
            (Kind::Image, ..) => Self::new(ErrorKind::ImageDownloadFailed, "An image could not be downloaded"),
            (_, true, _) => Self::new(ErrorKind::InvalidPrompt, "There is no file at the given address"),
            (_, _, true) => Self::new(ErrorKind::InvalidPrompt, "A file is larger than the limit"),
            _ => Self::new(ErrorKind::InvalidPrompt, "A file could not be downloaded"),
        }
    }

    /// More items than a request may name.
    pub const fn too_many() -> Self {
        Self::new(ErrorKind::InvalidPrompt, "The request names more files and images by address than the limit allows")
    }

    /// What came is no image for models.
    pub const fn image(problem: ImageProblem) -> Self {
        match problem {
            ImageProblem::Format => {
                Self::new(ErrorKind::UnsupportedImageFormat, "Images must be png, jpeg, webp or gif")
            }
            ImageProblem::Broken => Self::new(ErrorKind::InvalidImage, "An image is cut off or broken"),
            ImageProblem::TooLarge => Self::new(ErrorKind::ImageTooLarge, "An image has more pixels than the limit"),
        }
    }

    /// What came is no recording.
    pub const fn audio() -> Self {
        Self::new(ErrorKind::InvalidPrompt, "What the address of a recording gave is no audio")
    }

    /// The text of a document cannot be had.
    pub const fn reading(error: ReadError) -> Self {
        let message = match error {
            ReadError::Unavailable => "Documents cannot be read on this server",
            ReadError::Unreadable => "A file is no PDF or text that can be read; choose a model that takes files",
            ReadError::Encrypted => "A PDF is locked with a password",
            ReadError::Limit => "Reading a PDF takes more time or memory than a request may take",
            ReadError::Empty => "A PDF holds no text; choose a model that takes files",
        };
        let is_ours = matches!(error, ReadError::Unavailable);
        Self::new(if is_ours { ErrorKind::Unprocessable } else { ErrorKind::InvalidPrompt }, message)
    }

    /// What was given as base64 is not.
    pub const fn encoding() -> Self {
        Self::new(ErrorKind::InvalidPrompt, "A file's data is not base64")
    }
}
