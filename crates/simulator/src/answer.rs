//! What is answered: text, reasoning, calls and counts, before a family puts them into its own words.

use serde_json::{Value, json};

use crate::ask::{Ask, Choice, Kind, Tool};
use crate::options::TOKENS_MAX;
use crate::scenario::{Call, Counts, Scenario};
use crate::{schema, tokens};

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Model to report.
    pub model: String,
    /// Reasoning, when shown.
    pub reasoning: Option<String>,
    /// Whether it comes with a seal (families where one must ask).
    pub sealed: bool,
    /// Text; empty when there are only calls.
    pub text: String,
    /// Whether the text is a refusal.
    pub refused: bool,
    /// Tool calls.
    pub calls: Vec<Made>,
    /// Why the answer ends.
    pub finish: Finish,
    /// Number of equal answers.
    pub choices: u64,
    /// What is reported as used, before faults.
    pub counts: Counts,
    /// Service tier that served, the ordinary one as `default`.
    pub tier: String,
}

/// A tool call made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// Part of the identifier that is unique within the answer.
    pub ordinal: usize,
    /// Tool.
    pub name: String,
    /// Arguments.
    pub arguments: Value,
    /// How the tool is called.
    pub kind: Kind,
}

/// Why an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It is complete.
    Stop,
    /// It is as long as allowed.
    Length,
    /// Tools are to be called.
    Calls,
    /// The content filter stepped in.
    Filtered,
    /// The model refused.
    Refused,
    /// A stop sequence was reached.
    Sequence(String),
}

/// Most tool calls in one answer.
const CALLS_MAX: usize = 128;

/// Works out the answer of `scenario` to `ask`; equal seeds give equal answers.
pub(crate) fn answer(ask: &Ask, scenario: &Scenario, seed: u64) -> Answer {
    let wanted = &scenario.answer;
    let calls = calls(ask, scenario);
    let mut finish = if calls.is_empty() { Finish::Stop } else { Finish::Calls };
    let mut text = match (&wanted.refusal, calls.is_empty()) {
        (Some(refusal), _) => refusal.clone(),
        (None, true) => text(ask, scenario, seed),
        (None, false) => wanted.text.clone().unwrap_or_default(),
    };
    if let Some((at, stop)) = first_stop(&text, &ask.stops) {
        text.truncate(at);
        finish = Finish::Sequence(stop);
    }
    let reasoning = reasoning(ask, scenario, seed);
    let reasoned = reasoning.as_deref().map_or(0, tokens::count);
    if let Some(limit) = ask.tokens_max {
        let (kept, cut) = tokens::truncate(&text, limit.saturating_sub(reasoned).max(1));
        if cut {
            text = kept.to_owned();
            finish = Finish::Length;
        }
    }
    if wanted.refusal.is_some() {
        finish = Finish::Refused;
    } else if wanted.filtered {
        finish = Finish::Filtered;
    }
    let counts = counts(ask, scenario, &text, &calls, reasoned);
    Answer {
        model: wanted.model.clone().unwrap_or_else(|| ask.model.clone()),
        reasoning,
        sealed: ask.sealed,
        text,
        refused: wanted.refusal.is_some(),
        calls,
        finish,
        choices: choices(ask, scenario),
        counts,
        tier: tier(ask, scenario),
    }
}

/// The tier that was asked for, unless the scenario names another.
fn tier(ask: &Ask, scenario: &Scenario) -> String {
    let asked = ask.service_tier.as_deref().filter(|tier| !matches!(*tier, "auto" | "standard_only" | "standard"));
    scenario.answer.service_tier.as_deref().or(asked).unwrap_or("default").to_owned()
}

/// Tokens of the prompt of `ask` under `scenario`.
pub(crate) fn prompt_tokens(ask: &Ask, scenario: &Scenario) -> u64 {
    let usage = &scenario.usage;
    let classes = usage.cached + usage.cache_write + usage.cache_write_1h + usage.audio;
    let counted = tokens::count_bytes(ask.prompt_bytes) + ask.images * tokens::IMAGE_TOKENS;
    usage.prompt.unwrap_or_else(|| counted.max(classes + usage.image.unwrap_or(0)))
}

fn counts(ask: &Ask, scenario: &Scenario, text: &str, calls: &[Made], reasoned: u64) -> Counts {
    let usage = &scenario.usage;
    let called: u64 =
        calls.iter().map(|call| tokens::count(&call.name) + tokens::count(&call.arguments.to_string())).sum();
    let said = if text.is_empty() { 0 } else { tokens::count(text) };
    let reasoning = usage.reasoning.unwrap_or(reasoned);
    let counted = (said + called) * choices(ask, scenario) + reasoning;
    Counts {
        prompt: prompt_tokens(ask, scenario),
        completion: usage.completion.unwrap_or(counted),
        cached: usage.cached,
        cache_write: usage.cache_write,
        cache_write_1h: usage.cache_write_1h,
        reasoning,
        audio: usage.audio,
        image: usage.image.unwrap_or(ask.images * tokens::IMAGE_TOKENS),
        audio_output: usage.audio_output,
        image_output: usage.image_output,
        web_searches: usage.web_searches,
    }
}

