//! Defects that can be switched on, one at a time, to see that the checks of the books notice them.
//!
//! Compiled only with the feature `seeded-bugs`, which no build that serves has. Each hook is one condition at the place
//! that the defect would be made.

use std::sync::OnceLock;

/// A defect of the money path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Settlements are counted again when a batch is sent again, and acknowledgements are lost.
    SkipDedup,
    /// Answers that a stop cut off are not looked at again.
    ForgetUndrained,
    /// Delivery is noted before the connection has taken it.
    MarkBeforeSend,
    /// An end of file stands for the end of an answer.
    EofIsSuccess,
    /// Settlements are journaled after the last byte instead of before it.
    CloseAfterSend,
}

static CHOSEN: OnceLock<Bug> = OnceLock::new();

/// Switches a defect on for the life of the process; false for a name that there is not.
pub fn choose(name: &str) -> bool {
    let bug = match name {
        "skip-dedup" => Bug::SkipDedup,
        "forget-undrained" => Bug::ForgetUndrained,
        "mark-before-send" => Bug::MarkBeforeSend,
        "eof-is-success" => Bug::EofIsSuccess,
        "close-after-send" => Bug::CloseAfterSend,
        _ => return false,
    };
    *CHOSEN.get_or_init(|| bug) == bug
}

/// Whether a defect is switched on.
#[must_use]
pub fn is(bug: Bug) -> bool {
    CHOSEN.get() == Some(&bug)
}
