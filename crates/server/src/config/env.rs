//! `PORTOLAN_<SECTION>__<KEY>` over the file: every setting has this second spelling.

use super::error::ConfigError;
use std::collections::BTreeMap;

const PREFIX: &str = "PORTOLAN_";

/// Writes every `PORTOLAN_…__…` variable into the table.
///
/// A hyphen in a provider's slug is an underscore here; an existing slug that fits is taken, else the text as it is.
pub fn overlay(table: &mut toml::Table, variables: &BTreeMap<String, String>) -> Result<(), ConfigError> {
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX).filter(|path| path.contains("__")) else { continue };
        let parts: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        let is_text = parts.first().is_some_and(|section| section == "providers");
        put(table, &parts, parse(value, is_text))
            .map_err(|problem| ConfigError::Environment { problem: format!("{name}: {problem}") })?;
    }
    Ok(())
}

/// Numbers and booleans where the text is one; credentials and addresses of providers always stay text.
fn parse(text: &str, is_text: bool) -> toml::Value {
    match text {
        "true" => toml::Value::Boolean(true),
        "false" => toml::Value::Boolean(false),
        _ if is_text => toml::Value::String(text.to_owned()),
        _ => text.parse().map_or_else(|_error| toml::Value::String(text.to_owned()), toml::Value::Integer),
    }
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
