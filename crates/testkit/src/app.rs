//! The running server.

use crate::answer::Answer;
use crate::ask::Ask;
use crate::builder::{AppBuilder, toml_text};
use crate::clock::FrozenClock;
use crate::log::Log;
use crate::money::nanos_at;
use crate::wire::{Wire, send};
use crate::{PATIENCE, eventually};
use serde_json::{Value, json};
use simulator::Simulator;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// What a command said.
#[derive(Debug)]
pub struct CliOutput {
    /// Exit code; -1 for a signal.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl CliOutput {
    /// The output of a command that must succeed.
    ///
    /// # Panics
    /// When it failed.
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self.stdout.trim_end().to_owned()
    }
}

/// A running server with its providers. Must be ended with [`TestApp::finish`].
#[derive(Debug)]
pub struct TestApp {
    binary: PathBuf,
    folder: TempDir,
    child: Option<Child>,
    simulators: BTreeMap<String, Simulator>,
    environment: Vec<(String, String)>,
    clock: Option<FrozenClock>,
    /// The configuration as written.
    pub table: Value,
    /// Where it listens.
    pub address: SocketAddr,
    /// The one-time link of the start, if there was one.
    pub setup_link: String,
    /// What it wrote, over all starts.
    pub log: Log,
    /// An inference key without limit.
    pub key: String,
    /// A management key.
    pub management: String,
}

impl TestApp {
    /// What a test wants of the binary at `binary`.
    #[must_use]
    pub fn builder(binary: &str) -> AppBuilder {
        AppBuilder::new(binary)
    }

    pub(crate) async fn start(wish: AppBuilder) -> Self {
        let folder = tempfile::Builder::new().prefix("portolan-e2e-").tempdir().expect("folder");
        let clock = wish.clock.map(|moment| FrozenClock::new(folder.path(), moment));
        let mut environment = wish.environment;
        environment.extend(clock.iter().flat_map(FrozenClock::environment));
        let mut app = Self {
            binary: wish.binary,
            folder,
            clock,
            child: None,
            simulators: wish.simulators,
            environment,
            table: wish.table,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            setup_link: String::new(),
            log: Log::default(),
            key: String::new(),
            management: String::new(),
        };
        app.write_config();
        if let Some(credits) = &wish.credits {
            app.key = app.cli(&["key", "create", "--name", "agent", "--credits", credits, "-q"]).await.ok();
            app.management = app.cli(&["key", "create", "--name", "admin", "--management", "-q"]).await.ok();
        }
        app.launch().await;
        app
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("portolan.toml")
    }

