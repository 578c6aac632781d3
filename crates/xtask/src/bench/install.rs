//! A fresh installation of the product: configuration, key, data directory, all thrown away at the end.

use super::process::{self, Server};
use super::scenario::{IDLE, SCENARIOS};
use anyhow::Context as _;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use tokio::process::Command;

/// Everything as shipped; only the provider, its models and the credential are named.
const PROVIDER: &str = "\
[upstreams]
from_environment = false

[providers.bench]
dialect = \"openai\"
api_key = \"sk-bench\"
stops_billing_on_cancel = true
";

/// More than any run can spend.
const CREDIT_USD: &str = "100000";

/// An installation on disk.
#[derive(Debug)]
pub struct Installation {
    folder: PathBuf,
    binary: PathBuf,
    /// A key with credit, a limit and a reset.
    pub key: String,
}

impl Installation {
    /// Makes an installation whose only provider is at `upstream`.
    ///
    /// # Errors
    /// When the files or the key cannot be made.
    pub async fn create(binary: &Path, upstream: SocketAddr) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("portolan-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut installation = Self { folder, binary: binary.to_owned(), key: String::new() };
        std::fs::write(installation.config(), configuration(upstream))?;
        let words = ["key", "create", "--name", "bench", "--credits", CREDIT_USD, "--limit", CREDIT_USD];
        let output = installation.run(words.into_iter().chain(["--reset", "monthly", "-q"])).await?;
        String::from_utf8(output.stdout)?.trim().clone_into(&mut installation.key);
        Ok(installation)
    }

    /// Starts the server; its log goes to a file.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn serve(&self) -> anyhow::Result<Server> {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        process::logging(command, &self.folder.join("log")).await.context("portolan serve")
    }

    /// Recomputes the books: a figure only counts if everything was billed.
    ///
    /// # Errors
    /// When they do not balance.
    pub async fn verify(&self) -> anyhow::Result<()> {
        self.run(["verify"].into_iter()).await.map(|_output| ())
    }

    async fn run(&self, words: impl Iterator<Item = &str>) -> anyhow::Result<Output> {
        let output = self.command().args(words).output().await.context("cannot run portolan")?;
        anyhow::ensure!(output.status.success(), "portolan said: {}", String::from_utf8_lossy(&output.stderr));
        Ok(output)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.config()).arg("--data").arg(self.folder.join("data"));
        command
    }

    fn config(&self) -> PathBuf {
        self.folder.join("portolan.toml")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            super::note(&format!("{} stays behind: {error}", self.folder.display()));
        }
    }
}

fn configuration(upstream: SocketAddr) -> String {
    let pairs: BTreeSet<(&str, &str)> =
        SCENARIOS.iter().chain([&IDLE]).map(|scenario| (scenario.model, scenario.upstream_model)).collect();
    let models: String = pairs.into_iter().map(|(id, upstream_id)| model(id, upstream_id)).collect();
    format!("{PROVIDER}base_url = \"http://{upstream}/v1\"\n{models}")
}

fn model(id: &str, upstream_id: &str) -> String {
    format!(
        "
[[models]]
id = \"{id}\"
context_length = 128000
max_completion_tokens = 16000
supported_parameters = [\"max_tokens\", \"temperature\"]
[[models.endpoints]]
provider = \"bench\"
upstream_id = \"{upstream_id}\"
price = {{ prompt = \"1.00\", completion = \"3.00\" }}
"
    )
}

#[cfg(test)]
mod tests {
    use super::configuration;

    #[test]
    fn the_configuration_names_each_model_once() {
        let text = configuration(std::net::SocketAddr::from(([127, 0, 0, 1], 9)));
        let table: toml::Table = text.parse().expect("TOML");
        let models = table["models"].as_array().expect("models");
        assert_eq!(models.len(), 4);
        assert_eq!(table["providers"]["bench"]["base_url"].as_str(), Some("http://127.0.0.1:9/v1"));
    }
}
