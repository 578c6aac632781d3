//! The guarded connector against listeners that must, or must not, be reached. Row E1 of the security table, and E5.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use edge::egress::{Egress, EgressError, EgressSettings, Resolve, Resolving};
use parking_lot::Mutex;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Stands for the public internet in these tests; 127.0.0.1 stands for what must not be reached.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const INSIDE: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A listener that answers by path and keeps what it was sent.
struct Site {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start(ip: Ipv4Addr, answer: fn(&str) -> Vec<u8>) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let site = Self { address: listener.local_addr().unwrap(), heads: Arc::default() };
        let heads = Arc::clone(&site.heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&heads), answer));
            }
        });
        site
    }

    fn port(&self) -> u16 {
        self.address.port()
    }

    fn url(&self, path: &str) -> String {
        format!("http://files.example.com:{}{path}", self.port())
    }

    fn seen(&self) -> usize {
        self.heads.lock().len()
    }
}

/// Notes the connection at once, so that even one without a request is seen.
async fn converse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    heads: Arc<Mutex<Vec<String>>>,
    answer: fn(&str) -> Vec<u8>,
) {
    let at = {
        let mut heads = heads.lock();
        heads.push(String::new());
        heads.len() - 1
    };
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_closed) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    heads.lock()[at] = head;
    let bytes = answer(&path);
    let _left = stream.write_all(&bytes).await;
    if path == "/endless" {
        while stream.write_all(b"400\r\n").await.is_ok() && stream.write_all(&[b'x'; 0x400]).await.is_ok() {
            let _left = stream.write_all(b"\r\n").await;
        }
    }
    if path == "/hangs" {
        std::future::pending::<()>().await;
    }
}

