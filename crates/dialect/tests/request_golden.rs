//! Every folder of `golden/request`: one request in the dialects that can say it, and what each family must be sent for it.
//!
//! `<dialect>.json` is the request, `<family>.json` what the family is sent, `notes.json` what the encoders remark. Where a
//! dialect says a thing in another way, `<dialect>.<family>.json` and `<dialect>.notes.json` take precedence. A dialect that
//! cannot say it has no file, and `[absent]` of `about.toml` tells why. A mismatch leaves what was produced in the test folder
//! of the target directory.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bytes::Bytes;
use dialect::chat::request::{ChatRequest, Limits};
use dialect::inbound::{Dialect, add_betas, parse};
use dialect::upstream::{Change, Outgoing, Target, encode};
use domain::catalog::file::ReasoningText;
use domain::catalog::{Family, Quirks};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FAMILIES: [(&str, Family, &str); 4] = [
    ("openai", Family::OpenAi, "gpt-5.4"),
    ("openai-responses", Family::OpenAiResponses, "gpt-5.4"),
    ("anthropic", Family::Anthropic, "claude-haiku-4-5"),
    ("gemini", Family::Gemini, "gemini-2.5-flash"),
];

/// The dialects in, by the name of their files.
const DIALECTS: [(&str, Dialect); 3] =
    [("chat", Dialect::Chat), ("messages", Dialect::Messages), ("responses", Dialect::Responses)];

/// Cases that every dialect says, and so many of each dialect.
const CASES_MIN: usize = 40;
/// Cases that must come from the providers' public documentation.
const PUBLIC_CASES_MIN: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    what: String,
    source: String,
    date: String,
    /// Families that cannot be sent it, or `dialect.family`.
    #[serde(default)]
    refused: Vec<String>,
    /// A caller of Messages cannot be quoted to a provider of the same format.
    #[serde(default)]
    translated: bool,
    /// The caller's `anthropic-beta` header.
    betas: Option<String>,
    #[serde(default)]
    stream: bool,
    user: Option<String>,
    max_completion_tokens: Option<u64>,
    output_limit: Option<u64>,
    #[serde(default)]
    supported: Vec<String>,
    /// Why a dialect cannot say it, by dialect.
    #[serde(default)]
    absent: BTreeMap<String, String>,
    #[serde(default)]
    openai: Settings,
    #[serde(default, rename = "openai-responses")]
    openai_responses: Settings,
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
    /// The dialect in.
    dialect: &'static str,
    about: About,
    text: String,
    request: ChatRequest,
    folder: PathBuf,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/request");
    let mut folders: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
        .into_iter()
        .flat_map(|folder| DIALECTS.iter().filter_map(move |dialect| read_case(&folder, *dialect)))
        .collect()
}

