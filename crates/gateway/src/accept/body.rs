//! Reading a request body: media type, encoding, size.

use crate::reply::Refusal;
use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use domain::error_kind::ErrorKind;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How many times larger than the wire form a compressed body may become.
const RATIO_MAX: usize = 200;

/// Reads the whole body, inflating gzip and zstd under the size limit and a ratio limit.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize, wait: Duration) -> Result<Bytes, Refusal> {
    check_type(headers)?;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > u64::try_from(limit).unwrap_or(u64::MAX)) {
        return Err(too_large(limit));
    }
    let expected = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let wire = collect(body, limit, expected.min(EXPECTED_MAX), wait).await?;
    match headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(wire),
        Some(b"gzip") => inflate(GzipDecoder::new(&wire[..]), wire.len(), limit).await,
        Some(b"zstd") => inflate(ZstdDecoder::new(&wire[..]), wire.len(), limit).await,
        Some(_) => Err(Refusal::new(
            ErrorKind::UnsupportedMediaType,
            "Content-Encoding of requests must be identity, gzip or zstd",
        )),
    }
}

/// Most memory that is set aside for a body because its head announces it.
const EXPECTED_MAX: usize = 256 << 10;

/// Most of a refused body that is read, and the longest wait for it.
const DISCARDED_MAX: usize = 64 << 10;
const DISCARD_WAIT: Duration = Duration::from_millis(200);

/// Reads a refused body up to a small bound.
pub(super) async fn discard(body: Body) {
    let reading = Limited::new(body, DISCARDED_MAX).collect();
    // Whether it was read or not makes no difference to the answer.
    let _outcome = tokio::time::timeout(DISCARD_WAIT, reading).await;
}

/// Collects the pieces of a body; a client that stops in the middle is not waited for.
async fn collect(body: Body, limit: usize, expected: usize, wait: Duration) -> Result<Bytes, Refusal> {
    let mut body = Limited::new(body, limit);
    let mut whole = BytesMut::with_capacity(expected);
    loop {
        let piece = tokio::time::timeout(wait, body.frame())
            .await
            .map_err(|_elapsed| Refusal::new(ErrorKind::RequestTimeout, "The request body did not arrive in time"))?;
        let Some(piece) = piece else { return Ok(whole.freeze()) };
        let piece = piece.map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                too_large(limit)
            } else {
                Refusal::new(ErrorKind::InvalidRequest, "The request body could not be read to its end")
            }
        })?;
        if let Ok(data) = piece.into_data() {
            whole.extend_from_slice(&data);
        }
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let (media, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let is_json = media.trim() == "application/json" || media.trim().ends_with("+json");
    let charset = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("charset=")).next();
    if is_json && charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8") {
        return Ok(());
    }
    Err(Refusal::new(ErrorKind::UnsupportedMediaType, "Content-Type must be application/json in UTF-8"))
}

async fn inflate(decoder: impl AsyncRead, wire: usize, limit: usize) -> Result<Bytes, Refusal> {
    let allowed = limit.min(wire.saturating_mul(RATIO_MAX).max(1 << 20));
    let mut plain = Vec::with_capacity(allowed.min(wire.saturating_mul(4)));
    let cap = u64::try_from(allowed).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = std::pin::pin!(decoder.take(cap));
    decoder
        .read_to_end(&mut plain)
        .await
        .map_err(|_error| Refusal::new(ErrorKind::InvalidRequest, "The compressed request body is damaged"))?;
    if plain.len() > allowed { Err(too_large(allowed)) } else { Ok(plain.into()) }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(ErrorKind::PayloadTooLarge, format!("The request body is larger than {limit} bytes"))
}
