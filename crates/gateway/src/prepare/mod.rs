//! Prepare: content work before the call.
//!
//! Guardrail scans, file parsing and web search belong here. Nothing of that exists yet: the stage binds the request to its
//! admission, which is what the later stages take.

use crate::accept::Ask;
use crate::admit::Admission;

/// A request that is ready to be called.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub ask: Ask,
    /// Its admission.
    pub admission: Admission,
}

/// Prepares a request.
pub fn prepare(ask: Ask, admission: Admission) -> Prepared {
    Prepared { ask, admission }
}
