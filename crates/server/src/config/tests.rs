//! Files, variables and mistakes.

use super::{Config, ConfigError};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables: BTreeMap<_, _> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::parse(text, None, Path::new("data"), &variables)
}

#[test]
fn a_private_provider_and_model_are_a_few_lines() {
    let config = load(
        r#"
        [timeouts]
        connect = "2s"
        first_byte = "500ms"

        [providers.acme]
        dialect  = "openai"
        base_url = "http://127.0.0.1:9100/v1"
        api_key  = "sk-upstream"

        [[models]]
        id = "mock/echo-1"
        context_length = 128000
        supported_parameters = ["tools"]
        [[models.endpoints]]
        provider = "acme"
        upstream_id = "echo-1"
        price = { prompt = "1.00", completion = "3.00" }
        "#,
        &[],
    )
    .expect("valid");
    assert_eq!(config.file.timeouts.first_byte, Duration::from_millis(500));
    assert_eq!(config.file.models[0].endpoints[0].price.completion, "3.00");
    assert_eq!(config.file.providers["acme"].api_key.as_deref(), Some("sk-upstream"));
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = load(
        "[server]\nlisten = \"127.0.0.1:1\"\n[providers.my-own]\ndialect = \"openai\"\n",
        &[
            ("PORTOLAN_SERVER__LISTEN", "127.0.0.1:2"),
            ("PORTOLAN_PROVIDERS__MY_OWN__BASE_URL", "http://localhost:1/v1"),
            ("PORTOLAN_PROVIDERS__OPENAI__API_KEY", "123456"),
            ("PORTOLAN_LIMITS__ATTEMPTS", "3"),
            ("OPENAI_API_KEY", "sk-x"),
            ("GROQ_API_KEY", " "),
        ],
    )
    .expect("valid");
    assert_eq!(config.file.server.listen.port(), 2);
    assert_eq!(config.file.providers["my-own"].base_url.as_deref(), Some("http://localhost:1/v1"));
    assert_eq!(config.file.providers["openai"].api_key.as_deref(), Some("123456"));
    assert_eq!(config.file.limits.attempts, 3);
    assert_eq!(config.provider_keys.keys().collect::<Vec<_>>(), ["OPENAI_API_KEY"]);
}

#[test]
fn mistakes_name_the_line_and_the_nearest_setting() {
    let error = load("[server]\nlisten = \"127.0.0.1:1\"\n\n[timeouts]\nconect = \"2s\"\n", &[]).expect_err("typo");
    assert_eq!(error.to_string(), "configuration:5: unknown setting \"conect\", did you mean \"connect\"?");
    let error = load("[timeouts]\nidle = \"soon\"\n", &[]).expect_err("no duration");
    assert!(error.to_string().contains("is not a duration"), "{error}");
    let error = load("", &[("PORTOLAN_SERVER__LISTN", "x")]).expect_err("typo");
    assert!(error.to_string().contains("did you mean \"listen\""), "{error}");
    let error = load("[providers.a]\napi_key = \"x\"\napi_key_env = \"Y\"\n", &[]).expect_err("two credentials");
    assert!(error.to_string().contains("providers.a"), "{error}");
    let error = load("[providers.a]\napi_key_env = \"NOT_SET\"\n", &[]).expect_err("missing variable");
    assert!(error.to_string().contains("NOT_SET"), "{error}");
}
