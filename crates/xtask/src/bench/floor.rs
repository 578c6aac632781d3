//! The floor: a reverse proxy that does nothing but carry bytes, on the same HTTP library as the product.
//!
//! It pools its connections to the provider, streams both bodies through, and knows neither keys nor money. What the
//! product costs above this is what its promises cost.

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::{TcpListener, TcpStream};

/// Same allocator as the product's, so that the ratio compares work and not libraries.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Pool = Client<HttpConnector, Incoming>;

/// Serves until the process is killed; prints the address as the first line.
///
/// # Errors
/// When no port can be listened on.
pub async fn serve(upstream: SocketAddr) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let authority: Authority = upstream.to_string().parse()?;
    writeln!(std::io::stdout().lock(), "http://{}", listener.local_addr()?)?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let pool = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(carry(stream, pool.clone(), authority.clone()));
    }
}

async fn carry(stream: TcpStream, pool: Pool, authority: Authority) {
    let service = hyper::service::service_fn(move |request| {
        let (pool, authority) = (pool.clone(), authority.clone());
        async move { Ok::<_, Infallible>(forward(&pool, &authority, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    // A client that goes away in the middle is what happens at the end of every run.
    let _gone = connection.await;
}

async fn forward(
    pool: &Pool,
    authority: &Authority,
    request: Request<Incoming>,
) -> Response<BoxBody<Bytes, hyper::Error>> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().cloned();
    parts.uri = Uri::default();
    let mut uri = parts.uri.clone().into_parts();
    (uri.scheme, uri.authority, uri.path_and_query) = (Some(Scheme::HTTP), Some(authority.clone()), path);
    parts.headers.remove(HOST);
    parts.headers.remove(CONNECTION);
    let Ok(uri) = Uri::from_parts(uri) else { return bad_gateway() };
    parts.uri = uri;
    match pool.request(Request::from_parts(parts, body)).await {
        Ok(response) => response.map(BodyExt::boxed),
        Err(_broken) => bad_gateway(),
    }
}

/// The load tool stops at any status but 200, so the reason needs no text.
fn bad_gateway() -> Response<BoxBody<Bytes, hyper::Error>> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed());
    *response.status_mut() = http::StatusCode::BAD_GATEWAY;
    response
}
