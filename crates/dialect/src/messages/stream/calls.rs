//! Tool calls of a streamed answer: one block each.
//!
//! Clients run a tool when its block ends, so a block ends as soon as the next call begins, unless its arguments are not
//! complete yet: some providers send the pieces of parallel calls in turns.

use super::{append_delta, append_start, append_stop};
use crate::messages::blocks::append_call_head;
use crate::outgoing::Outgoing;

/// The calls of one answer, in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    index: u32,
    block: u64,
    is_open: bool,
    extent: Extent,
}

/// How far the arguments have come, without keeping them.
#[derive(Debug, Default)]
struct Extent {
    depth: u32,
    is_in_string: bool,
    is_escaped: bool,
    is_complete: bool,
}

impl Extent {
    fn take(&mut self, json: &str) {
        for byte in json.bytes() {
            match (self.is_in_string, byte) {
                (true, _) if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (_, b'"') => self.is_in_string = !self.is_in_string,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_complete |= self.depth == 0;
                }
                _ => {}
            }
        }
    }
}

impl Calls {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the next piece of a call; `blocks` counts the blocks of the message.
    pub(super) fn push(
        &mut self,
        index: u32,
        id: Option<&str>,
        name: Option<&str>,
        arguments: String,
        blocks: &mut u64,
        out: &mut Outgoing,
    ) {
        if !self.0.iter().any(|call| call.index == index) {
            self.close_complete(out);
            let mut block = Vec::new();
            append_call_head(id.unwrap_or_default(), name.unwrap_or_default(), &mut block);
            block.extend_from_slice(b",\"input\":{}}");
            append_start(*blocks, &block, out);
            self.0.push(Call { index, block: *blocks, is_open: true, extent: Extent::default() });
            *blocks += 1;
        }
        let Some(call) = self.0.iter_mut().find(|call| call.index == index && call.is_open) else { return };
        if !arguments.is_empty() {
            call.extent.take(&arguments);
            append_delta(call.block, "input_json_delta", "partial_json", arguments, out);
        }
    }

    /// Ends the blocks of calls whose arguments are complete.
    pub(super) fn close_complete(&mut self, out: &mut Vec<u8>) {
        self.close(|call| call.extent.is_complete, out);
    }

    /// Ends all blocks.
    pub(super) fn close_all(&mut self, out: &mut Vec<u8>) {
        self.close(|_| true, out);
    }

    fn close(&mut self, is_due: impl Fn(&Call) -> bool, out: &mut Vec<u8>) {
        for call in self.0.iter_mut().filter(|call| call.is_open) {
            if is_due(call) {
                call.is_open = false;
                append_stop(call.block, out);
            }
        }
    }
}
