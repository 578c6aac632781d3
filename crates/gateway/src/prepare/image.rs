//! What kind of image some bytes are, and how large; pixels are never decoded.

/// Longest side of an image, in pixels.
const SIDE_MAX: u32 = 32_768;
/// Most pixels of an image.
const PIXELS_MAX: u64 = 100_000_000;

/// Why bytes are no image that can be sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageProblem {
    /// None of the formats that models take.
    Format,
    /// One of them, cut off or broken in its head.
    Broken,
    /// More pixels than the limit.
    TooLarge,
}

/// The media type of an image, from its first bytes.
///
/// # Errors
/// [`ImageProblem`], also for dimensions that a decoder should not be asked for.
pub fn media_type(bytes: &[u8]) -> Result<&'static str, ImageProblem> {
    let (media_type, size) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        ("image/png", png(bytes))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        ("image/jpeg", jpeg(bytes))
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        ("image/gif", gif(bytes))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        ("image/webp", webp(bytes))
    } else {
        return Err(ImageProblem::Format);
    };
    let (width, height) = size.filter(|(width, height)| *width > 0 && *height > 0).ok_or(ImageProblem::Broken)?;
    let is_large = width.max(height) > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX;
    if is_large { Err(ImageProblem::TooLarge) } else { Ok(media_type) }
}

type Size = Option<(u32, u32)>;

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    array::<2>(bytes, at).map(|pair| u32::from(u16::from_be_bytes(pair)))
}

fn little(bytes: &[u8], at: usize) -> Option<u32> {
    array::<2>(bytes, at).map(|pair| u32::from(u16::from_le_bytes(pair)))
}

fn png(bytes: &[u8]) -> Size {
    bytes.get(12..16).filter(|kind| *kind == b"IHDR")?;
    Some((u32::from_be_bytes(array(bytes, 16)?), u32::from_be_bytes(array(bytes, 20)?)))
}

fn gif(bytes: &[u8]) -> Size {
    Some((little(bytes, 6)?, little(bytes, 8)?))
}

/// Walks the segments to the frame header.
fn jpeg(bytes: &[u8]) -> Size {
    let mut at = 2;
    loop {
        let [mark, kind] = array(bytes, at)?;
        match (mark, kind) {
            (0xff, 0xff) => at += 1,
            (0xff, 0xc0..=0xcf) if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                return Some((big(bytes, at + 7)?, big(bytes, at + 5)?));
            }
            (0xff, _) => at += 2 + usize::try_from(big(bytes, at + 2)?).ok()?.max(2),
            _ => return None,
        }
    }
}

fn webp(bytes: &[u8]) -> Size {
    match bytes.get(12..16)? {
        b"VP8 " => Some((little(bytes, 26)? & 0x3fff, little(bytes, 28)? & 0x3fff)),
        b"VP8L" => {
            let bits = u32::from_le_bytes(array(bytes, 21)?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8X" => {
            let side =
                |at| array::<3>(bytes, at).map(|[low, middle, high]| u32::from_le_bytes([low, middle, high, 0]) + 1);
            Some((side(24)?, side(27)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{ImageProblem, media_type};

    fn png(width: u32, height: u32) -> Vec<u8> {
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat()
    }

    #[test]
    fn formats_are_known_by_their_first_bytes_and_sizes_by_their_heads() {
        let jpeg =
            [&b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08"[..], &100_u16.to_be_bytes(), &200_u16.to_be_bytes()]
                .concat();
        let lossless = [&b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f"[..], &(99_u32 | (49 << 14)).to_le_bytes()].concat();
        let lossy = [&b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a"[..], &[100, 0, 50, 0]].concat();
        let extended = [&b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0"[..], &[99, 0, 0, 49, 0, 0]].concat();
        for (bytes, expected) in [
            (png(1, 1), Ok("image/png")),
            (png(10_000, 10_000), Ok("image/png")),
            (png(50_000, 50_000), Err(ImageProblem::TooLarge)),
            (png(32_769, 1), Err(ImageProblem::TooLarge)),
            (png(10_001, 10_000), Err(ImageProblem::TooLarge)),
            (png(0, 1), Err(ImageProblem::Broken)),
            (png(1, 1)[..20].to_vec(), Err(ImageProblem::Broken)),
            (jpeg.clone(), Ok("image/jpeg")),
            (jpeg[..12].to_vec(), Err(ImageProblem::Broken)),
            (b"GIF89a\x01\0\x01\0".to_vec(), Ok("image/gif")),
            (b"GIF87a\x01".to_vec(), Err(ImageProblem::Broken)),
            (lossless, Ok("image/webp")),
            (lossy, Ok("image/webp")),
            (extended, Ok("image/webp")),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Err(ImageProblem::Format)),
            (b"<!doctype html>".to_vec(), Err(ImageProblem::Format)),
            (b"BM\0\0".to_vec(), Err(ImageProblem::Format)),
            (Vec::new(), Err(ImageProblem::Format)),
        ] {
            assert_eq!(media_type(&bytes), expected, "{bytes:?}");
        }
    }
}
