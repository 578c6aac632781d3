//! Tools and the choice among them.

use super::Body;
use crate::canonical::request::Tool;
use crate::chat::request::ToolChoice;
use crate::upstream::Change;

impl Body<'_> {
    pub(super) fn tools(&mut self, tools: &[Tool<'_>]) {
        let functions: Vec<_> = tools.iter().filter(|tool| tool.is_function()).collect();
        if functions.len() < tools.len() {
            self.notes.dropped("tools", "some run on a server that this provider does not offer");
        }
        if functions.is_empty() || !self.target.takes("tools") {
            if !functions.is_empty() {
                self.notes.dropped("tools", "the endpoint takes no tools");
            }
            self.bare_tools();
            return;
        }
        self.out.field_list("tools");
        for tool in functions {
            self.tool(tool);
        }
        self.out.end_list();
        self.choice();
    }

    fn tool(&mut self, tool: &Tool<'_>) {
        let Some(function) = &tool.function else { return };
        self.out.begin_object();
        self.out.field_text("name", self.names.sent(&function.name));
        if let Some(description) = &function.description {
            self.out.field_text("description", description);
        }
        let schema = function.parameters.map_or(r#"{"type":"object","properties":{}}"#, |schema| schema.get());
        self.out.field_raw("input_schema", schema);
        if function.strict == Some(true) {
            if self.target.quirks.tool_strict && self.target.declares("structured_outputs") {
                self.out.field_raw("strict", "true");
            } else {
                self.notes.dropped("tools.strict", "the endpoint does not enforce schemas");
            }
        }
        if let Some(marker) = &tool.cache_control {
            self.marker(marker.ttl.as_deref());
        }
        self.out.end_object();
    }

    /// A history with calls needs their tools declared, even when the caller offers none any more.
    fn bare_tools(&mut self) {
        let called = &self.request.traits().called_names;
        if called.is_empty() {
            return;
        }
        self.notes.add("tools", Change::Added, "the history calls tools, so they are declared without being offered");
        self.out.field_list("tools");
        for name in called {
            self.out.begin_object();
            self.out.field_text("name", self.names.sent(name));
            self.out.field_raw("input_schema", r#"{"type":"object"}"#);
            self.out.end_object();
        }
        self.out.end_list();
        self.out.field_raw("tool_choice", r#"{"type":"none"}"#);
    }

    fn choice(&mut self) {
        let is_serial = self.request.field("parallel_tool_calls") == Some("false");
        let (kind, name) = match self.request.tool_choice() {
            None | Some(ToolChoice::Other) if !is_serial => return,
            None | Some(ToolChoice::Auto | ToolChoice::Other) => ("auto", None),
            Some(ToolChoice::None) => ("none", None),
            Some(ToolChoice::Required) => ("any", None),
            Some(ToolChoice::Function(name)) => ("tool", Some(name)),
        };
        self.out.field_object("tool_choice");
        self.out.field_text("type", kind);
        if let Some(name) = &name {
            self.out.field_text("name", self.names.sent(name));
        }
        if is_serial && kind != "none" {
            self.out.field_raw("disable_parallel_tool_use", "true");
        }
        self.out.end_object();
    }
}
