//! What is fuzzed, in five groups, and which properties must hold beside not panicking.

use anyhow::ensure;
use dialect::canonical::reply::{Collector, Delta};
use dialect::chat::reply::{Bill, Envelope};
use dialect::chat::request::{ChatRequest, Limits};
use dialect::compress::{self, Room};
use dialect::decode::{self, StreamDecoder, StreamError};
use dialect::heal::heal;
use dialect::inbound::{self, Dialect, Encoder};
use dialect::outgoing::Outgoing;
use dialect::upstream::{self, Target as Endpoint};
use domain::address::{Network, WebAddress};
use domain::catalog::{Family, Quirks, Slug};
use domain::id::GenerationId;
use domain::key::{KeyHash, KeyText};
use domain::money::Amount;
use domain::usage::Usage;
use http::{HeaderMap, HeaderValue};
use serde::de::IgnoredAny;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use store::journal::{Journal, JournalOptions};

/// Runs one input; the number tells in which way the target reacted.
pub type Run = fn(&[u8]) -> anyhow::Result<u64>;

/// A group of readers.
pub struct Target {
    /// Name on the command line.
    pub name: &'static str,
    /// Folders of committed inputs, from the root of the repository.
    pub corpora: &'static [&'static str],
    /// Each line of a file is an input.
    pub is_by_line: bool,
    /// Runs one input.
    pub run: Run,
}

/// All groups.
pub const ALL: &[Target] = &[
    Target { name: "requests", corpora: &["crates/dialect/golden/request"], is_by_line: false, run: requests },
    Target { name: "streams", corpora: &["crates/dialect/golden/reply"], is_by_line: false, run: streams },
    Target { name: "conversions", corpora: &["crates/dialect/golden/request"], is_by_line: false, run: conversions },
    Target { name: "journal", corpora: &["crates/xtask/corpus/journal"], is_by_line: false, run: journal },
    Target { name: "names", corpora: &["crates/xtask/corpus/names"], is_by_line: true, run: names },
];

/// Every dialect that callers speak.
const DIALECTS: &[Dialect] = &[Dialect::Chat, Dialect::Messages, Dialect::Responses];
/// Every format that providers speak.
const FAMILIES: &[Family] = &[Family::OpenAi, Family::OpenAiResponses, Family::Anthropic, Family::Gemini];
/// Largest event that the stream decoders take here.
const EVENT_MAX: usize = 16 << 10;

