//! Prepare: content work before the call.
//!
//! What some attempt cannot take as it is, is fetched through the guarded connector and read in a process that may fail, once
//! for the whole request. How each attempt then sees the request is a pure rewrite. Attempts whose content cannot be had leave
//! the plan; when none is left, the caller is told why.

mod image;
mod material;
mod needs;
pub mod reader;
mod rewrite;
mod trouble;

pub use rewrite::compressed_up_to;

use crate::accept::Ask;
use crate::admit::Admission;
use crate::plan::PlannedAttempt;
use crate::reply::Refusal;
use crate::state::Gateway;
use dialect::chat::request::{ChatRequest, InvalidRequest, Plugins};
use domain::error_kind::ErrorKind;
use domain::generation::Exclusion;
use domain::money::Amount;
use material::Material;
use needs::{Need, need, source};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::borrow::Cow;
use trouble::Trouble;

/// A request that is ready to be called.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub ask: Box<Ask>,
    /// Its admission.
    pub admission: Admission,
    /// What was gathered for it.
    pub readied: Readied,
}

/// What content work left behind for the attempts and for the answer.
#[derive(Debug)]
pub struct Readied {
    plugins: Plugins,
    material: Material,
    /// What compression did for the attempt that was written last.
    compression: Mutex<Option<Value>>,
}

/// Prepares a request.
///
/// # Errors
/// [`Refusal`] when no attempt is left that can take the request's content, or its documents cost more than there is.
pub async fn prepare(gateway: &Gateway, ask: Box<Ask>, admission: Admission) -> Result<Prepared, Refusal> {
    let mut admission = admission;
    let plugins = ask.chat.plugins();
    let wanted = needs::gather(&ask.chat, &admission.plan.attempts, plugins.files);
    let mut readied = Readied { plugins, material: Material::default(), compression: Mutex::default() };
    if wanted.is_empty() {
        return Ok(Prepared { ask, admission, readied });
    }
    // Rare and large: every request would carry the room for it.
    readied.material = Box::pin(Material::gather(gateway, &wanted, &ask.chat.file_texts())).await;
    narrow(&readied, &ask.chat, &mut admission)?;
    cover(gateway, &readied, &ask.chat, &mut admission)?;
    Ok(Prepared { ask, admission, readied })
}

/// Takes attempts out of the plan whose content could not be had.
fn narrow(readied: &Readied, chat: &ChatRequest, admission: &mut Admission) -> Result<(), Refusal> {
    let mut first = None;
    let mut kept = Vec::with_capacity(admission.plan.attempts.len());
    for attempt in std::mem::take(&mut admission.plan.attempts) {
        match readied.trouble(chat, &attempt) {
            None => kept.push(attempt),
            Some(trouble) => {
                first.get_or_insert(trouble);
                admission.plan.excluded.push(Exclusion {
                    model: attempt.candidate.model.id.clone(),
                    endpoint_tag: attempt.candidate.endpoint.tag.clone(),
                    reason: "a file or image of the request cannot be used".to_owned(),
                    policy: None,
                });
            }
        }
    }
    admission.plan.attempts = kept;
    match first {
        Some(trouble) if admission.plan.attempts.is_empty() => Err(Refusal::new(trouble.kind, trouble.message)),
        _ => Ok(()),
    }
}

/// Grows the hold by what the texts of documents may cost on the dearest attempt.
fn cover(gateway: &Gateway, readied: &Readied, chat: &ChatRequest, admission: &mut Admission) -> Result<(), Refusal> {
    let mut most = (Amount::ZERO, 0);
    for attempt in &mut admission.plan.attempts {
        let tokens = crate::plan::text_tokens(rewrite::added_bytes(readied, chat, attempt));
        let before = attempt.quote.hold();
        attempt.quote = attempt.quote.with_more_prompt(&attempt.candidate.endpoint, tokens);
        let more = attempt.quote.hold().saturating_sub(before);
        most = (most.0.max(more), most.1.max(tokens));
    }
    admission.plan.prompt_tokens = admission.plan.prompt_tokens.saturating_add(most.1);
    if most.0.is_zero() {
        return Ok(());
    }
    admission.hold.extend(most.0).map_err(|_refused| {
        let link = format!("{}/credits", gateway.settings.console_url);
        Refusal::new(
            ErrorKind::PaymentRequired,
            format!("This request requires more credits for the text of its files. To increase, visit {link}"),
        )
        .meta("limit_source", "openrouter_credits")
    })
}

impl Readied {
    /// The request as `attempt` needs it.
    ///
    /// # Errors
    /// When the changed request breaks a limit that the caller's kept.
    pub fn request_for<'a>(
        &self,
        chat: &'a ChatRequest,
        attempt: &PlannedAttempt,
    ) -> Result<Cow<'a, ChatRequest>, InvalidRequest> {
        rewrite::request_for(self, chat, attempt)
    }

    /// Whether broken JSON in the answer is to be repaired.
    pub const fn heals(&self) -> bool {
        self.plugins.heals
    }

    /// The texts of documents as annotations, for the caller to send back.
    pub fn annotations(&self) -> Vec<Value> {
        let annotation = |file: &dialect::chat::request::FileText| {
            let mut inner = json!({"hash": file.hash, "content": [{"type": "text", "text": file.text}]});
            if let (Some(name), Some(inner)) = (&file.name, inner.as_object_mut()) {
                inner.insert("name".to_owned(), Value::from(name.as_str()));
            }
            json!({"type": "file", "file": inner})
        };
        self.material.documents().map(annotation).collect()
    }

    /// What was done to the request of the attempt that was written last, as entries of the pipeline.
    pub fn pipeline(&self) -> Vec<Value> {
        let documents = self.material.documents().count();
        let parsed = (documents > 0).then(|| {
            json!({
                "type": "plugin",
                "name": "file-parser",
                "summary": format!("{documents} files read as text"),
                "data": {"engine": "pdf-text", "files": documents},
            })
        });
        parsed.into_iter().chain(self.compression.lock().clone()).collect()
    }

    fn note_compression(&self, stage: Option<Value>) {
        *self.compression.lock() = stage;
    }

    /// Why `attempt` cannot take the request, if it cannot.
    fn trouble(&self, chat: &ChatRequest, attempt: &PlannedAttempt) -> Option<Trouble> {
        let messages = chat.messages();
        let sources = messages.iter().flat_map(|message| message.content.parts()).filter_map(source);
        sources.into_iter().find_map(|source| {
            let key = needs::key(source.text);
            match need(&source, attempt, self.plugins.files) {
                Need::Nothing => None,
                Need::Content => self.material.content(&key)?.as_ref().err().copied(),
                Need::Text => self.material.text(&key)?.as_ref().err().copied(),
            }
        })
    }
}