fn read_case(folder: &Path, (dialect, kind): (&'static str, Dialect)) -> Option<Case> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let about: About = toml::from_str(&fs::read_to_string(folder.join("about.toml")).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = fs::read_to_string(folder.join(format!("{dialect}.json"))).ok()?;
    let parsed = parse(kind, Bytes::from(text.clone()), &Limits::default());
    let mut request = parsed.unwrap_or_else(|error| panic!("{name}: {dialect}: {error}"));
    add_betas(&mut request, about.betas.as_deref().unwrap_or_default());
    Some(Case { name, dialect, about, text, request, folder: folder.to_owned() })
}

impl Case {
    fn settings(&self, family: &str) -> &Settings {
        match family {
            "openai" => &self.about.openai,
            "openai-responses" => &self.about.openai_responses,
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

    fn is_refused(&self, family: &str) -> bool {
        let own = format!("{}.{family}", self.dialect);
        self.about.refused.iter().any(|refused| refused == family || *refused == own)
    }

    /// Whether `found` is what the case's file says; the dialect's own file counts before the common one.
    fn is_expected(&self, file: &str, found: &Value) -> bool {
        let own = self.folder.join(format!("{}.{file}", self.dialect));
        let text = fs::read_to_string(own).or_else(|_| fs::read_to_string(self.folder.join(file)));
        let is_same = text.is_ok_and(|text| serde_json::from_str::<Value>(&text).unwrap() == *found);
        if !is_same {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden-request").join(&self.name);
            fs::create_dir_all(&folder).unwrap();
            let text = serde_json::to_string_pretty(found).unwrap() + "\n";
            fs::write(folder.join(format!("{}.{file}", self.dialect)), text).unwrap();
        }
        is_same
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
    let mut different = Vec::new();
    for case in cases() {
        let mut notes = BTreeMap::new();
        let mut check = |file: &str, found: &Value| {
            if !case.is_expected(file, found) {
                different.push(format!("{}: {}.{file}", case.name, case.dialect));
            }
        };
        for (name, family, id) in FAMILIES {
            let result = case.encode(name, family, id);
            if case.is_refused(name) {
                assert!(result.is_err(), "{}: {name} must refuse", case.name);
                continue;
            }
            let outgoing = result.unwrap_or_else(|error| panic!("{}: {name}: {error}", case.name));
            let body: Value =
                serde_json::from_slice(&outgoing.body).unwrap_or_else(|error| panic!("{}: {name}: {error}", case.name));
            check(&format!("{name}.json"), &body);
            notes.insert(name, notes_of(&outgoing));
        }
        check("notes.json", &serde_json::to_value(&notes).unwrap());
    }
    assert!(different.is_empty(), "these differ from golden/request: {different:#?}");
}

#[test]
fn openai_receives_the_bytes_of_messages_and_tools_that_the_caller_wrote() {
    let mut compared = 0;
    for case in cases().into_iter().filter(|case| case.dialect == "chat") {
        let outgoing = case.encode("openai", Family::OpenAi, "gpt-5.4").unwrap();
        let translated = outgoing.notes.iter().any(|note| note.field.starts_with("messages"));
        let sent = parse(Dialect::Chat, outgoing.body.clone(), &Limits::default()).unwrap();
        for field in ["messages", "tools"] {
            let is_touched = !outgoing.names.is_empty()
                || translated
                || outgoing.notes.iter().any(|note| note.field.starts_with("tools"))
                || !case.about.openai.quirks.is_empty() && case.text.contains("cache_control");
            if !is_touched {
                assert_eq!(sent.field(field), case.request.field(field), "{}: {field}", case.name);
                compared += usize::from(sent.field(field).is_some());
            }
        }
    }
    assert!(compared > 40, "only {compared} compared");
}

/// The raw text of a top-level field.
fn raw_field(body: &str, name: &str) -> Option<String> {
    let fields: std::collections::HashMap<String, &serde_json::value::RawValue> = serde_json::from_str(body).unwrap();
    fields.get(name).map(|raw| raw.get().to_owned())
}

#[test]
fn anthropic_receives_the_bytes_of_messages_system_and_tools_that_a_caller_of_messages_wrote() {
    let mut compared = 0;
    for case in cases().into_iter().filter(|case| case.dialect == "messages" && !case.is_refused("anthropic")) {
        // Where the provider would refuse what the caller wrote, the folder has a file of its own for it.
        if case.about.translated {
            continue;
        }
        let outgoing = case.encode("anthropic", Family::Anthropic, "claude-haiku-4-5").unwrap();
        let sent = std::str::from_utf8(&outgoing.body).unwrap();
        for field in ["messages", "system", "tools", "tool_choice"] {
            assert_eq!(raw_field(sent, field), raw_field(&case.text, field), "{}: {field}", case.name);
            compared += usize::from(raw_field(sent, field).is_some());
        }
    }
    assert!(compared > 60, "only {compared} compared");
}

#[test]
fn enough_cases_come_from_public_documentation() {
    let cases = cases();
    let is_public = |case: &&Case| case.about.source.starts_with("https://") && case.about.date.len() == 10;
    for (dialect, _) in DIALECTS {
        let own = || cases.iter().filter(|case| case.dialect == dialect);
        assert!(own().count() >= CASES_MIN, "{dialect}");
        assert!(own().filter(is_public).count() >= PUBLIC_CASES_MIN, "{dialect}");
    }
    assert!(cases.iter().all(|case| !case.about.what.is_empty()));
}

#[test]
fn enough_cases_are_said_in_every_dialect_and_the_others_tell_why_not() {
    let mut dialects = BTreeMap::<String, Vec<&str>>::new();
    let mut cells = 0;
    for case in cases() {
        assert!(!case.about.absent.contains_key(case.dialect), "{}: {} is there", case.name, case.dialect);
        for (dialect, _) in DIALECTS {
            let is_there = case.folder.join(format!("{dialect}.json")).exists();
            let reason = case.about.absent.get(dialect);
            assert!(is_there || reason.is_some_and(|reason| reason.len() > 10), "{}: why not {dialect}?", case.name);
        }
        for (family, ..) in FAMILIES {
            let own = case.folder.join(format!("{}.{family}.json", case.dialect));
            let common = case.folder.join(format!("{family}.json"));
            let is_told = case.is_refused(family) || own.exists() || common.exists();
            assert!(is_told, "{}: {} to {family} has no expectation", case.name, case.dialect);
            cells += 1;
        }
        dialects.entry(case.name).or_default().push(case.dialect);
    }
    let full = dialects.values().filter(|said| said.len() == DIALECTS.len()).count();
    assert!(full >= CASES_MIN, "only {full} cases are said in every dialect");
    assert!(cells >= CASES_MIN * DIALECTS.len() * FAMILIES.len(), "only {cells} cells");
}
