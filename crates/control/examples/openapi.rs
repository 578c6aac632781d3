//! Prints the API document: `cargo run -p control --example openapi > openapi.json`.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut text = serde_json::to_string_pretty(&control::openapi())?;
    text.push('\n');
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