fn plain(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

fn usual(path: &str) -> Vec<u8> {
    let redirect = |to: &str| plain("302 Found", &format!("location: {to}\r\n"), "");
    match path {
        "/image" => plain("200 OK", "content-type: Image/PNG; charset=x\r\nset-cookie: a=b\r\n", "bytes"),
        "/missing" => plain("404 Not Found", "", "no"),
        "/empty" => plain("200 OK", "", ""),
        "/coded" => plain("200 OK", "content-encoding: gzip\r\n", "x"),
        "/stated" => b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\nx".to_vec(),
        "/cut" => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx".to_vec(),
        "/garbage" => b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(),
        "/endless" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
        "/hangs" => Vec::new(),
        "/nowhere" => plain("302 Found", "", ""),
        "/loop" => redirect("/loop"),
        "/3" => redirect("/2"),
        "/2" => redirect("/1"),
        "/1" => redirect("/image"),
        "/to-loopback" => redirect("http://127.0.0.1/"),
        "/to-metadata" => redirect("http://169.254.169.254/latest/meta-data"),
        "/to-mapped" => redirect("http://[::ffff:127.0.0.1]/"),
        "/to-file" => redirect("file:///etc/passwd"),
        "/to-user" => redirect("http://root@files.example.com/"),
        "/to-ssh" => redirect("http://files.example.com:22/"),
        _ => plain("500 Oops", "", ""),
    }
}

/// Answers look-ups in turn; the last answer stays.
#[derive(Clone)]
struct Answers(Arc<Mutex<Vec<Vec<IpAddr>>>>);

impl Answers {
    fn new(answers: &[&[IpAddr]]) -> Self {
        Self(Arc::new(Mutex::new(answers.iter().rev().map(|answer| answer.to_vec()).collect())))
    }
}

impl Resolve for Answers {
    fn resolve<'a>(&'a self, _name: &'a str) -> Resolving<'a> {
        let mut left = self.0.lock();
        let answer = if left.len() > 1 { left.pop() } else { left.last().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

fn settings(ports: &[u16]) -> EgressSettings {
    EgressSettings {
        allow_http: true,
        ports: ports.to_vec(),
        allow: vec!["127.0.0.2".parse().unwrap()],
        ..EgressSettings::default()
    }
}

fn tls() -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(&include_bytes!("certificates/ca.der")[..])).unwrap();
    Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

fn egress(settings: EgressSettings, answers: &[&[IpAddr]]) -> Egress {
    Egress::with(settings, Arc::new(Answers::new(answers)), tls())
}

async fn problem(egress: &Egress, url: &str) -> EgressError {
    egress.fetch(url, 1 << 20).await.map(|fetched| fetched.bytes).unwrap_err()
}

#[tokio::test]
async fn what_is_fetched_is_the_content_and_the_request_carries_nothing_of_the_caller() {
    let site = Site::start(OUTSIDE, usual).await;
    let egress = egress(settings(&[site.port()]), &[&[OUTSIDE.into()]]);
    let fetched = egress.fetch(&site.url("/image"), 5).await.unwrap();
    assert_eq!((&fetched.bytes[..], fetched.media_type.as_deref()), (&b"bytes"[..], Some("image/png")));
    let head = site.heads.lock()[0].to_lowercase();
    let mut names: Vec<&str> = head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "connection", "host", "user-agent"]);
    assert!(head.contains(&format!("host: files.example.com:{}\r\n", site.port())), "{head}");
}

#[tokio::test]
async fn a_name_that_means_any_private_machine_reaches_no_machine() {
    let inside = Site::start(INSIDE, usual).await;
    let outside = TcpListener::bind((OUTSIDE, inside.port())).await.unwrap();
    let special: Vec<IpAddr> = [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "192.88.99.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "100::1",
        "5f00::1",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    for address in special {
        for answer in [&[address][..], &[OUTSIDE.into(), address], &[address, OUTSIDE.into()]] {
            let egress = egress(settings(&[inside.port()]), &[answer]);
            assert_eq!(problem(&egress, &inside.url("/image")).await, EgressError::Private, "{answer:?}");
        }
    }
    assert_eq!(inside.seen(), 0);
    let waiting = tokio::time::timeout(Duration::ZERO, outside.accept()).await;
    assert!(waiting.is_err(), "the public one of two machines was connected to");
}

#[tokio::test]
async fn a_name_that_changes_its_meaning_is_judged_again_for_each_connection() {
    let outside = Site::start(OUTSIDE, usual).await;
    let inside = TcpListener::bind((INSIDE, outside.port())).await.unwrap();
    let egress = egress(settings(&[outside.port()]), &[&[OUTSIDE.into()], &[INSIDE.into()]]);
    assert_eq!(problem(&egress, &outside.url("/1")).await, EgressError::Private);
    assert_eq!(outside.seen(), 1);
    assert!(tokio::time::timeout(Duration::ZERO, inside.accept()).await.is_err());
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_each_is_judged() {
    let site = Site::start(OUTSIDE, usual).await;
    let egress = egress(settings(&[site.port()]), &[&[OUTSIDE.into()]]);
    assert_eq!(egress.fetch(&site.url("/3"), 100).await.unwrap().bytes, "bytes");
    assert_eq!(site.seen(), 4);
    assert_eq!(problem(&egress, &site.url("/loop")).await, EgressError::Redirects);
    assert_eq!(site.seen(), 8);
    for path in ["/to-loopback", "/to-metadata", "/to-mapped", "/to-file", "/to-user"] {
        let error = problem(&egress, &site.url(path)).await;
        assert!(matches!(error, EgressError::Spelling(_)), "{path}: {error:?}");
    }
    assert_eq!(problem(&egress, &site.url("/to-ssh")).await, EgressError::Port);
    assert_eq!(problem(&egress, &site.url("/nowhere")).await, EgressError::Broken);
}

#[tokio::test]
async fn answers_that_are_too_large_too_slow_or_no_content_end_with_their_reason() {
    let site = Site::start(OUTSIDE, usual).await;
    let wish = EgressSettings { time: Duration::from_millis(300), item_bytes: 64 << 10, ..settings(&[site.port()]) };
    let egress = egress(wish, &[&[OUTSIDE.into()]]);
    for (path, expected) in [
        ("/missing", EgressError::Status(404)),
        ("/oops", EgressError::Status(500)),
        ("/empty", EgressError::Broken),
        ("/coded", EgressError::Broken),
        ("/cut", EgressError::Broken),
        ("/garbage", EgressError::Broken),
        ("/stated", EgressError::TooLarge),
        ("/endless", EgressError::TooLarge),
        ("/hangs", EgressError::Timeout),
    ] {
        assert_eq!(problem(&egress, &site.url(path)).await, expected, "{path}");
    }
    assert!(EgressError::Status(404).is_missing() && !EgressError::Status(500).is_missing());
    let error = egress.fetch(&site.url("/image"), 4).await.map(|fetched| fetched.bytes);
    assert_eq!(error, Err(EgressError::TooLarge));
}

#[tokio::test]
async fn ports_schemes_and_literals_that_are_not_allowed_reach_nothing() {
    let site = Site::start(INSIDE, usual).await;
    let http = egress(settings(&[site.port()]), &[&[OUTSIDE.into()]]);
    for host in ["127.0.0.1", "127.1", "2130706433", "[::1]", "localhost", "intranet"] {
        let url = format!("http://{host}:{}/", site.port());
        assert!(matches!(problem(&http, &url).await, EgressError::Spelling(_)), "{url}");
    }
    assert_eq!(problem(&http, "http://files.example.com:22/").await, EgressError::Port);
    assert_eq!(problem(&http, "http://1.1.1.1:6379/").await, EgressError::Port);
    let secure = egress(EgressSettings { allow_http: false, ..settings(&[site.port()]) }, &[&[OUTSIDE.into()]]);
    assert_eq!(problem(&secure, &site.url("/image")).await, EgressError::Unencrypted);
    let unknown = egress(settings(&[site.port()]), &[&[]]);
    assert_eq!(problem(&unknown, &site.url("/image")).await, EgressError::Name);
    assert_eq!(site.seen(), 0);
}

#[tokio::test]
async fn operators_may_name_a_machine_for_a_host_and_a_range_that_is_not_public() {
    let site = Site::start(INSIDE, usual).await;
    let mut wish = settings(&[443]);
    wish.hosts.insert("files.example.com".to_owned(), site.address);
    let named = egress(wish, &[&[OUTSIDE.into()]]);
    assert_eq!(named.fetch("http://files.example.com/image", 100).await.unwrap().bytes, "bytes");
    let wish = EgressSettings { allow: vec!["127.0.0.0/8".parse().unwrap()], ..settings(&[site.port()]) };
    let ranged = egress(wish, &[&[INSIDE.into()]]);
    assert_eq!(ranged.fetch(&site.url("/image"), 100).await.unwrap().bytes, "bytes");
    let neither = egress(settings(&[site.port()]), &[&[INSIDE.into()]]);
    assert_eq!(problem(&neither, &site.url("/image")).await, EgressError::Private);
}

#[tokio::test]
async fn the_certificate_must_be_valid_for_the_name() {
    let key = PrivatePkcs8KeyDer::from(include_bytes!("certificates/host.key.der").to_vec());
    let certificate = CertificateDer::from(include_bytes!("certificates/host.der").to_vec());
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key.into());
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config.unwrap()));
    let listener = TcpListener::bind((INSIDE, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(converse(stream, Arc::clone(&kept), |path| match path {
                    "/down" => plain("302 Found", "location: http://files.example.com/image\r\n", ""),
                    path => usual(path),
                }));
            }
        }
    });
    let mut wish = settings(&[443]);
    for name in ["files.example.com", "other.example.com"] {
        wish.hosts.insert(name.to_owned(), address);
    }
    let trusting = egress(wish.clone(), &[&[]]);
    assert_eq!(trusting.fetch("https://files.example.com/image", 100).await.unwrap().bytes, "bytes");
    assert_eq!(problem(&trusting, "https://other.example.com/image").await, EgressError::Certificate);
    assert_eq!(problem(&trusting, "https://files.example.com/down").await, EgressError::Unencrypted);
    assert_eq!(heads.lock().len(), 2, "nothing is asked of a host that cannot prove its name");
    let usual_roots = Egress::new(wish);
    assert_eq!(problem(&usual_roots, "https://files.example.com/image").await, EgressError::Certificate);
}

/// A name service that hangs, and counts.
#[derive(Clone, Default)]
struct Silent(Arc<Mutex<Vec<String>>>);

impl Resolve for Silent {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        self.0.lock().push(name.to_owned());
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_name_service_that_hangs_is_given_up_and_names_without_a_dot_are_never_asked_for() {
    let asked = Silent::default();
    let wish = EgressSettings { connect: Duration::from_millis(50), ..settings(&[80]) };
    let egress = Egress::with(wish, Arc::new(asked.clone()), tls());
    assert_eq!(problem(&egress, "http://files.example.com/image").await, EgressError::Timeout);
    for host in ["intranet", "localhost", "metadata", "a.local", "files.example.com."] {
        let error = problem(&egress, &format!("http://{host}/image")).await;
        assert!(matches!(error, EgressError::Spelling(_)), "{host}: {error:?}");
    }
    assert_eq!(*asked.0.lock(), ["files.example.com"]);
}
