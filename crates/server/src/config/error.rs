//! Mistakes in the configuration, each with the key, the place and what would be right.

use std::path::{Path, PathBuf};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds a mistake.
    #[error("{}:{line}: {problem}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// An environment variable holds a mistake.
    #[error("environment: {problem}")]
    Environment {
        /// What is wrong.
        problem: String,
    },
    /// A credential cannot be found.
    #[error("providers.{slug}: {problem}")]
    Secret {
        /// Which provider.
        slug: String,
        /// What is wrong.
        problem: String,
    },
    /// A value is out of its range.
    #[error("{key}: {problem}")]
    Value {
        /// Which setting.
        key: String,
        /// What is wrong, with the allowed range.
        problem: String,
    },
}

impl ConfigError {
    /// From a TOML error, with the line that it points at.
    pub fn from_toml(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        Self::File { path: path.to_owned(), line, problem: readable(error.message()) }
    }
}

/// Turns serde's "unknown field" list into the nearest name.
pub fn readable(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else { return message.to_owned() };
    let Some((unknown, expected)) = rest.split_once('`') else { return message.to_owned() };
    let nearest = expected
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|known| (strsim::jaro_winkler(unknown, known), known))
        .max_by(|left, right| left.0.total_cmp(&right.0));
    match nearest {
        Some((score, known)) if score > 0.7 => format!("unknown setting {unknown:?}, did you mean {known:?}?"),
        _ => format!("unknown setting {unknown:?}"),
    }
}
