//! Configuration: flag > environment > file > default. The only module that reads the environment.

mod check;
mod duration;
mod env;
mod error;
mod file;
mod health;

pub use error::ConfigError;
pub use file::{CatalogSection, ConfigFile, LogSection, ProviderSection, SyncSection};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The whole configuration with what was found around it.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything that can be set.
    pub file: ConfigFile,
    /// The file that was read, if any.
    pub source: Option<PathBuf>,
    /// Data directory.
    pub data: PathBuf,
    /// Well-known provider credentials of the environment, by variable name.
    pub provider_keys: BTreeMap<String, String>,
}

impl Config {
    /// Reads file and environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming key, value and place; nothing is half-read.
    pub fn load(path: Option<&Path>, data: &Path) -> Result<Self, ConfigError> {
        let fallback = data.join("portolan.toml");
        let source = match path {
            Some(path) => Some(path.to_owned()),
            None => fallback.is_file().then_some(fallback),
        };
        let text = match &source {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| ConfigError::Unreadable { path: path.clone(), source: error })?,
            None => String::new(),
        };
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        Self::parse(&text, source, data, &variables)
    }

    /// Reads a configuration text with these environment variables.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        source: Option<PathBuf>,
        data: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        let place = source.clone().unwrap_or_else(|| PathBuf::from("configuration"));
        let mut table: toml::Table = text.parse().map_err(|error| ConfigError::from_toml(&place, text, &error))?;
        // Checked before the overlay, so that a mistake in the file is reported with its line.
        let _checked: ConfigFile =
            toml::from_str(text).map_err(|error| ConfigError::from_toml(&place, text, &error))?;
        let file = env::overlay(&mut table, variables)?;
        let provider_keys = variables
            .iter()
            .filter(|(name, value)| {
                name.ends_with("_API_KEY") && !name.starts_with("PORTOLAN_") && !value.trim().is_empty()
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut config = Self { file, source, data: data.to_owned(), provider_keys };
        config.resolve_secrets(variables)?;
        check::check(&config.file)?;
        Ok(config)
    }

    /// Takes credentials from the files and variables that the configuration names.
    fn resolve_secrets(&mut self, variables: &BTreeMap<String, String>) -> Result<(), ConfigError> {
        for (slug, provider) in &mut self.file.providers {
            let given = [provider.api_key.is_some(), provider.api_key_file.is_some(), provider.api_key_env.is_some()];
            if given.iter().filter(|given| **given).count() > 1 {
                return Err(ConfigError::Secret {
                    slug: slug.clone(),
                    problem: "give one of api_key, api_key_file and api_key_env".to_owned(),
                });
            }
            if let Some(path) = &provider.api_key_file {
                let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Secret {
                    slug: slug.clone(),
                    problem: format!("api_key_file: cannot read {}: {error}", path.display()),
                })?;
                provider.api_key = Some(text.trim().to_owned());
            }
            if let Some(name) = &provider.api_key_env {
                let value = variables.get(name).ok_or_else(|| ConfigError::Secret {
                    slug: slug.clone(),
                    problem: format!("the environment variable {name} is not set"),
                })?;
                provider.api_key = Some(value.trim().to_owned());
            }
        }
        Ok(())
    }
}

/// The defect that a self-test of the checks switches on.
#[cfg(feature = "seeded-bugs")]
pub fn seeded_bug() -> Option<String> {
    std::env::var("PORTOLAN_SEEDED_BUG").ok()
}

#[cfg(test)]
mod tests;