fn text(ask: &Ask, scenario: &Scenario, seed: u64) -> String {
    let wanted = &scenario.answer;
    let said = match (&wanted.text, wanted.tokens) {
        (Some(text), _) => return text.clone(),
        (None, Some(length)) => return generated(length.min(TOKENS_MAX), ask.tag.as_deref(), seed),
        (None, None) if ask.schema.is_some() => {
            return ask.schema.as_ref().map(schema::instance).unwrap_or_default().to_string();
        }
        (None, None) if ask.json => return json!({"answer": heard(ask)}).to_string(),
        (None, None) => match &ask.tool_result {
            Some(result) => format!("The tool said: {result}"),
            None => format!("You said: {}", heard(ask)),
        },
    };
    let images = match ask.images {
        0 => String::new(),
        1 => " (with 1 image)".to_owned(),
        many => format!(" (with {many} images)"),
    };
    match &ask.tag {
        Some(tag) => format!("TAG:{tag} {said}{images}"),
        None => format!("{said}{images}"),
    }
}

fn choices(ask: &Ask, scenario: &Scenario) -> u64 {
    scenario.answer.choices.unwrap_or(ask.choices).clamp(1, 128)
}

/// A text of exactly `length` tokens that begins with the tag when the tag fits.
fn generated(length: u64, tag: Option<&str>, seed: u64) -> String {
    let Some(tag) = tag else { return tokens::words(length, seed) };
    let mark = format!("TAG:{tag} ");
    let mark = format!("{mark:<width$}", width = mark.len().next_multiple_of(4));
    match length.checked_sub(tokens::count(&mark)) {
        Some(rest) => mark + &tokens::words(rest, seed),
        None => tokens::words(length, seed),
    }
}

/// The last user text without the lines and words that steer the simulator.
fn heard(ask: &Ask) -> String {
    let lines = ask.user_text.lines().filter(|line| !line.trim().starts_with("SIM:"));
    let text = lines.collect::<Vec<_>>().join("\n");
    match &ask.tag {
        Some(tag) => text.replace(&format!("TAG:{tag} "), "").replace(&format!("TAG:{tag}"), "").trim().to_owned(),
        None => text,
    }
}

fn reasoning(ask: &Ask, scenario: &Scenario, seed: u64) -> Option<String> {
    let wanted = &scenario.answer;
    match (&wanted.reasoning, wanted.reasoning_tokens) {
        (Some(text), _) => Some(text.clone()).filter(|text| !text.is_empty()),
        (None, Some(0)) => None,
        (None, Some(length)) => Some(tokens::words(length.min(TOKENS_MAX), seed.rotate_left(7))),
        (None, None) => ask.reasoning.then(|| "The user wants to hear it again.".to_owned()),
    }
}

fn calls(ask: &Ask, scenario: &Scenario) -> Vec<Made> {
    let mut wanted = scenario.answer.calls.clone();
    if wanted.is_empty() && !ask.tools.is_empty() && ask.choice != Choice::Never {
        wanted = asked(ask);
    }
    let repeat = usize::try_from(scenario.answer.parallel.unwrap_or(1)).unwrap_or(1);
    wanted
        .iter()
        .flat_map(|call| std::iter::repeat_n(call, repeat))
        .take(CALLS_MAX)
        .enumerate()
        .map(|(ordinal, call)| Made {
            ordinal,
            name: call.name.clone(),
            arguments: call.arguments.clone().unwrap_or_else(|| arguments(ask, &call.name)),
            kind: tool(ask, &call.name).map(|tool| tool.kind.clone()).unwrap_or_default(),
        })
        .collect()
}

/// The calls a request asks for: by tool choice, or by `CALL:<tool>` in the last user message.
fn asked(ask: &Ask) -> Vec<Call> {
    let plain = |name: &str| Call { name: name.to_owned(), arguments: None };
    if ask.tool_result.is_none() {
        let mut named: Vec<Call> =
            ask.user_text.split("CALL:").skip(1).filter_map(|rest| named(rest, &ask.tools)).collect();
        if !ask.parallel {
            named.truncate(1);
        }
        if !named.is_empty() {
            return named;
        }
    }
    match (&ask.choice, ask.tools.first()) {
        (Choice::Named(name), _) => vec![plain(name)],
        (Choice::Always, Some(first)) => vec![plain(&first.name)],
        _ => Vec::new(),
    }
}

/// The call at the start of `rest`: a known tool's name, then perhaps its arguments as JSON.
fn named(rest: &str, tools: &[Tool]) -> Option<Call> {
    let tool = tools.iter().filter(|tool| rest.starts_with(&tool.name)).max_by_key(|tool| tool.name.len())?;
    let after = rest.get(tool.name.len()..).unwrap_or_default();
    let mut json = serde_json::Deserializer::from_str(after).into_iter::<Value>();
    let arguments = match json.next() {
        Some(Ok(value)) if value.is_object() => Some(value),
        _ => None,
    };
    Some(Call { name: tool.name.clone(), arguments })
}

fn tool<'a>(ask: &'a Ask, name: &str) -> Option<&'a Tool> {
    ask.tools.iter().find(|tool| tool.name == name)
}

fn arguments(ask: &Ask, name: &str) -> Value {
    match tool(ask, name).map(|tool| schema::instance(&tool.schema)) {
        Some(arguments) if arguments.is_object() => arguments,
        _ => json!({}),
    }
}

fn first_stop(text: &str, stops: &[String]) -> Option<(usize, String)> {
    stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| text.find(stop.as_str()).map(|at| (at, stop.clone())))
        .min_by_key(|(at, _)| *at)
}
