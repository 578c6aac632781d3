//! Usage: from each provider's way of counting to the normal form of disjoint classes.
//!
//! Rules that all share: a missing count is none, a zero stays zero, and a count that is negative, fractional, text,
//! absurd or in contradiction with its siblings is clamped and marks the whole usage as suspect.

use super::wire::Count;
use domain::usage::{Usage, UsageSource};
use serde::Deserialize;

/// Adds up the oddities of one report.
#[derive(Default)]
struct Reader {
    suspect: bool,
}

impl Reader {
    fn count(&mut self, count: Option<Count>) -> u64 {
        match count {
            None => 0,
            Some(Count::Plain(number)) => number,
            Some(Count::Odd(number)) => {
                self.suspect = true;
                number
            }
        }
    }

    /// Takes up to `part` out of `whole`; more than there is makes the report suspect.
    fn take(&mut self, whole: &mut u64, part: u64) -> u64 {
        if part > *whole {
            self.suspect = true;
        }
        let taken = part.min(*whole);
        *whole -= taken;
        taken
    }

    fn expect(&mut self, holds: bool) {
        self.suspect |= !holds;
    }
}

/// `usage` of chat completions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OpenAiUsage {
    prompt_tokens: Option<Count>,
    completion_tokens: Option<Count>,
    total_tokens: Option<Count>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's name for cached prompt tokens; they lie inside `prompt_tokens`.
    prompt_cache_hit_tokens: Option<Count>,
    /// Moonshot's and some others' name for the same.
    cached_tokens: Option<Count>,
    /// Perplexity.
    num_search_queries: Option<Count>,
    /// Perplexity and a few others put reasoning beside the details object.
    reasoning_tokens: Option<Count>,
    server_tool_use: Option<ServerToolUse>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
    audio_tokens: Option<Count>,
    image_tokens: Option<Count>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<Count>,
    audio_tokens: Option<Count>,
    image_tokens: Option<Count>,
    accepted_prediction_tokens: Option<Count>,
    rejected_prediction_tokens: Option<Count>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServerToolUse {
    web_search_requests: Option<Count>,
}

impl OpenAiUsage {
    /// The normal form; `None` when neither side was counted.
    pub(super) fn normal(&self) -> Option<Usage> {
        if self.prompt_tokens.is_none() && self.completion_tokens.is_none() {
            return None;
        }
        let mut reader = Reader::default();
        let mut usage = Usage { source: UsageSource::Reported, ..Usage::default() };
        let prompt = reader.count(self.prompt_tokens);
        let completion = reader.count(self.completion_tokens);
        self.read_prompt(&mut reader, &mut usage, prompt);
        self.read_completion(&mut reader, &mut usage, prompt, completion);
        let searches =
            self.num_search_queries.or(self.server_tool_use.as_ref().and_then(|used| used.web_search_requests));
        usage.web_searches = reader.count(searches);
        usage.suspect = reader.suspect;
        Some(usage)
    }

    fn read_prompt(&self, reader: &mut Reader, usage: &mut Usage, prompt: u64) {
        let none = PromptDetails::default();
        let details = self.prompt_tokens_details.as_ref().unwrap_or(&none);
        let cached = details.cached_tokens.or(self.prompt_cache_hit_tokens).or(self.cached_tokens);
        let mut rest = prompt;
        let cached = reader.count(cached);
        usage.input_cache_read = reader.take(&mut rest, cached);
        let written = reader.count(details.cache_write_tokens);
        usage.input_cache_write = reader.take(&mut rest, written);
        // Cached tokens may be audio or images as well, so a larger detail than what is left is no contradiction.
        let audio = reader.count(details.audio_tokens);
        reader.expect(audio <= prompt);
        usage.input_audio = audio.min(rest);
        rest -= usage.input_audio;
        let image = reader.count(details.image_tokens);
        reader.expect(image <= prompt);
        usage.input_image = image.min(rest);
        usage.input_fresh = rest - usage.input_image;
    }

