//! What the caller asks of this router beside routing: the plugins that work on a request's or an answer's content.

use super::ChatRequest;
use serde::Deserialize;

/// The content plugins of one request.
///
/// Source: the published plugin schemas (2026-08-22). Unknown plugins and options are left to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugins {
    /// Whether broken JSON in plain answers is repaired.
    pub heals: bool,
    /// Whether prompts that are too long are compressed: the caller's word, if there is one.
    pub compresses: Option<bool>,
    /// How files reach models.
    pub files: Files,
}

/// How files reach models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Files {
    /// As they are, to models that take files; as their text to the others.
    #[default]
    Automatic,
    /// As they are only.
    Native,
    /// As their text only.
    Text,
}

#[derive(Deserialize)]
struct Plugin {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    pdf: Option<Pdf>,
}

#[derive(Deserialize)]
struct Pdf {
    #[serde(default)]
    engine: Option<String>,
}

impl ChatRequest {
    /// The content plugins. Of several entries for one plugin the last holds.
    #[must_use]
    pub fn plugins(&self) -> Plugins {
        let transforms: Option<Vec<String>> = self.field("transforms").and_then(|json| serde_json::from_str(json).ok());
        let mut plugins = Plugins {
            heals: false,
            compresses: transforms.map(|names| names.iter().any(|name| name == "middle-out")),
            files: Files::default(),
        };
        let listed = self.field("plugins").and_then(|json| serde_json::from_str::<Vec<serde_json::Value>>(json).ok());
        // One entry with an odd option must not take the others with it.
        let listed = listed.into_iter().flatten().filter_map(|entry| serde_json::from_value::<Plugin>(entry).ok());
        for plugin in listed {
            let is_on = plugin.enabled.unwrap_or(true);
            match plugin.id.as_deref() {
                Some("response-healing") => plugins.heals = is_on,
                Some("context-compression") => plugins.compresses = Some(is_on),
                Some("file-parser") => {
                    let engine = plugin.pdf.and_then(|pdf| pdf.engine);
                    plugins.files = match engine.as_deref() {
                        _ if !is_on => Files::Native,
                        Some("native") => Files::Native,
                        Some("pdf-text" | "cloudflare-ai" | "mistral-ocr") => Files::Text,
                        _ => Files::Automatic,
                    };
                }
                _ => {}
            }
        }
        plugins
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, Plugins};
    use crate::chat::request::{Limits, parse};

    fn plugins(fields: &str) -> Plugins {
        let body = format!(r#"{{"messages": [{{"role": "user", "content": "x"}}]{fields}}}"#);
        parse(body.into_bytes().into(), &Limits::default()).unwrap().plugins()
    }

    #[test]
    fn plugins_are_read_in_every_documented_form() {
        let none = Plugins { heals: false, compresses: None, files: Files::Automatic };
        for (fields, expected) in [
            ("", none),
            (r#", "transforms": ["middle-out"]"#, Plugins { compresses: Some(true), ..none }),
            (r#", "transforms": []"#, Plugins { compresses: Some(false), ..none }),
            (
                r#", "transforms": [], "plugins": [{"id": "context-compression", "engine": "middle-out"}]"#,
                Plugins { compresses: Some(true), ..none },
            ),
            (
                r#", "plugins": [{"id": "context-compression", "enabled": false}]"#,
                Plugins { compresses: Some(false), ..none },
            ),
            (r#", "plugins": [{"id": "response-healing"}]"#, Plugins { heals: true, ..none }),
            (r#", "plugins": [{"id": "response-healing", "enabled": false}]"#, none),
            (r#", "plugins": [{"id": "file-parser"}]"#, none),
            (r#", "plugins": [{"id": "file-parser", "enabled": false}]"#, Plugins { files: Files::Native, ..none }),
            (
                r#", "plugins": [{"id": "file-parser", "pdf": {"engine": "native"}}]"#,
                Plugins { files: Files::Native, ..none },
            ),
            (
                r#", "plugins": [{"id": "file-parser", "pdf": {"engine": "pdf-text"}}]"#,
                Plugins { files: Files::Text, ..none },
            ),
            (r#", "plugins": [{"id": 7}, {"id": "web"}, {"id": "response-healing"}]"#, Plugins { heals: true, ..none }),
        ] {
            assert_eq!(plugins(fields), expected, "{fields}");
        }
    }
}
