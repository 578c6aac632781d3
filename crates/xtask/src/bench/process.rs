//! The processes under test, and what the system says about them.

use super::figures::TICK;
use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longest wait for a process to say where it listens.
const START_MAX: Duration = Duration::from_secs(30);

/// Longest wait for a process to end when it is asked to.
const END_MAX: Duration = Duration::from_secs(60);

/// Longest wait for a process to come to rest.
const REST_MAX: Duration = Duration::from_secs(20);

/// Time in which a process at rest hardly runs.
const REST_WINDOW: Duration = Duration::from_millis(400);

/// A process that listens. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pid: u32,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Starts the provider simulator.
///
/// # Errors
/// When it does not say where it listens.
pub async fn simulator(binary: &Path) -> anyhow::Result<Server> {
    let mut command = Command::new(binary);
    command.arg("simulate");
    listening(command).await.context("simulator")
}

/// Starts the bare proxy.
///
/// # Errors
/// When it does not say where it listens.
pub async fn floor(upstream: SocketAddr) -> anyhow::Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bench-floor", "--upstream", &upstream.to_string()]);
    listening(command).await.context("floor")
}

/// Starts a process whose first line is its address.
async fn listening(mut command: Command) -> anyhow::Result<Server> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
    let stdout = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(START_MAX, lines.next_line()).await??.context("it ended at once")?;
    let address = line.strip_prefix("http://").context("its first line is no address")?.parse()?;
    Server::new(child, address)
}

/// Starts a server whose log, in `log`, says in JSON where it listens.
///
/// # Errors
/// When it ends, or does not say so in time.
pub async fn logging(mut command: Command, log: &Path) -> anyhow::Result<Server> {
    let file = std::fs::File::create(log)?;
    let mut child = command.stdin(Stdio::null()).stdout(file).kill_on_drop(true).spawn()?;
    let deadline = Instant::now() + START_MAX;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status}");
        }
        if let Some(address) = address_in(&std::fs::read_to_string(log)?) {
            return Server::new(child, address);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("it did not say where it listens")
}

fn address_in(log: &str) -> Option<SocketAddr> {
    log.lines().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        (line.get("message")? == "listening").then(|| line.get("listen")?.as_str()?.parse().ok())?
    })
}

impl Server {
    fn new(child: Child, address: SocketAddr) -> anyhow::Result<Self> {
        let pid = child.id().context("it has already ended")?;
        Ok(Self { child, pid, address })
    }

    /// CPU time so far, user and system, in steps of 10 ms.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).context("the process is gone")?;
        cpu_in(&stat).context("/proc/…/stat looks unlike itself")
    }

    /// CPU time once work that was put off has been done as well: postings, pool upkeep.
    ///
    /// # Errors
    /// When the process is gone, or does not come to rest.
    pub async fn cpu_at_rest(&self) -> anyhow::Result<Duration> {
        let deadline = Instant::now() + REST_MAX;
        let mut last = self.cpu()?;
        while Instant::now() < deadline {
            tokio::time::sleep(REST_WINDOW).await;
            let now = self.cpu()?;
            if now.saturating_sub(last) <= TICK {
                return Ok(now);
            }
            last = now;
        }
        bail!("the process does not come to rest")
    }

    /// Resident set in KiB.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn rss_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).context("the process is gone")?;
        rss_in(&status).context("/proc/…/status looks unlike itself")
    }

    /// Asks the process to end in order, and waits for it.
    ///
    /// # Errors
    /// When it does not end in time, or ends with an error.
    pub async fn end(mut self) -> anyhow::Result<()> {
        // The standard library can only kill; the shell's tool can ask.
        let asked = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        anyhow::ensure!(asked.success(), "cannot ask the process to end");
        let status = tokio::time::timeout(END_MAX, self.child.wait()).await.context("the process does not end")??;
        anyhow::ensure!(status.success(), "the process ended with {status}");
        Ok(())
    }
}

/// The 14th and 15th field of `/proc/<pid>/stat`; the second may hold blanks, but ends with the last parenthesis.
fn cpu_in(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u32 = fields.next()?.parse::<u32>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    TICK.checked_mul(ticks)
}

fn rss_in(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{address_in, cpu_in, rss_in};
    use std::time::Duration;

    #[test]
    fn figures_are_found_in_what_the_system_says() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 9 0 100 1000 10 18446744073709551615";
        assert_eq!(cpu_in(stat), Some(Duration::from_secs(3)));
        assert_eq!(rss_in("Name:\tx\nVmRSS:\t   52792 kB\nRssAnon:\t 9 kB\n"), Some(52_792));
        assert_eq!((cpu_in("nonsense"), rss_in("nonsense")), (None, None));
    }

    #[test]
    fn the_address_is_read_from_the_log_line_that_names_it() {
        let log = "not JSON\n{\"message\":\"other\"}\n{\"message\":\"listening\",\"listen\":\"127.0.0.1:7\"}\n";
        assert_eq!(address_in(log), "127.0.0.1:7".parse().ok());
        assert_eq!(address_in("{\"message\":\"other\",\"listen\":\"127.0.0.1:7\"}\n"), None);
    }
}
