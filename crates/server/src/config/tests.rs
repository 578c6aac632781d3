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
    let error = load("", &[("PORTOLAN_TIMEOUTS__IDLE", "soon")]).expect_err("no duration");
    assert!(error.to_string().starts_with("environment: PORTOLAN_TIMEOUTS__IDLE: \"soon\" is not a"), "{error}");
}

#[test]
fn variables_mean_what_their_setting_takes() {
    let config = load(
        "",
        &[
            ("PORTOLAN_ACCOUNTS__SIGNUP_CREDIT", "5"),
            ("PORTOLAN_LIMITS__FREE_PER_DAY", "7"),
            ("PORTOLAN_DEMO__ENABLED", "false"),
            ("PORTOLAN_EGRESS__PORTS", "[443, 8443]"),
            ("PORTOLAN_PROVIDERS__ACME__NAME", "true"),
        ],
    )
    .expect("valid");
    assert_eq!(config.file.accounts.signup_credit, "5");
    assert_eq!((config.file.limits.free_per_day, config.file.demo.enabled), (7, Some(false)));
    assert_eq!(config.file.egress.ports, [443, 8443]);
    assert_eq!(config.file.providers["acme"].name.as_deref(), Some("true"));
}

#[test]
fn values_that_cannot_be_meant_are_refused_with_their_setting() {
    let model = |fields: &str, price: &str| {
        format!(
            "[[models]]\nid = \"a/b\"\n{fields}\n[[models.endpoints]]\nprovider = \"x\"\nupstream_id = \"b\"\n\
             price = {{ prompt = \"{price}\", completion = \"1\" }}\n"
        )
    };
    let twice = model("context_length = 1", "1").repeat(2);
    for (text, setting) in [
        ("[timeouts]\nconnect = \"0s\"".to_owned(), "timeouts.connect: "),
        ("[timeouts]\nkeep_alive = \"0s\"".to_owned(), "timeouts.keep_alive: "),
        ("[server]\npublic_url = \"nope\"".to_owned(), "server.public_url: "),
        ("[database]\nurl = \"mysql://x\"".to_owned(), "database.url: "),
        ("[log]\nformat = \"xml\"".to_owned(), "log.format: "),
        ("[log]\nlevel = \"info=loud\"".to_owned(), "log.level: "),
        ("[providers.a]\nbase_url = \"htp://x\"".to_owned(), "providers.a.base_url: "),
        ("[providers.a]\napi_key = \" \"".to_owned(), "providers.a: "),
        (twice, "models: a/b: is given twice"),
        (model("context_length = 0", "1"), "models: \"a/b\": context_length"),
        (model("context_length = 1\ninput_modalities = [\"smell\"]", "1"), "models: \"a/b\": \"smell\" is no modality"),
        (model("context_length = 1", "-1"), "models: \"a/b\": price at x: "),
        (model("context_length = 1", "1001"), "models: \"a/b\": price at x: "),
        (model("context_length = 1", "1").replace("a/b", "ab"), "models: \"ab\": is not a valid model id"),
    ] {
        let error = load(&text, &[]).expect_err(setting);
        assert!(error.to_string().starts_with(setting), "{text}: {error}");
    }
    assert!(load(&model("context_length = 1", "1000"), &[]).is_ok());
}
