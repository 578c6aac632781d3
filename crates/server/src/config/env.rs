//! `PORTOLAN_<SECTION>__<KEY>` over the file: every setting has this second spelling.

use super::error::{ConfigError, readable};
use super::file::ConfigFile;
use std::collections::BTreeMap;

const PREFIX: &str = "PORTOLAN_";

/// Writes every `PORTOLAN_…__…` variable into the table.
///
/// A hyphen in a provider's slug is an underscore here; an existing slug that fits is taken, else the text as it is.
///
/// # Errors
/// [`ConfigError::Environment`] naming the variable.
pub fn overlay(table: &mut toml::Table, variables: &BTreeMap<String, String>) -> Result<ConfigFile, ConfigError> {
    let mut file: ConfigFile = read(table).map_err(|problem| ConfigError::Environment { problem })?;
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX).filter(|path| path.contains("__")) else { continue };
        let parts: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        let wrong = |problem: String| ConfigError::Environment { problem: format!("{name}: {problem}") };
        let mut first = None;
        let mut taken = None;
        for meaning in meanings(value) {
            put(table, &parts, meaning).map_err(|problem| wrong(problem.to_owned()))?;
            match read(table) {
                Ok(whole) => {
                    taken = Some(whole);
                    break;
                }
                Err(problem) => {
                    first.get_or_insert(problem);
                }
            }
        }
        file = taken.ok_or_else(|| wrong(first.unwrap_or_default()))?;
    }
    Ok(file)
}

fn read(table: &toml::Table) -> Result<ConfigFile, String> {
    table.clone().try_into().map_err(|error: toml::de::Error| readable(error.message()))
}

/// What a text may mean; the first that the setting takes is taken.
fn meanings(text: &str) -> Vec<toml::Value> {
    let plain = toml::Value::String(text.to_owned());
    let other = match text {
        "true" => Some(toml::Value::Boolean(true)),
        "false" => Some(toml::Value::Boolean(false)),
        _ if text.starts_with(['[', '{']) => text.parse::<toml::Value>().ok(),
        _ => text.parse().ok().map(toml::Value::Integer),
    };
    std::iter::once(plain).chain(other).collect()
}

fn put(table: &mut toml::Table, parts: &[String], value: toml::Value) -> Result<(), &'static str> {
    match parts {
        [] => Err("no setting named"),
        [last] => {
            table.insert(last.clone(), value);
            Ok(())
        }
        [first, rest @ ..] => {
            let known = table.keys().find(|key| key.replace('-', "_") == *first).cloned();
            let key = known.unwrap_or_else(|| first.clone());
            let inner = table.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            put(inner.as_table_mut().ok_or("is not a section")?, rest, value)
        }
    }
}
