//! What values must be beyond their types; the ranges of numbers stand where the settings are used.

use super::error::ConfigError;
use super::file::ConfigFile;
use domain::catalog::Slug;
use domain::catalog::file::ModelText;
use domain::money::PriceSheet;
use http::Uri;
use std::collections::HashSet;
use std::error::Error as _;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// What a model can take in or give.
const MODALITIES: &[&str] =
    &["text", "image", "audio", "file", "video", "embeddings", "rerank", "decisions", "speech", "transcription"];

/// Finds the first value that cannot be meant.
///
/// # Errors
/// [`ConfigError::Value`] naming the setting and what it must be.
pub fn check(file: &ConfigFile) -> Result<(), ConfigError> {
    durations(file)?;
    words(file)?;
    for (slug, provider) in &file.providers {
        if provider.base_url.as_deref().is_some_and(|address| !is_web_address(address)) {
            let key = format!("providers.{slug}.base_url");
            return Err(wrong(&key, "must be an absolute http or https address without user name or query"));
        }
        if provider.api_key.as_deref().is_some_and(|key| key.trim().is_empty()) {
            return Err(wrong(&format!("providers.{slug}"), "the credential is empty"));
        }
    }
    let mut ids = HashSet::new();
    for written in &file.models {
        model(written)?;
        if !ids.insert(written.id.as_str()) {
            return Err(wrong(&format!("models: {}", written.id), "is given twice"));
        }
    }
    Ok(())
}

fn wrong(key: &str, problem: &str) -> ConfigError {
    ConfigError::Value { key: key.to_owned(), problem: problem.to_owned() }
}

/// Waits that would end everything at once; others mean "not at all" when they are zero.
fn durations(file: &ConfigFile) -> Result<(), ConfigError> {
    let (timeouts, server) = (&file.timeouts, &file.server);
    let needed: [(&str, Duration); 10] = [
        ("timeouts.connect", timeouts.connect),
        ("timeouts.first_byte", timeouts.first_byte),
        ("timeouts.idle", timeouts.idle),
        ("timeouts.event", timeouts.event),
        ("timeouts.comments", timeouts.comments),
        ("timeouts.total", timeouts.total),
        ("timeouts.keep_alive", timeouts.keep_alive),
        ("timeouts.body", timeouts.body),
        ("server.header_timeout", server.header_timeout),
        ("server.write_timeout", server.write_timeout),
    ];
    match needed.iter().find(|(_key, time)| time.is_zero()) {
        Some((key, _zero)) => Err(wrong(key, "must be above 0")),
        None => Ok(()),
    }
}

fn words(file: &ConfigFile) -> Result<(), ConfigError> {
    if file.server.public_url.as_deref().is_some_and(|address| !is_web_address(address)) {
        return Err(wrong("server.public_url", "must be an absolute http or https address without user name or query"));
    }
    let is_postgres = |url: &str| url.starts_with("postgres://") || url.starts_with("postgresql://");
    if file.database.url.as_deref().is_some_and(|url| !is_postgres(url)) {
        return Err(wrong("database.url", "must begin with postgres://; without it there is SQLite"));
    }
    if !matches!(file.log.format.as_deref(), None | Some("json" | "text")) {
        return Err(wrong("log.format", "must be json or text"));
    }
    EnvFilter::builder()
        .parse(&file.log.level)
        .map(drop)
        .map_err(|error| wrong("log.level", &format!("must be a filter such as info or gateway=debug,info ({error})")))
}

fn is_web_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && uri.query().is_none();
    matches!(uri.scheme_str(), Some("http" | "https")) && is_plain
}

fn model(model: &ModelText) -> Result<(), ConfigError> {
    let wrong = |problem: &str| wrong(&format!("models: {:?}", model.id), problem);
    if !Slug::parse(&model.id).is_ok_and(|slug| slug.model == model.id) {
        return Err(wrong("is not a valid model id: author/name, with a variant such as :free at most"));
    }
    if model.context_length == 0 {
        return Err(wrong("context_length must be 1 or more"));
    }
    let ends = model.endpoints.iter().filter_map(|endpoint| endpoint.input_modalities.as_ref()).flatten();
    let unknown = model.input_modalities.iter().chain(&model.output_modalities).chain(ends);
    if let Some(unknown) = unknown.into_iter().find(|name| !MODALITIES.contains(&name.as_str())) {
        return Err(wrong(&format!("{unknown:?} is no modality; there are {}", MODALITIES.join(", "))));
    }
    for endpoint in &model.endpoints {
        if let Err(error) = PriceSheet::try_from(&endpoint.price) {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            return Err(wrong(&format!("price at {}: {error}{cause}", endpoint.provider)));
        }
    }
    Ok(())
}