fn digest(value: impl std::fmt::Debug) -> u64 {
    // Numbers in messages would make every input a new reaction.
    let text: String = format!("{value:?}").chars().filter(|character| !character.is_ascii_digit()).take(200).collect();
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn parse(dialect: Dialect, input: &[u8]) -> Result<ChatRequest, dialect::chat::request::InvalidRequest> {
    inbound::parse(dialect, input.to_vec().into(), &Limits::default())
}

/// Request parsers, and the pure work on requests and answers.
fn requests(input: &[u8]) -> anyhow::Result<u64> {
    let mut reaction = 0_u64;
    for dialect in DIALECTS {
        let parsed = parse(*dialect, input);
        reaction = reaction.rotate_left(7) ^ digest(parsed.as_ref().map(ChatRequest::shape));
        let Ok(request) = parsed else { continue };
        let (plugins, texts) = (request.plugins(), request.file_texts());
        reaction ^= digest((plugins, texts.len()));
        let unchanged = request.replace_parts(&|_part, _raw| None)?;
        ensure!(
            unchanged.is_none() || !texts.is_empty() || input.windows(11).any(|w| w == b"annotations"),
            "parts change by themselves"
        );
        let room = Room { tokens: compress::tokens(request.shape()) / 2, messages: 10 };
        if let Some((small, _)) = compress::compress(&request, room)? {
            ensure!(compress::tokens(small.shape()) <= compress::tokens(request.shape()), "compression made it longer");
        }
    }
    if let Some(healed) = std::str::from_utf8(input).ok().and_then(heal) {
        serde_json::from_str::<IgnoredAny>(&healed)?;
        ensure!(heal(&healed).is_none(), "what is healed needs healing");
        reaction ^= 1;
    }
    Ok(reaction)
}

/// Stream decoders: wherever the bytes are cut, the same comes out; and what callers are sent for it is JSON.
fn streams(input: &[u8]) -> anyhow::Result<u64> {
    let mut reaction = 0_u64;
    for family in FAMILIES {
        for decoder in decoders(*family) {
            let whole = decoded(decoder.clone(), input, input.len().max(1));
            for step in [1, 7] {
                let cut = decoded(decoder.clone(), input, step);
                ensure!(cut == whole, "{family:?} reads {step} bytes at a time otherwise: {cut:?} {whole:?}");
            }
            reaction = reaction.rotate_left(7) ^ digest(&whole);
            told(decoder, input)?;
        }
        let plain = decode::reply(*family, &Quirks::default(), input);
        reaction ^= digest(plain.is_ok());
        let _error = decode::error(*family, 500, input);
    }
    Ok(reaction)
}

/// The decoder of a family, and the one that quotes where the family has it.
fn decoders(family: Family) -> Vec<StreamDecoder> {
    let plain = || StreamDecoder::with_event_limit(family, &Quirks::default(), EVENT_MAX);
    if family == Family::Anthropic { vec![plain(), plain().quoted()] } else { vec![plain()] }
}

/// What a decoder makes of the bytes, given so many at a time: the steps so far, the answer, and how it ended.
fn decoded(mut decoder: StreamDecoder, input: &[u8], step: usize) -> (String, String, Result<(), StreamError>) {
    let mut deltas: Vec<Delta> = Vec::new();
    let fed = input.chunks(step).try_for_each(|piece| decoder.push(piece, &mut deltas));
    let ended = fed.and_then(|()| decoder.finish(&mut deltas));
    let steps = format!("{deltas:?}");
    let mut collector = Collector::default();
    deltas.into_iter().for_each(|delta| collector.push(delta));
    (format!("{:?}", collector.finish().choices), steps, ended)
}

/// Writes the answer, as far as it came, for callers of every dialect and reads every event of it.
fn told(mut decoder: StreamDecoder, input: &[u8]) -> anyhow::Result<()> {
    let mut deltas: Vec<Delta> = Vec::new();
    let ended = decoder.push(input, &mut deltas).and_then(|()| decoder.finish(&mut deltas));
    let envelope =
        Envelope { id: "gen-1", created: 1, model: "a/b", provider: "P", hide_reasoning: false, metadata: None };
    let usage = Usage::default();
    let (cost, is_byok, ended_at) = (Amount::ZERO, false, 2);
    let (upstream_cost, prompt_cost, completion_cost) = (cost, cost, cost);
    let bill = Bill { usage: &usage, cost, upstream_cost, prompt_cost, completion_cost, is_byok, ended_at };
    for dialect in DIALECTS {
        let request = parse(*dialect, br#"{"model":"a/b","messages":[{"role":"user","content":"x"}],"input":"x"}"#)?;
        let mut encoder = Encoder::new(*dialect, &request, &envelope);
        let mut out = Outgoing::default();
        deltas.iter().cloned().for_each(|delta| encoder.push(delta, &mut out));
        match &ended {
            Ok(()) => encoder.end(&bill, None, &mut out),
            Err(error) => encoder.error(502, error.upstream().kind, &error.to_string(), None, &mut out),
        }
        for line in String::from_utf8(out.into_vec())?.lines().filter_map(|line| line.strip_prefix("data: ")) {
            let is_read = line == "[DONE]" || serde_json::from_str::<IgnoredAny>(line).is_ok();
            ensure!(is_read, "callers of {dialect:?} are sent {line}");
        }
    }
    Ok(())
}

/// From every dialect to every format: what comes out is JSON, and a plain answer of any format can be written back.
fn conversions(input: &[u8]) -> anyhow::Result<u64> {
    let mut reaction = 0_u64;
    for dialect in DIALECTS {
        let Ok(request) = parse(*dialect, input) else { continue };
        for family in FAMILIES {
            let quirks = Quirks::default();
            let target = Endpoint {
                family: *family,
                upstream_id: "model",
                quirks: &quirks,
                supported_parameters: &[],
                reasoning: None,
                max_completion_tokens: Some(4096),
                output_limit: None,
                stream: request.is_stream(),
                service_tier: None,
                turns_reasoning_down: false,
                user: None,
            };
            match upstream::encode(&request, &target) {
                Ok(outgoing) => {
                    serde_json::from_slice::<IgnoredAny>(&outgoing.body)?;
                    reaction = reaction.rotate_left(5) ^ digest(outgoing.notes);
                }
                Err(error) => reaction = reaction.rotate_left(5) ^ digest(error.kind),
            }
        }
    }
    Ok(reaction)
}

/// A damaged journal is refused or read as far as it is whole, and can be written to afterwards.
fn journal(input: &[u8]) -> anyhow::Result<u64> {
    let folder = tempfile::tempdir()?;
    // A segment is named after what its header says.
    let word = |at: usize| input.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(1, u64::from_le_bytes);
    std::fs::write(folder.path().join(format!("{:020}-{:010}.journal", word(8), word(16))), input)?;
    let options = JournalOptions { flush_interval: None, ..JournalOptions::default() };
    let opened = Journal::open(folder.path(), options);
    let reaction = match &opened {
        Ok((_, recovered)) => digest(recovered.interrupted.len().min(4)).rotate_left(9) ^ recovered.last_seq,
        Err(error) => digest(error.to_string().split(folder.path().to_string_lossy().as_ref()).last()),
    };
    if let Ok((journal, recovered)) = opened {
        drop(journal);
        let (_journal, again) = Journal::open(folder.path(), options)?;
        ensure!(again == recovered, "what is recovered twice differs");
    }
    Ok(reaction)
}

/// Keys, ids, amounts, model ids, addresses and headers.
fn names(input: &[u8]) -> anyhow::Result<u64> {
    let mut reaction = 0_u64;
    if let Ok(value) = HeaderValue::from_bytes(input) {
        for name in ["authorization", "x-api-key"] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.clone());
            reaction = reaction.rotate_left(3) ^ digest(edge::credential::from_headers(&headers).is_ok());
        }
    }
    let Ok(text) = std::str::from_utf8(input) else { return Ok(reaction) };
    if let Some(key) = KeyText::parse(text) {
        ensure!(key.expose() == text, "a key is another key");
    }
    if let Some(hash) = KeyHash::parse(text) {
        ensure!(KeyHash::parse(&hash.to_string()) == Some(hash), "a hash does not come back");
    }
    if let Ok(id) = GenerationId::parse(text) {
        ensure!(GenerationId::parse(&id.to_string()) == Ok(id), "an id does not come back");
    }
    if let Ok(amount) = Amount::parse_usd(text) {
        ensure!(Amount::parse_usd(&amount.to_usd()) == Ok(amount), "an amount does not come back");
    }
    if let Ok(address) = WebAddress::parse(text) {
        let scheme = if address.is_https { "https" } else { "http" };
        let again = WebAddress::parse(&format!("{scheme}://{}{}", address.authority(), address.target));
        ensure!(again.as_ref() == Ok(&address), "an address does not come back: {again:?}");
    }
    if let Ok(network) = text.parse::<Network>() {
        ensure!(network.to_string().parse() == Ok(network), "a range does not come back");
    }
    let read = (
        KeyText::parse(text).is_some(),
        KeyHash::parse(text).is_some(),
        GenerationId::parse(text).is_ok(),
        Amount::parse_usd(text).map(|_| ()),
        Slug::parse(text).map(|_| ()),
        WebAddress::parse(text).map(|_| ()),
        text.parse::<Network>().is_ok(),
    );
    Ok(reaction ^ digest(read))
}
