//! What an encoder must know before it decides whether messages can be sent as they are.

use crate::canonical::request::{Message, Role, Tool};
use std::collections::HashSet;

/// Facts about messages and tools, gathered while they are checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traits {
    /// Some message has the `developer` role.
    pub(crate) has_developer: bool,
    /// Some tool call carries an `index`.
    pub(crate) has_call_index: bool,
    /// Some message carries `reasoning_details`.
    pub(crate) has_details: bool,
    /// Some message, part or tool carries `cache_control`.
    pub(crate) has_markers: bool,
    /// Some tool runs on a server.
    pub(crate) has_server_tools: bool,
    /// Some tool is written in the form of Responses.
    pub(crate) has_flat_tools: bool,
    /// Some function asks for `strict`.
    pub(crate) has_strict: bool,
    /// Every function name in tools and calls, once, in order of appearance.
    pub(crate) tool_names: Vec<String>,
    /// Those of them that the history calls.
    pub(crate) called_names: Vec<String>,
}

impl Traits {
    pub(super) fn gather(messages: &[Message<'_>], tools: &[Tool<'_>]) -> Self {
        let functions = tools.iter().filter_map(|tool| tool.function.as_ref());
        let called = messages.iter().flat_map(Message::calls).filter_map(|call| call.function.as_ref());
        let declared = functions.clone().map(|function| &*function.name);
        let called = called.map(|function| &*function.name);
        Self {
            has_developer: messages.iter().any(|message| message.role == Role::Developer),
            has_call_index: messages.iter().flat_map(Message::calls).any(|call| call.index.is_some()),
            has_details: messages.iter().any(|message| message.reasoning_details.is_some()),
            has_markers: messages.iter().any(has_marker) || tools.iter().any(|tool| tool.cache_control.is_some()),
            has_server_tools: tools.iter().any(|tool| !tool.is_function()),
            has_flat_tools: tools.iter().any(Tool::is_flat),
            has_strict: functions.clone().any(|function| function.strict.is_some()),
            tool_names: once_each(declared.chain(called.clone())),
            called_names: once_each(called),
        }
    }
}

fn once_each<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

fn has_marker(message: &Message<'_>) -> bool {
    message.cache_control.is_some() || message.content.parts().iter().any(|part| part.cache_control.is_some())
}
