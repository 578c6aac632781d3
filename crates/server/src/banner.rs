//! The ten lines of a start on a terminal; elsewhere the same facts are one log line.

use std::fmt::Write;
use std::path::Path;

/// What the banner tells.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Address for people.
    pub url: &'a str,
    /// Data directory.
    pub data: &'a Path,
    /// `sqlite` or `postgres`.
    pub database: &'a str,
    /// Slugs of the connections in force.
    pub upstreams: &'a [String],
    /// Whether only the demonstration models answer.
    pub is_demo: bool,
    /// The one-time link, while nobody has signed in.
    pub setup_link: Option<&'a str>,
    /// How to call this program again, with its data directory.
    pub program: &'a str,
    /// Milliseconds from process start to listening.
    pub started_ms: u64,
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "./_-+=:@,".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The banner, ten lines or fewer.
pub fn text(facts: &Facts<'_>) -> String {
    let Facts { url, data, database, program, .. } = facts;
    let version = env!("CARGO_PKG_VERSION");
    let mut out = String::new();
    let upstreams = if facts.is_demo {
        "none configured → demo models are on (portolan/demo-*)".to_owned()
    } else {
        facts.upstreams.join(", ")
    };
    let model = if facts.is_demo { "portolan/demo-echo" } else { "<author/model>" };
    let setup = match facts.setup_link {
        Some(link) => format!("  No administrator yet. Finish setup (valid once, 30 min):\n  {link}"),
        None => format!("  Sign in: {program} setup-link prints a one-time link"),
    };
    // Writing to a string cannot fail.
    let _written = writeln!(
        out,
        "portolan {version}        data {}   database {database}   listening after {} ms\n  Console   {url}/\n  API       {url}/api/v1      \
         OpenAI-, OpenRouter- and Anthropic-compatible\n  Docs      {url}/docs        health /health/live · metrics /metrics\n  \
         Upstreams {upstreams}\n{setup}\nTry it:  curl {url}/api/v1/chat/completions -H \"Authorization: Bearer $({program} key create \
         --name first -q)\" \\\n         -H 'Content-Type: application/json' \\\n         -d '{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"hello\"}}]}}'",
        data.display(),
        facts.started_ms,
    );
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_reads_words_back_as_they_were() {
        for (word, written) in
            [("./data", "./data"), ("my data", "'my data'"), ("it's", r"'it'\''s'"), ("", "''"), ("$(x)", "'$(x)'")]
        {
            assert_eq!(quoted(word), written);
        }
    }
}
