//! Tool-call fragments: which call a fragment belongs to.
//!
//! Providers leave out, repeat or zero the index, leave out, blank or repeat the id, and repeat the name. This is the
//! one place that knows all of it; its result is dense indices in order of appearance, an id and a name on the first
//! piece of each call, and arguments that are never empty.

use super::stream::StreamError;
use crate::canonical::reply::Delta;
use std::borrow::Cow;

/// The most calls in one choice.
pub(super) const CALLS_MAX: usize = 1_024;

/// One fragment as the provider sent it; blank texts count as missing.
#[derive(Debug, Clone, Default)]
pub(super) struct Fragment<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) arguments: Cow<'a, str>,
}

/// The calls of one choice.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// The call that the last fragment belonged to.
    current: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    index: Option<u64>,
    /// The provider's id; `None` when ours was invented.
    id: Option<String>,
    name: String,
    arguments: Progress,
}

impl Calls {
    /// Whether there is any call.
    pub(super) const fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes a fragment of a streamed call.
    pub(super) fn push(
        &mut self,
        scope: Scope<'_>,
        fragment: Fragment<'_>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        match self.owner(&fragment) {
            Some(at) => self.continue_call(scope, at, fragment, out),
            None => self.begin(scope, fragment, out)?,
        }
        Ok(())
    }

    /// Takes further arguments of a call whose index is certain; without such a call nothing happens.
    pub(super) fn grow(&mut self, scope: Scope<'_>, fragment: Fragment<'_>, out: &mut Vec<Delta>) {
        if let Some(at) = self.calls.iter().rposition(|call| call.index == fragment.index) {
            self.continue_call(scope, at, fragment, out);
        }
    }

    /// Takes a call that is complete in itself.
    pub(super) fn push_whole(
        &mut self,
        scope: Scope<'_>,
        call: Fragment<'_>,
        out: &mut Vec<Delta>,
    ) -> Result<(), StreamError> {
        self.begin(scope, call, out)
    }

    /// Gives every call without arguments the empty object, once.
    pub(super) fn complete(&mut self, choice: u32, out: &mut Vec<Delta>) {
        for (index, call) in (0u32..).zip(&mut self.calls) {
            if call.arguments.is_empty() {
                call.arguments.take("{}");
                out.push(Delta::ToolCall { choice, index, id: None, name: None, arguments: "{}".to_owned() });
            }
        }
    }

    /// The call that a fragment continues; `None` when it begins a new one.
    fn owner(&self, fragment: &Fragment<'_>) -> Option<usize> {
        if let Some(id) = fragment.id
            && let Some(at) = self.calls.iter().position(|call| call.id.as_deref() == Some(id))
        {
            return Some(at);
        }
        let at = match fragment.index {
            Some(index) => self.calls.iter().rposition(|call| call.index == Some(index))?,
            None if self.calls.is_empty() => return None,
            None => self.current,
        };
        let call = self.calls.get(at)?;
        // Some servers invent another id for every fragment, so an unknown id alone begins nothing. A name under an
        // index that is taken begins a second call, unless it repeats the name of the call that is still open.
        let begins_anew = fragment.name.is_some_and(|name| {
            let has_two_ids = fragment.id.is_some() && call.id.is_some();
            let is_over = if has_two_ids { !call.arguments.is_open() } else { call.arguments.is_complete() };
            (name != call.name && !call.name.is_empty()) || is_over
        });
        (!begins_anew).then_some(at)
    }

    fn begin(&mut self, scope: Scope<'_>, fragment: Fragment<'_>, out: &mut Vec<Delta>) -> Result<(), StreamError> {
        let at = self.calls.len();
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        if at >= CALLS_MAX {
            return Err(StreamError::TooManyCalls { limit: CALLS_MAX });
        }
        let mut arguments = Progress::default();
        arguments.take(&fragment.arguments);
        let name = fragment.name.unwrap_or_default().to_owned();
        out.push(Delta::ToolCall {
            choice: scope.choice,
            index,
            id: Some(fragment.id.map_or_else(|| scope.invented_id(index), str::to_owned)),
            name: Some(name.clone()),
            arguments: fragment.arguments.into_owned(),
        });
        self.calls.push(Call { index: fragment.index, id: fragment.id.map(str::to_owned), name, arguments });
        self.current = at;
        Ok(())
    }

    fn continue_call(&mut self, scope: Scope<'_>, at: usize, fragment: Fragment<'_>, out: &mut Vec<Delta>) {
        self.current = at;
        let Some(call) = self.calls.get_mut(at) else { return };
        let late_name = fragment.name.filter(|_| call.name.is_empty());
        if fragment.arguments.is_empty() && late_name.is_none() {
            return;
        }
        if let Some(name) = late_name {
            name.clone_into(&mut call.name);
        }
        call.arguments.take(&fragment.arguments);
        out.push(Delta::ToolCall {
            choice: scope.choice,
            index: u32::try_from(at).unwrap_or(u32::MAX),
            id: None,
            name: late_name.map(str::to_owned),
            arguments: fragment.arguments.into_owned(),
        });
    }
}

/// Where a call stands, for inventing its id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) choice: u32,
    pub(super) upstream_id: Option<&'a str>,
}

impl Scope<'_> {
    /// An id for a call that came without: always the same for the same answer, and different in different answers,
    /// because a conversation may not hold one id twice.
    pub(super) fn invented_id(self, index: u32) -> String {
        match self.upstream_id {
            Some(id) => format!("call_{:08x}_{}_{index}", fingerprint(id), self.choice),
            None => format!("call_{}_{index}", self.choice),
        }
    }
}

/// 32-bit FNV-1a.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// How far the JSON text of the arguments has come.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Progress {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
    has_begun: bool,
}

impl Progress {
    fn take(&mut self, text: &str) {
        for byte in text.bytes() {
            self.has_begun |= !byte.is_ascii_whitespace();
            if self.is_string {
                self.is_string = self.is_escaped || byte != b'"';
                self.is_escaped = byte == b'\\' && !self.is_escaped;
                continue;
            }
            match byte {
                b'"' => self.is_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }

    const fn is_empty(&self) -> bool {
        !self.has_begun
    }

    /// Something has come, and it is not whole yet.
    const fn is_open(&self) -> bool {
        self.has_begun && (self.depth > 0 || self.is_string)
    }

    const fn is_complete(&self) -> bool {
        self.has_begun && !self.is_open()
    }
}
