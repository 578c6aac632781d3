//! Every folder of `golden/request`: one chat request, and what each family must be sent for it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bytes::Bytes;
use dialect::chat::request::{ChatRequest, Limits, parse};
use dialect::upstream::{Change, Outgoing, Target, encode};
use domain::catalog::file::ReasoningText;
use domain::catalog::{Family, Quirks};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FAMILIES: [(&str, Family, &str); 3] = [
    ("openai", Family::OpenAi, "gpt-5.4"),
    ("anthropic", Family::Anthropic, "claude-haiku-4-5"),
    ("gemini", Family::Gemini, "gemini-2.5-flash"),
];

/// Cases that must come from the providers' public documentation.
const PUBLIC_CASES_MIN: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    what: String,
    source: String,
    date: String,
    #[serde(default)]
    refused: Vec<String>,
    #[serde(default)]
    stream: bool,
    user: Option<String>,
    max_completion_tokens: Option<u64>,
    output_limit: Option<u64>,
    #[serde(default)]
    supported: Vec<String>,
    #[serde(default)]
    openai: Settings,
    #[serde(default)]
    anthropic: Settings,
    #[serde(default)]
    gemini: Settings,
}

#[derive(Deserialize, Default)]
struct Settings {
    upstream_id: Option<String>,
    reasoning: Option<ReasoningText>,
    #[serde(flatten)]
    quirks: toml::Table,
}

struct Case {
    name: String,
    about: About,
    chat: String,
    request: ChatRequest,
    folder: PathBuf,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/request");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.into_iter().map(read_case).collect()
}

fn read_case(folder: PathBuf) -> Case {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let about = toml::from_str(&fs::read_to_string(folder.join("about.toml")).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let chat = fs::read_to_string(folder.join("chat.json")).unwrap();
    let request =
        parse(Bytes::from(chat.clone()), &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    Case { name, about, chat, request, folder }
}

impl Case {
    fn settings(&self, family: &str) -> &Settings {
        match family {
            "openai" => &self.about.openai,
            "anthropic" => &self.about.anthropic,
            _ => &self.about.gemini,
        }
    }

    fn encode(&self, name: &str, family: Family, id: &str) -> Result<Outgoing, dialect::upstream::EncodeError> {
        let settings = self.settings(name);
        let quirks: Quirks = settings.quirks.clone().try_into().unwrap();
        let target = Target {
            family,
            upstream_id: settings.upstream_id.as_deref().unwrap_or(id),
            quirks: &quirks,
            supported_parameters: &self.about.supported,
            reasoning: settings.reasoning.as_ref(),
            max_completion_tokens: self.about.max_completion_tokens,
            output_limit: self.about.output_limit,
            stream: self.about.stream,
            service_tier: None,
            turns_reasoning_down: false,
            user: self.about.user.as_deref(),
        };
        encode(&self.request, &target)
    }

    fn expected(&self, file: &str) -> Value {
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_else(|_| panic!("{}: no {file}", self.name));
        serde_json::from_str(&text).unwrap()
    }
}

fn notes_of(outgoing: &Outgoing) -> Vec<String> {
    let word = |change| match change {
        Change::Dropped => "dropped",
        Change::Translated => "translated",
        Change::Clamped => "clamped",
        Change::Added => "added",
    };
    outgoing.notes.iter().map(|note| format!("{} {}", note.field, word(note.change))).collect()
}

#[test]
fn every_family_is_sent_what_the_golden_says() {
    for case in cases() {
        let mut notes = BTreeMap::new();
        for (name, family, id) in FAMILIES {
            let result = case.encode(name, family, id);
            if case.about.refused.iter().any(|refused| refused == name) {
                assert!(result.is_err(), "{}: {name} must refuse", case.name);
                continue;
            }
            let outgoing = result.unwrap_or_else(|error| panic!("{}: {name}: {error}", case.name));
            let body: Value =
                serde_json::from_slice(&outgoing.body).unwrap_or_else(|error| panic!("{}: {name}: {error}", case.name));
            assert_eq!(body, case.expected(&format!("{name}.json")), "{}: {name}", case.name);
            notes.insert(name, notes_of(&outgoing));
        }
        assert_eq!(serde_json::to_value(&notes).unwrap(), case.expected("notes.json"), "{}: notes", case.name);
    }
}

#[test]
fn openai_receives_the_bytes_of_messages_and_tools_that_the_caller_wrote() {
    let mut compared = 0;
    for case in cases() {
        let outgoing = case.encode("openai", Family::OpenAi, "gpt-5.4").unwrap();
        let translated = outgoing.notes.iter().any(|note| note.field.starts_with("messages"));
        let sent = parse(outgoing.body.clone(), &Limits::default()).unwrap();
        for field in ["messages", "tools"] {
            let is_touched = !outgoing.names.is_empty()
                || translated
                || outgoing.notes.iter().any(|note| note.field.starts_with("tools"))
                || !case.about.openai.quirks.is_empty() && case.chat.contains("cache_control");
            if !is_touched {
                assert_eq!(sent.field(field), case.request.field(field), "{}: {field}", case.name);
                compared += usize::from(sent.field(field).is_some());
            }
        }
    }
    assert!(compared > 40, "only {compared} compared");
}

#[test]
fn enough_cases_come_from_public_documentation() {
    let cases = cases();
    let is_public = |case: &&Case| case.about.source.starts_with("https://") && case.about.date.len() == 10;
    assert!(cases.iter().filter(is_public).count() >= PUBLIC_CASES_MIN);
    assert!(cases.iter().all(|case| !case.about.what.is_empty()));
}
