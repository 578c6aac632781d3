//! What every command needs: the configuration, the store, the time and randomness.

use super::Usage;
use crate::cli::Shared;
use crate::config::Config;
use crate::wiring;
use anyhow::Context;
use domain::id::{AccountId, EntryId, WorkspaceId};
use domain::ledger::EntryKind;
use domain::money::Amount;
use domain::time::Clock;
use edge::clock::SystemClock;
use edge::random::Random;
use std::sync::Arc;
use store::Store;
use store::durable::{Account, Grant, NewAccount};

/// An opened installation, beside a running server or without one.
#[derive(Debug)]
pub struct Opened {
    /// The configuration.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub random: Arc<Random>,
}

impl Opened {
    /// Opens the installation that the shared options name; makes the data directory when it is missing.
    ///
    /// # Errors
    /// A mistake in the configuration, or a database that cannot be opened.
    pub async fn open(shared: &Shared) -> anyhow::Result<Self> {
        let config = Config::load(shared.config.as_deref(), &shared.data)?;
        std::fs::create_dir_all(&config.data).with_context(|| format!("cannot make {}", config.data.display()))?;
        // An address of PostgreSQL holds a password.
        let place = match &config.file.database.url {
            Some(_secret) => "database".to_owned(),
            None => format!("database {}", config.data.join("portolan.db").display()),
        };
        let store = Store::open(&wiring::store_options(&config)).await.context(place)?;
        Ok(Self { config, store, clock: Arc::new(SystemClock::new()), random: Arc::new(Random::from_system()) })
    }

    /// Opens an installation that is there already, for commands that only make sense on one.
    ///
    /// # Errors
    /// As [`Opened::open`], and [`Usage`] when the data directory holds none.
    pub async fn existing(shared: &Shared) -> anyhow::Result<Self> {
        let config = Config::load(shared.config.as_deref(), &shared.data)?;
        if config.file.database.url.is_none() && !config.data.join("portolan.db").is_file() {
            let place = config.data.display();
            return Err(Usage(format!("{place} holds no portolan.db: nothing was ever served from there")).into());
        }
        Self::open(shared).await
    }

    /// The account that commands act on: the first one, made now if there is none.
    ///
    /// A new account gets `credits` as a grant, or without one the sign-up credit as a promotion.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn first_account(&self, credits: Option<Amount>) -> anyhow::Result<Account> {
        if let Some(account) = self.store.account_first().await? {
            if let Some(amount) = credits {
                self.grant(account.id, EntryKind::Grant, amount, "granted with a key").await?;
            }
            return Ok(account);
        }
        let now = self.clock.now();
        let new = NewAccount {
            id: AccountId::new(now, self.random.bytes()),
            name: "Default".to_owned(),
            is_demo: false,
            workspace: WorkspaceId::new(now, self.random.bytes()),
            created_at: now,
        };
        self.store.account_insert(&new).await?;
        let (kind, amount, note) = match credits {
            Some(amount) => (EntryKind::Grant, amount, "granted with the first key"),
            None => (EntryKind::Promotion, wiring::signup_credit(&self.config)?, "sign-up credit"),
        };
        self.grant(new.id, kind, amount, note).await?;
        self.store.account_find(new.id).await?.context("the new account is not there")
    }

    /// Posts credit; nothing for zero.
    ///
    /// # Errors
    /// When the database refuses or the amount is out of range.
    pub async fn grant(&self, account: AccountId, kind: EntryKind, amount: Amount, note: &str) -> anyhow::Result<()> {
        if amount.is_zero() {
            return Ok(());
        }
        let now = self.clock.now();
        let grant =
            Grant { id: EntryId::new(now, self.random.bytes()), account, kind, amount, note: note.to_owned(), at: now };
        self.store.grant_post(&grant).await?;
        Ok(())
    }
}

/// Reads an amount of USD from the command line.
///
/// # Errors
/// For anything but a plain decimal; below zero unless allowed.
pub fn usd(text: &str, may_be_negative: bool) -> anyhow::Result<Amount> {
    let amount =
        Amount::parse_usd(text).map_err(|error| Usage(format!("{text:?} is not an amount of USD: {error}")))?;
    if amount.is_negative() && !may_be_negative {
        return Err(Usage(format!("{text} is below zero")).into());
    }
    Ok(amount)
}
