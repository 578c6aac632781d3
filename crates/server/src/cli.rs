//! The command line, as clap sees it.

use clap::{Args, Parser, Subcommand};
use domain::catalog::import::ImportFormat;
use std::net::SocketAddr;
use std::path::PathBuf;

/// One API key reaches every model of every provider.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// Configuration file. Without it `portolan.toml` in the data directory is read when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory.
    #[arg(long, global = true, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print the bare value only.
    #[arg(short = 'q', long, global = true)]
    pub quiet: bool,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Serve {
        /// Address and port to listen on; port 0 lets the system choose.
        #[arg(long, value_name = "ADDR:PORT")]
        listen: Option<SocketAddr>,
    },
    /// Check the configuration without side effects.
    Check,
    /// API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Credits.
    #[command(subcommand)]
    Credits(CreditsCommand),
    /// Provider connections.
    #[command(subcommand)]
    Upstream(UpstreamCommand),
    /// Models and prices.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Recompute the books from the ledger and the journal.
    Verify,
    /// Print a one-time link that signs in to the console.
    SetupLink,
    /// Run the provider simulator alone.
    Simulate {
        /// Address and port to listen on; port 0 lets the system choose.
        #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Source of every random choice.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The only credential that is accepted.
        #[arg(long)]
        api_key: Option<String>,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Read the text of a PDF from standard input; the server starts this for itself.
    #[command(hide = true)]
    ReadDocument(DocumentLimits),
    /// Ask a running server whether it is ready; for container probes.
    Healthcheck {
        /// Address of the server.
        #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:7878")]
        address: SocketAddr,
    },
}

/// `portolan read-document …`.
#[derive(Debug, Clone, Args)]
pub struct DocumentLimits {
    /// Address space in bytes.
    #[arg(long)]
    pub memory: u64,
    /// Processor time in seconds.
    #[arg(long)]
    pub cpu: u64,
    /// Most bytes of text.
    #[arg(long)]
    pub text: u64,
    /// Most pages that are read.
    #[arg(long)]
    pub pages: u64,
    /// The limits are in force already.
    #[arg(long)]
    pub limited: bool,
}

/// `portolan key …`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key; makes the first account if there is none.
    Create {
        /// Display name.
        #[arg(long)]
        name: String,
        /// Credit in USD to grant to the account.
        #[arg(long, value_name = "USD", allow_negative_numbers = true)]
        credits: Option<String>,
        /// Credit limit of the key in USD.
        #[arg(long, value_name = "USD", allow_negative_numbers = true)]
        limit: Option<String>,
        /// When the limit starts again: daily, weekly or monthly. Never, when absent.
        #[arg(long, value_name = "PERIOD", requires = "limit")]
        reset: Option<String>,
        /// When the key lapses, as an RFC 3339 moment.
        #[arg(long, value_name = "MOMENT")]
        expires: Option<String>,
        /// A key for administration, which cannot call models.
        #[arg(long)]
        management: bool,
    },
    /// List keys.
    List,
    /// Delete a key by its hash.
    Revoke {
        /// The key's hash, as lists show it.
        hash: String,
    },
}

/// `portolan credits …`.
#[derive(Debug, Subcommand)]
pub enum CreditsCommand {
    /// Grant credit to the account.
    Grant {
        /// Amount in USD.
        #[arg(allow_negative_numbers = true)]
        amount: String,
        /// Why; kept in the ledger.
        #[arg(long, default_value = "granted on the command line")]
        note: String,
        /// A correction, which may be negative, instead of a grant.
        #[arg(long)]
        adjustment: bool,
    },
    /// Show what was granted and used.
    Show,
}

/// `portolan upstream …`.
#[derive(Debug, Subcommand)]
pub enum UpstreamCommand {
    /// Add or replace a connection; the credential is read from standard input.
    Add {
        /// Provider slug of the catalogue.
        slug: String,
        /// Base address, when it differs from the catalogue's.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// The provider wants no credential.
        #[arg(long)]
        no_key: bool,
    },
    /// List connections.
    List,
    /// Ask a provider for its models.
    Test {
        /// Provider slug.
        slug: String,
    },
    /// Switch a connection off.
    Disable {
        /// Provider slug.
        slug: String,
    },
    /// Switch a connection on.
    Enable {
        /// Provider slug.
        slug: String,
    },
    /// Remove a connection that was added at run time.
    Remove {
        /// Provider slug.
        slug: String,
    },
}

/// `portolan catalog …`.
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// Import models and prices and show the difference.
    Sync {
        /// File or http(s) address.
        #[arg(long, value_name = "FILE|URL")]
        from: String,
        /// Format of the source: openrouter, litellm or models.dev.
        #[arg(long)]
        format: ImportFormat,
        /// Show the difference only.
        #[arg(long)]
        dry_run: bool,
        /// Accept prices above 0.001 USD per token and changes above tenfold.
        #[arg(long)]
        force: bool,
    },
    /// List models.
    List,
}
