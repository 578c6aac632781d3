//! One GET after another, until something that is no redirect answers.

use super::connect::{Connection, connect};
use super::{Egress, EgressError};
use bytes::{Bytes, BytesMut};
use domain::address::WebAddress;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use std::future::Future;

/// Largest head of an answer, in bytes.
const HEAD_MAX: usize = 64 << 10;

/// What an address gave.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The content; never empty.
    pub bytes: Bytes,
    /// The media type that the host stated, without parameters, in lower case.
    pub media_type: Option<String>,
}

/// What one address answered.
enum Step {
    Content(Fetched),
    Redirect(WebAddress),
}

/// Fetches `address`, and what it redirects to.
pub async fn follow(egress: &Egress, address: WebAddress, bytes_max: usize) -> Result<Fetched, EgressError> {
    let mut address = address;
    for _ in 0..=egress.settings.redirects {
        match get(egress, &address, bytes_max).await? {
            Step::Content(fetched) => return Ok(fetched),
            Step::Redirect(next) => {
                if address.is_https && !next.is_https {
                    return Err(EgressError::Unencrypted);
                }
                address = next;
            }
        }
    }
    Err(EgressError::Redirects)
}

async fn get(egress: &Egress, address: &WebAddress, bytes_max: usize) -> Result<Step, EgressError> {
    let connection = connect(egress, address).await?;
    let request = request(address)?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_MAX);
    let (mut sender, driver) =
        builder.handshake::<Connection, Empty<Bytes>>(connection).await.map_err(|_error| EgressError::Broken)?;
    let work = async {
        let response = sender.send_request(request).await.map_err(|_error| EgressError::Broken)?;
        read(address, response, bytes_max).await
    };
    beside(driver, work).await
}

/// Runs `work` while `driver` moves the connection's bytes; what becomes of the driver itself is of no interest.
async fn beside<T>(driver: impl Future, work: impl Future<Output = T>) -> T {
    let mut driver = std::pin::pin!(driver);
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        _ended = &mut driver => {}
    }
    work.await
}

fn request(address: &WebAddress) -> Result<Request<Empty<Bytes>>, EgressError> {
    Request::get(&address.target)
        .header(header::HOST, address.authority())
        .header(header::ACCEPT, HeaderValue::from_static("*/*"))
        // Nothing is inflated here, so nothing may be compressed.
        .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
        .header(header::USER_AGENT, HeaderValue::from_static(concat!("portolan/", env!("CARGO_PKG_VERSION"))))
        .header(header::CONNECTION, HeaderValue::from_static("close"))
        .body(Empty::new())
        .map_err(|_error| EgressError::Broken)
}

async fn read(address: &WebAddress, response: Response<Incoming>, bytes_max: usize) -> Result<Step, EgressError> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if matches!(status, 301 | 302 | 303 | 307 | 308) {
        let location = text(header::LOCATION).ok_or(EgressError::Broken)?;
        return Ok(Step::Redirect(address.join(location)?));
    }
    if status != 200 {
        return Err(EgressError::Status(status));
    }
    if text(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(EgressError::Broken);
    }
    let stated: Option<u64> = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if stated.is_some_and(|length| length > u64::try_from(bytes_max).unwrap_or(u64::MAX)) {
        return Err(EgressError::TooLarge);
    }
    let media_type = text(header::CONTENT_TYPE)
        .and_then(|value| value.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .filter(|kind| !kind.is_empty());
    let bytes = read_body(response.into_body(), bytes_max).await?;
    if bytes.is_empty() { Err(EgressError::Broken) } else { Ok(Step::Content(Fetched { bytes, media_type })) }
}

async fn read_body(mut body: Incoming, bytes_max: usize) -> Result<Bytes, EgressError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_error| EgressError::Broken)?;
        if let Ok(data) = frame.into_data() {
            if whole.len().saturating_add(data.len()) > bytes_max {
                return Err(EgressError::TooLarge);
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}
