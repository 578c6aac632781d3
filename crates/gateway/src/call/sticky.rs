//! Sticky routing: a conversation keeps to the endpoint that has its prompt in cache.
//!
//! After a request that used a prompt cache the same endpoint is preferred for account, model and conversation, until ten
//! minutes have passed without a further success. Only where reading from the cache is cheaper, and not when the caller
//! named an order. A conversation with an explicit id sticks from its first success. (Source: the documented sticky
//! routing, 2026-08-22.)

use crate::accept::Ask;
use domain::catalog::Endpoint;
use domain::id::AccountId;
use domain::money::CostKind;
use parking_lot::Mutex;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Locks that the conversations are spread over.
const SHARDS: usize = 32;
/// Messages that are looked at for the beginning of a conversation.
const LOOK_AT: usize = 8;

/// Which endpoint serves which conversation. Bounded; the memory of a conversation is a number, not its text.
#[derive(Debug)]
pub struct Sticky {
    shards: Vec<Mutex<HashMap<u64, Kept>>>,
    keep: Duration,
    shard_max: usize,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    endpoint: u64,
    until: Duration,
}

impl Sticky {
    /// Remembers up to `max` conversations for `keep` after their last success; none when either is zero.
    pub fn new(keep: Duration, max: usize) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), keep, shard_max: max / SHARDS }
    }

    /// What is remembered of the request's conversation; looked up only when it is asked.
    pub fn recall<'a>(&'a self, ask: &'a Ask, account: AccountId, now: Duration) -> Recall<'a> {
        Recall { book: self, ask, account, now, topic: OnceCell::new() }
    }

    /// Whether who served a conversation is worth remembering.
    pub fn is_kept(&self, endpoint: &Endpoint) -> bool {
        self.shard_max > 0 && caches(endpoint)
    }

    /// Remembers who served a conversation well.
    pub fn keep(&self, topic: Topic, account: AccountId, endpoint: &Endpoint, used_cache: bool, now: Duration) {
        if !self.is_kept(endpoint) || (!used_cache && !topic.is_explicit) {
            return;
        }
        let key = topic.key(account, &endpoint.model_id);
        let Some(shard) = self.shard(key) else { return };
        let mut kept = shard.lock();
        if kept.len() >= self.shard_max && !kept.contains_key(&key) {
            kept.retain(|_, kept| now < kept.until);
            if kept.len() >= self.shard_max
                && let Some(oldest) = kept.iter().min_by_key(|(_, kept)| kept.until).map(|(key, _)| *key)
            {
                kept.remove(&oldest);
            }
        }
        kept.insert(key, Kept { endpoint: identity(endpoint), until: now + self.keep });
    }

    fn of(&self, key: u64, now: Duration) -> Option<u64> {
        self.shard(key)?.lock().get(&key).filter(|kept| now < kept.until).map(|kept| kept.endpoint)
    }

    fn shard(&self, key: u64) -> Option<&Mutex<HashMap<u64, Kept>>> {
        self.shards.get(usize::try_from(key % SHARDS as u64).unwrap_or(0))
    }
}

/// Whether reading a prompt from the endpoint's cache is cheaper than sending it anew.
fn caches(endpoint: &Endpoint) -> bool {
    endpoint.price.rate(CostKind::InputCacheRead) < endpoint.price.prompt
}

fn identity(endpoint: &Endpoint) -> u64 {
    hash(&(&endpoint.model_id, &endpoint.tag))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What stands for a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    hash: u64,
    /// The caller named it.
    is_explicit: bool,
}

impl Topic {
    fn key(self, account: AccountId, model: &str) -> u64 {
        hash(&(account, model, self.hash))
    }
}

/// What stands for the request's conversation: its id, else its cache key, else its beginning.
pub fn topic(ask: &Ask) -> Option<Topic> {
    if let Some(session) = &ask.session_id {
        return Some(Topic { hash: hash(&("session", session)), is_explicit: true });
    }
    let hash = match ask.chat.field("prompt_cache_key") {
        Some(key) => hash(&("key", key)),
        None => hash(&("messages", beginning(ask.chat.field("messages")?)?)),
    };
    Some(Topic { hash, is_explicit: false })
}

/// What is remembered of one conversation.
#[derive(Debug)]
pub struct Recall<'a> {
    book: &'a Sticky,
    ask: &'a Ask,
    account: AccountId,
    now: Duration,
    topic: OnceCell<Option<Topic>>,
}

impl Recall<'_> {
    /// Whether the endpoint served this conversation last and may have its prompt in cache.
    pub fn has_served(&self, endpoint: &Endpoint) -> bool {
        if !self.book.is_kept(endpoint) {
            return false;
        }
        let topic = self.topic.get_or_init(|| topic(self.ask));
        let key = topic.map(|topic| topic.key(self.account, &endpoint.model_id));
        key.and_then(|key| self.book.of(key, self.now)) == Some(identity(endpoint))
    }
}

/// The first system or developer message and the first other one, hashed.
fn beginning(messages: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Role<'a> {
        #[serde(borrow)]
        role: std::borrow::Cow<'a, str>,
    }
    let mut first: Vec<&RawValue> = Vec::new();
    // Reading stops with an error on purpose once enough has been seen: the rest of a long conversation is not scanned.
    let _stopped = serde_json::Deserializer::from_str(messages).deserialize_seq(First { out: &mut first });
    let is_system = |message: &&&RawValue| {
        let role = serde_json::from_str::<Role<'_>>(message.get());
        role.is_ok_and(|role| matches!(role.role.as_ref(), "system" | "developer"))
    };
    let system = first.iter().find(is_system).map(|message| message.get());
    let other = first.iter().find(|message| !is_system(message)).map(|message| message.get())?;
    Some(hash(&(system, other)))
}

struct First<'a, 'de> {
    out: &'a mut Vec<&'de RawValue>,
}

impl<'de> Visitor<'de> for First<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(message) = list.next_element()? {
            self.out.push(message);
            if self.out.len() >= LOOK_AT {
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn a_conversation_is_known_by_its_beginning() {
        let turn = |rest: &str| format!(r#"[{{"role":"system","content":"s"}},{{"role":"user","content":"u"}}{rest}]"#);
        let first = beginning(&turn(""));
        assert!(first.is_some());
        assert_eq!(beginning(&turn(r#",{"role":"assistant","content":"a"},{"role":"user","content":"more"}"#)), first);
        assert_eq!(beginning(&turn(&r#",{"role":"user","content":"x"}"#.repeat(50))), first);
        assert_ne!(beginning(r#"[{"role":"system","content":"t"},{"role":"user","content":"u"}]"#), first);
        assert_ne!(beginning(r#"[{"role":"user","content":"u"}]"#), first);
        assert_eq!(beginning(r#"[{"role":"system","content":"s"}]"#), None);
        assert_eq!(beginning("[]"), None);
    }
}
