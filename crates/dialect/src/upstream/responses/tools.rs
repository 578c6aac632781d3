//! Tools and the choice among them.

use super::Body;
use crate::chat::request::ToolChoice;

impl Body<'_> {
    pub(super) fn tools(&mut self) {
        let tools = self.request.tools();
        let functions: Vec<_> = tools.iter().filter_map(|tool| tool.function.as_ref()).collect();
        if functions.len() < tools.len() {
            self.notes.dropped("tools", "some run on a server that this provider does not offer");
        }
        if functions.is_empty() {
            return;
        }
        if !self.target.takes("tools") {
            self.notes.dropped("tools", "the endpoint takes no tools");
            return;
        }
        self.out.field_list("tools");
        for function in functions {
            self.out.begin_object();
            self.out.field_text("type", "function");
            self.out.field_text("name", self.names.sent(&function.name));
            if let Some(description) = &function.description {
                self.out.field_text("description", description);
            }
            let schema = function.parameters.map_or(r#"{"type":"object","properties":{}}"#, |schema| schema.get());
            self.out.field_raw("parameters", schema);
            self.out.field_plain("strict", function.strict.unwrap_or(false) && self.target.quirks.tool_strict);
            self.out.end_object();
        }
        self.out.end_list();
        self.choice();
        if let Some(parallel) =
            self.request.field("parallel_tool_calls").filter(|_| self.target.takes("parallel_tool_calls"))
        {
            self.out.field_raw("parallel_tool_calls", parallel);
        }
    }

    fn choice(&mut self) {
        let Some(choice) = self.request.tool_choice().filter(|_| self.target.takes("tool_choice")) else { return };
        let word = match choice {
            ToolChoice::None => "none",
            ToolChoice::Auto => "auto",
            ToolChoice::Required => "required",
            ToolChoice::Function(name) => {
                self.out.field_object("tool_choice");
                self.out.field_text("type", "function");
                self.out.field_text("name", self.names.sent(&name));
                self.out.end_object();
                return;
            }
            ToolChoice::Other => {
                self.notes.dropped("tool_choice", "names a tool that this provider does not offer");
                return;
            }
        };
        self.out.field_text("tool_choice", word);
    }
}