    fn read_completion(&self, reader: &mut Reader, usage: &mut Usage, prompt: u64, completion: u64) {
        let none = CompletionDetails::default();
        let details = self.completion_tokens_details.as_ref().unwrap_or(&none);
        let reasoning = reader.count(details.reasoning_tokens.or(self.reasoning_tokens));
        let mut rest = completion;
        let both = prompt.saturating_add(completion);
        let total = self.total_tokens.map_or(both, |total| reader.count(Some(total)));
        // xAI counts reasoning beside the completion: only its total tells (docs.x.ai, read 2026-11).
        if reasoning > 0 && total == both.saturating_add(reasoning) {
            usage.output_reasoning = reasoning;
        } else {
            reader.expect(total == both);
            usage.output_reasoning = reader.take(&mut rest, reasoning);
        }
        let audio = reader.count(details.audio_tokens);
        usage.output_audio = reader.take(&mut rest, audio);
        let image = reader.count(details.image_tokens);
        usage.output_image = reader.take(&mut rest, image);
        usage.output_text = rest;
        usage.accepted_prediction = reader.count(details.accepted_prediction_tokens).min(completion);
        usage.rejected_prediction = reader.count(details.rejected_prediction_tokens).min(completion);
    }
}

/// `usage` of Responses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponsesUsage {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    total_tokens: Option<Count>,
    input_tokens_details: Option<PromptDetails>,
    output_tokens_details: Option<CompletionDetails>,
}

impl ResponsesUsage {
    /// The normal form; `None` when neither side was counted. Searches are counted by their items.
    pub(super) fn normal(self, web_searches: u64) -> Option<Usage> {
        let same = OpenAiUsage {
            prompt_tokens: self.input_tokens,
            completion_tokens: self.output_tokens,
            total_tokens: self.total_tokens,
            prompt_tokens_details: self.input_tokens_details,
            completion_tokens_details: self.output_tokens_details,
            ..OpenAiUsage::default()
        };
        same.normal().map(|usage| Usage { web_searches, ..usage })
    }
}

/// `usage` of Anthropic Messages. On streams it arrives in two events whose counts are cumulative: each field of the
/// later one replaces that of the earlier one and nothing is ever added.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct AnthropicUsage {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    output_tokens_details: Option<OutputDetails>,
    server_tool_use: Option<AnthropicServerTools>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<Count>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct AnthropicServerTools {
    web_search_requests: Option<Count>,
}

impl AnthropicUsage {
    /// Replaces every field that `later` carries.
    pub(super) fn replace(&mut self, later: &Self) {
        self.input_tokens = later.input_tokens.or(self.input_tokens);
        self.output_tokens = later.output_tokens.or(self.output_tokens);
        self.cache_read_input_tokens = later.cache_read_input_tokens.or(self.cache_read_input_tokens);
        self.cache_creation_input_tokens = later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
        self.cache_creation = later.cache_creation.or(self.cache_creation);
        self.output_tokens_details = later.output_tokens_details.or(self.output_tokens_details);
        self.server_tool_use = later.server_tool_use.or(self.server_tool_use);
    }

    /// The normal form; `None` when neither side was counted.
    pub(super) fn normal(&self) -> Option<Usage> {
        if self.input_tokens.is_none() && self.output_tokens.is_none() {
            return None;
        }
        let mut reader = Reader::default();
        let mut usage = Usage { source: UsageSource::Reported, ..Usage::default() };
        usage.input_fresh = reader.count(self.input_tokens);
        usage.input_cache_read = reader.count(self.cache_read_input_tokens);
        let split = self.cache_creation.unwrap_or_default();
        let (short, long) =
            (reader.count(split.ephemeral_5m_input_tokens), reader.count(split.ephemeral_1h_input_tokens));
        let mut written = match self.cache_creation_input_tokens {
            Some(total) => reader.count(Some(total)),
            None => short.saturating_add(long),
        };
        usage.input_cache_write_1h = reader.take(&mut written, long);
        // The split is optional; what it does not name has the short lifetime.
        reader.expect(short <= written);
        usage.input_cache_write = written;
        let mut output = reader.count(self.output_tokens);
        let thinking = reader.count(self.output_tokens_details.and_then(|details| details.thinking_tokens));
        usage.output_reasoning = reader.take(&mut output, thinking);
        usage.output_text = output;
        usage.web_searches = reader.count(self.server_tool_use.and_then(|tools| tools.web_search_requests));
        usage.suspect = reader.suspect;
        Some(usage)
    }
}

