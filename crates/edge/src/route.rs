//! Route descriptors: what every route is, for whom, and how large its body may be.
//!
//! Both planes publish their routes as a constant list of these. The authorisation matrix test walks the lists, so a route
//! that is not described is not mounted, and a described one is tested against every principal.

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without credential. The short open list.
    Open,
    /// An inference key.
    Inference,
    /// An inference or a management key.
    AnyKey,
    /// A management key.
    Management,
    /// A console session; only under `/console/api/v1`.
    Session,
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Upper-case method.
    pub method: &'static str,
    /// Path pattern, e.g. `/api/v1/keys/{hash}`.
    pub pattern: &'static str,
    /// Who may use it.
    pub access: Access,
    /// Largest request body in bytes; 0 for routes without body.
    pub body_max: usize,
}
