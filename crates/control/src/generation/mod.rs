//! Records of calls: what was asked, who served it, what it cost and why.

pub(crate) mod bill;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod record;
