//! HTTP manners shared by both planes.
