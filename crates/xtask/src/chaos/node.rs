//! The server under test as a process: started, watched until it listens, and killed.

use anyhow::{Context as _, bail};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

/// Longest wait for a command or for the server to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server lives: its binary, its configuration and its data.
#[derive(Debug)]
pub struct House {
    /// The binary.
    pub binary: PathBuf,
    /// Folder with configuration, data and log.
    pub folder: PathBuf,
    /// A defect that a build for self-tests switches on.
    pub bug: Option<&'static str>,
}

/// A server that may not listen yet.
#[derive(Debug)]
pub struct Starting {
    child: Child,
    heard: oneshot::Receiver<SocketAddr>,
    /// When the process was made.
    pub since: Instant,
}

/// A server that listens.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl House {
    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// File that SQLite appends every transaction to.
    pub fn write_ahead_log(&self) -> PathBuf {
        self.data().join("portolan.db-wal")
    }

    /// Folder of the journal.
    pub fn journal(&self) -> PathBuf {
        self.data().join("journal")
    }

    /// What the server printed, all its lives together.
    pub fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .arg("--config")
            .arg(self.folder.join("portolan.toml"))
            .arg("--data")
            .arg(self.data())
            // Nothing of the caller's environment may configure the server under test.
            .env_clear()
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(bug) = self.bug {
            command.env("PORTOLAN_SEEDED_BUG", bug);
        }
        command
    }

    /// Runs a command to its end; what it printed.
    ///
    /// # Errors
    /// When it cannot be run, takes too long or fails.
    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = tokio::time::timeout(PATIENCE, self.command(arguments).output()).await;
        let output =
            output.context("the command hangs")?.with_context(|| format!("{} cannot be run", self.binary.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() {
            bail!("{arguments:?} failed: {text} {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(text)
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When the process cannot be made.
    pub fn start(&self) -> anyhow::Result<Starting> {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log_file(&self.log())?)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.binary.display()))?;
        let since = Instant::now();
        let (tell, heard) = oneshot::channel();
        let stdout = child.stdout.take().context("the server has no output")?;
        let log = log_file(&self.log())?;
        tokio::spawn(async move {
            if let Err(error) = listen(stdout, log, tell).await {
                // The run goes on; what is missing is only its log.
                drop(error);
            }
        });
        Ok(Starting { child, heard, since })
    }
}

fn log_file(path: &Path) -> anyhow::Result<std::fs::File> {
    std::fs::OpenOptions::new().create(true).append(true).open(path).context("the log cannot be opened")
}

/// Copies the server's lines to the log and tells the address that it listens on.
async fn listen(
    stdout: tokio::process::ChildStdout,
    mut log: std::fs::File,
    tell: oneshot::Sender<SocketAddr>,
) -> std::io::Result<()> {
    let mut tell = Some(tell);
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        writeln!(log, "{line}")?;
        let address = address_of(&line);
        if let (Some(address), true) = (address, tell.is_some())
            && let Some(tell) = tell.take()
        {
            // Nobody waits any more when the server was killed meanwhile.
            let _unheard = tell.send(address);
        }
    }
    Ok(())
}

fn address_of(line: &str) -> Option<SocketAddr> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    let fields = value.get("fields").unwrap_or(&value);
    fields.get("listen")?.as_str()?.parse().ok()
}

impl Starting {
    /// Waits until the server listens, but not past `limit`; none when the time was over first.
    ///
    /// # Errors
    /// When the server ends by itself.
    pub async fn within(&mut self, limit: Duration) -> anyhow::Result<Option<SocketAddr>> {
        match tokio::time::timeout_at((self.since + limit).into(), &mut self.heard).await {
            Ok(Ok(address)) => Ok(Some(address)),
            Ok(Err(_ended)) => bail!("the server ended before it listened: see its log"),
            Err(_elapsed) => Ok(None),
        }
    }

    /// Waits until the server listens.
    ///
    /// # Errors
    /// When it ends or does not listen in time.
    pub async fn ready(mut self) -> anyhow::Result<Node> {
        let address = self.within(PATIENCE).await?.context("the server does not listen in time")?;
        Ok(self.at(address))
    }

    /// The server, at the address that [`Starting::within`] gave.
    pub fn at(self, address: SocketAddr) -> Node {
        Node { child: self.child, address }
    }

    /// Kills the process before it listens.
    ///
    /// # Errors
    /// When it is gone already.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the server had ended by itself")
    }
}

impl Node {
    /// Sends SIGKILL and waits until the process is gone.
    ///
    /// # Errors
    /// When it had ended by itself.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server had ended by itself: {status}");
        }
        self.child.kill().await.context("the server cannot be killed")
    }
}