/// `usageMetadata` of Gemini: the prompt contains what was cached, the candidates exclude the thoughts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct GeminiUsage {
    prompt_token_count: Option<Count>,
    candidates_token_count: Option<Count>,
    thoughts_token_count: Option<Count>,
    cached_content_token_count: Option<Count>,
    tool_use_prompt_token_count: Option<Count>,
    total_token_count: Option<Count>,
    prompt_tokens_details: Option<Vec<ModalityCount>>,
    cache_tokens_details: Option<Vec<ModalityCount>>,
    candidates_tokens_details: Option<Vec<ModalityCount>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ModalityCount {
    modality: Option<String>,
    token_count: Option<Count>,
}

impl GeminiUsage {
    /// The normal form; `None` when neither side was counted.
    pub(super) fn normal(&self, web_searches: u64) -> Option<Usage> {
        if self.prompt_token_count.is_none() && self.candidates_token_count.is_none() {
            return None;
        }
        let mut reader = Reader::default();
        let mut usage = Usage { source: UsageSource::Reported, web_searches, ..Usage::default() };
        let prompt = reader.count(self.prompt_token_count);
        let candidates = reader.count(self.candidates_token_count);
        let tools = reader.count(self.tool_use_prompt_token_count);
        usage.output_reasoning = reader.count(self.thoughts_token_count);
        let mut rest = prompt;
        let cached = reader.count(self.cached_content_token_count);
        usage.input_cache_read = reader.take(&mut rest, cached);
        usage.input_audio = self.fresh_of(&mut reader, "AUDIO").min(rest);
        rest -= usage.input_audio;
        usage.input_image = self.fresh_of(&mut reader, "IMAGE").min(rest);
        rest -= usage.input_image;
        usage.input_fresh = rest.saturating_add(tools);
        let mut rest = candidates;
        let audio = modality(&mut reader, self.candidates_tokens_details.as_ref(), "AUDIO");
        usage.output_audio = reader.take(&mut rest, audio);
        let image = modality(&mut reader, self.candidates_tokens_details.as_ref(), "IMAGE");
        usage.output_image = reader.take(&mut rest, image);
        usage.output_text = rest;
        if let Some(total) = self.total_token_count {
            let total = reader.count(Some(total));
            reader.expect(total == prompt + candidates + tools + usage.output_reasoning);
        }
        usage.suspect = reader.suspect;
        Some(usage)
    }

    /// Prompt tokens of a modality that were not read from the cache.
    fn fresh_of(&self, reader: &mut Reader, name: &str) -> u64 {
        let all = modality(reader, self.prompt_tokens_details.as_ref(), name);
        all.saturating_sub(modality(reader, self.cache_tokens_details.as_ref(), name))
    }
}

fn modality(reader: &mut Reader, counts: Option<&Vec<ModalityCount>>, name: &str) -> u64 {
    let matching = counts.into_iter().flatten().filter(|count| count.modality.as_deref() == Some(name));
    matching.map(|count| reader.count(count.token_count)).sum()
}

/// Marks a usage that fell below what the same stream had reported before.
pub(super) fn after(previous: Option<&Usage>, mut usage: Usage) -> Usage {
    if let Some(previous) = previous {
        let has_fallen = usage.prompt_tokens() < previous.prompt_tokens()
            || usage.completion_tokens() < previous.completion_tokens();
        usage.suspect |= has_fallen;
    }
    usage
}
