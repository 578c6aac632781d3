//! Judge every address of a host, then connect to one that was judged.

use super::{Egress, EgressError};
use domain::address::{Host, WebAddress, is_public};
use hyper_rustls::ConfigBuilderExt as _;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Addresses of one name that are tried, one after another.
const TRIES: usize = 4;

/// Bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// A connection to a judged address.
pub type Connection = TokioIo<Pin<Box<dyn Duplex>>>;

/// The system's certificates, or the bundled ones where there are none.
pub fn default_tls() -> ClientConfig {
    let system = ClientConfig::builder().with_native_roots();
    let roots = match system {
        Ok(roots) => roots,
        Err(_no_roots) => ClientConfig::builder().with_webpki_roots(),
    };
    roots.with_no_client_auth()
}

/// Connects to the host of `address`.
///
/// # Errors
/// [`EgressError::Private`] when any of its machines is not public, and whatever keeps a connection from coming about.
pub async fn connect(egress: &Egress, address: &WebAddress) -> Result<Connection, EgressError> {
    if !address.is_https && !egress.settings.allow_http {
        return Err(EgressError::Unencrypted);
    }
    let vetted = vet(egress, address).await?;
    let connecting = async {
        let stream = dial(&vetted).await?;
        if address.is_https { encrypt(egress, address, stream).await } else { Ok(TokioIo::new(Box::pin(stream) as _)) }
    };
    tokio::time::timeout(egress.settings.connect, connecting).await.map_err(|_elapsed| EgressError::Timeout)?
}

/// The machines that may be dialled: all that the host means, or none.
async fn vet(egress: &Egress, address: &WebAddress) -> Result<Vec<SocketAddr>, EgressError> {
    let settings = &egress.settings;
    let name = match &address.host {
        Host::Name(name) => name,
        Host::Ip(ip) => {
            check_port(egress, address.port)?;
            return judge(egress, &[*ip], address.port);
        }
    };
    if let Some(fixed) = settings.hosts.get(name) {
        return Ok(vec![*fixed]);
    }
    check_port(egress, address.port)?;
    let looking = egress.resolver.resolve(name);
    let found = tokio::time::timeout(settings.connect, looking).await.map_err(|_elapsed| EgressError::Timeout)?;
    let found = found.map_err(|_error| EgressError::Name)?;
    if found.is_empty() {
        return Err(EgressError::Name);
    }
    judge(egress, &found, address.port)
}

fn check_port(egress: &Egress, port: u16) -> Result<(), EgressError> {
    if egress.settings.ports.contains(&port) { Ok(()) } else { Err(EgressError::Port) }
}

/// One private machine among the public ones condemns the name: it may be the one that answers next time.
fn judge(egress: &Egress, found: &[IpAddr], port: u16) -> Result<Vec<SocketAddr>, EgressError> {
    let is_allowed = |ip: &IpAddr| {
        egress.settings.allow.iter().any(|network| network.holds(*ip)) || (is_public(*ip) && !is_this_machine(*ip))
    };
    if !found.iter().all(is_allowed) {
        return Err(EgressError::Private);
    }
    Ok(found.iter().take(TRIES).map(|ip| SocketAddr::new(*ip, port)).collect())
}

/// Whether packets to this address would stay here: then the source that the system chooses is the address itself.
/// Connecting a datagram socket sends nothing.
fn is_this_machine(ip: IpAddr) -> bool {
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let source = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    // Without a route there is no source, and no connection either.
    source.is_ok_and(|source| source.ip() == ip)
}

async fn dial(vetted: &[SocketAddr]) -> Result<TcpStream, EgressError> {
    for address in vetted {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
    }
    Err(EgressError::Connect)
}

async fn encrypt(egress: &Egress, address: &WebAddress, stream: TcpStream) -> Result<Connection, EgressError> {
    let name = match &address.host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_error| EgressError::Certificate)?,
        Host::Ip(ip) => ServerName::from(*ip),
    };
    let connector = TlsConnector::from(std::sync::Arc::clone(&egress.tls));
    let stream = connector.connect(name, stream).await.map_err(|error| {
        let is_certificate = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if matches!(is_certificate, Some(rustls::Error::InvalidCertificate(_))) {
            EgressError::Certificate
        } else {
            EgressError::Connect
        }
    })?;
    Ok(TokioIo::new(Box::pin(stream) as _))
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn this_machine_knows_its_own_addresses() {
        assert!(is_this_machine("127.0.0.1".parse().unwrap()));
        assert!(!is_this_machine("1.1.1.1".parse().unwrap()));
    }
}
