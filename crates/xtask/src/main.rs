//! House tools: tidy, generate, bench, chaos.
fn main() {}