    /// Writes the configuration as [`TestApp::table`] says.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write_config(&self) {
        std::fs::write(self.config(), toml_text(&self.table)).expect("configuration");
    }

    /// The server's clock.
    ///
    /// # Panics
    /// When the test did not freeze it.
    #[must_use]
    pub fn clock(&self) -> &FrozenClock {
        self.clock.as_ref().expect("a frozen clock")
    }

    /// A simulated provider.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn simulator(&self, slug: &str) -> &Simulator {
        self.simulators.get(slug).unwrap_or_else(|| panic!("no simulator {slug}"))
    }

    /// Starts the process and waits until it is ready.
    ///
    /// # Panics
    /// When it ends early or does not become ready.
    pub async fn launch(&mut self) {
        let from = self.log.len();
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).spawn().expect("server");
        self.log.collect(child.stdout.take().expect("stdout"));
        self.log.collect(child.stderr.take().expect("stderr"));
        self.child = Some(child);
        let log = self.log.clone();
        let line = eventually("the server listens", PATIENCE, || {
            let exit = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            let line = log.find("listening", from);
            assert!(exit.is_none() || line.is_some(), "the server ended: {exit:?}\n{}", log.lines().join("\n"));
            async { line }
        })
        .await;
        self.address = line["listen"].as_str().and_then(|text| text.parse().ok()).expect("address");
        line["setup_link"].as_str().unwrap_or_default().clone_into(&mut self.setup_link);
        let address = self.address;
        eventually("the server is ready", PATIENCE, || async move {
            (send(address, &Ask::get("/health/ready")).await.status == 200).then_some(())
        })
        .await;
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .arg("--config")
            .arg(self.config())
            .arg("--data")
            .arg(self.data())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command on this installation.
    pub async fn cli(&self, arguments: &[&str]) -> CliOutput {
        self.cli_with(arguments, "").await
    }

    /// Runs a command with something on its standard input.
    ///
    /// # Panics
    /// When the command cannot be run.
    pub async fn cli_with(&self, arguments: &[&str], input: &str) -> CliOutput {
        let mut command = tokio::process::Command::from(self.command(arguments));
        let mut child = command.stdin(Stdio::piped()).kill_on_drop(true).spawn().expect("command");
        let mut stdin = child.stdin.take().expect("stdin");
        // A command that reads nothing may have closed its input already.
        let _not_read = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output =
            tokio::time::timeout(PATIENCE * 2, child.wait_with_output()).await.expect("in time").expect("output");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        CliOutput {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The server's process id.
    ///
    /// # Panics
    /// When there is no server.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// Sends a signal by its name to the server.
    ///
    /// # Panics
    /// When there is no server.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("running").id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status().expect("kill");
        assert!(status.success());
    }

    /// Has the configuration read again; whether it was taken over.
    pub async fn reload(&self) -> bool {
        let from = self.log.len();
        self.signal("HUP");
        let log = self.log.clone();
        eventually("the configuration is read again", PATIENCE, || {
            let taken = log.find("configuration read again", from).map(|_| true);
            let kept = log.find("configuration not taken over: what was in force stays", from).map(|_| false);
            async move { taken.or(kept) }
        })
        .await
    }

    /// Sends a request.
    pub async fn send(&self, ask: &Ask) -> Answer {
        send(self.address, ask).await
    }

    /// Opens a connection and sends a request, to be read step by step.
    pub async fn open(&self, ask: &Ask) -> Wire {
        Wire::open(self.address, &ask.bytes()).await
    }

    /// One user message, with the default key.
    pub async fn say(&self, model: &str, text: &str, stream: bool) -> Answer {
        self.send(&Ask::say(model, text, stream).key(&self.key)).await
    }

    /// A chat request with the default key.
    pub async fn chat(&self, body: &Value) -> Answer {
        self.send(&Ask::chat(body).key(&self.key)).await
    }

    /// A request with the management key.
    pub async fn manage(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let ask = body.map_or_else(|| Ask::new(method, path), |body| Ask::json(method, path, body));
        self.send(&ask.key(&self.management)).await
    }

    /// Creates a key over the management API; gives its text and its hash.
    pub async fn new_key(&self, body: &Value) -> (String, String) {
        let made = self.manage("POST", "/api/v1/keys", Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made = made.json();
        let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).expect("key").to_owned();
        (text("/key"), text("/data/hash"))
    }

    /// Granted and used, in nano-dollars.
    pub async fn credits(&self) -> (i64, i64) {
        let answer = self.manage("GET", "/api/v1/credits", None).await.json();
        (nanos_at(&answer, "/data/total_credits"), nanos_at(&answer, "/data/total_usage"))
    }

    /// The record of a generation, once it is there.
    pub async fn generation(&self, id: &str) -> Value {
        let path = format!("/api/v1/generation?id={id}");
        let answer = eventually("the generation is recorded", PATIENCE, || async {
            let answer = self.send(&Ask::get(&path).key(&self.management)).await;
            (answer.status == 200).then_some(answer)
        })
        .await;
        answer.json()["data"].clone()
    }

    /// The value of a metric without labels.
    pub async fn metric(&self, name: &str) -> Option<i64> {
        let text = self.send(&Ask::get("/metrics")).await.text();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    }

    /// Waits until no generation holds budget.
    pub async fn idle(&self, limit: Duration) {
        eventually("no generation holds budget", limit, || async {
            (self.metric("portolan_generations_running").await == Some(0)).then_some(())
        })
        .await;
    }

    /// A console session: the cookie's name and value.
    pub async fn sign_in(&self) -> String {
        let token = self.setup_link.split("token=").nth(1).expect("set-up link").to_owned();
        let ask = Ask::json("POST", "/console/api/v1/setup", &json!({"token": token})).header("x-portolan-csrf", "1");
        let answer = self.send(&ask).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.header("set-cookie").expect("cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    }

    /// Kills the server as a crash would, and waits until the process is gone.
    ///
    /// # Panics
    /// When there is no server.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().expect("kill");
        child.wait().expect("wait");
    }

    /// Stops the server in order.
    ///
    /// # Panics
    /// When it does not end, or ends with an error.
    pub async fn stop(&mut self) {
        self.signal("TERM");
        let mut child = self.child.take().expect("running");
        let status = eventually("the server ends", PATIENCE, || {
            let status = child.try_wait().expect("wait");
            async move { status }
        })
        .await;
        assert!(status.success(), "{status}\n{}", self.log.lines().join("\n"));
    }

    /// Ends the server and has the books checked: no hold left, every sum right, nothing unposted. Gives the report.
    ///
    /// # Panics
    /// When any of it is not so.
    pub async fn finish(mut self) -> Value {
        self.idle(PATIENCE).await;
        self.stop().await;
        let verified = self.cli(&["verify", "--json"]).await;
        assert_eq!(verified.code, 0, "books disagree: {}\n{}", verified.stdout, verified.stderr);
        let report: Value = serde_json::from_str(&verified.stdout).expect("report");
        assert_eq!(report["ok"], true, "{report}");
        assert_eq!(report["undrained"], 0, "{report}");
        for line in self.log.lines() {
            assert!(serde_json::from_str::<Value>(&line).is_ok(), "not a JSON line: {line}");
            assert!(!line.contains("panicked"), "{line}");
        }
        for (_slug, simulator) in std::mem::take(&mut self.simulators) {
            simulator.shutdown().await;
        }
        report
    }

    /// The binary under test.
    #[must_use]
    pub fn binary(&self) -> &Path {
        &self.binary
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _gone = child.kill();
        let _gone = child.wait();
        if std::thread::panicking() {
            let lines = self.log.lines();
            let tail = lines.len().saturating_sub(30);
            eprintln!("--- the server's last lines ---\n{}", lines[tail..].join("\n"));
        } else {
            panic!("the test did not finish its server");
        }
    }
}
