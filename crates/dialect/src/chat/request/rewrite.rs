//! The same request with other messages: what content work before a call leaves behind.

use super::{ChatRequest, InvalidRequest, Limits, parse};
use crate::canonical::request::{Part, Raw, RawObject};
use serde::Deserialize;

/// What a parsed file said, as it comes back in the annotations of an earlier answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileText {
    /// Names the file's content.
    pub hash: String,
    /// The file's name, if it had one.
    pub name: Option<String>,
    /// Its text.
    pub text: String,
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    file: Option<AnnotatedFile>,
}

#[derive(Deserialize)]
struct AnnotatedFile {
    hash: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    content: Vec<AnnotatedPart>,
}

#[derive(Deserialize)]
struct AnnotatedPart {
    #[serde(default)]
    text: Option<String>,
}

impl ChatRequest {
    /// The texts of files that earlier answers brought back.
    #[must_use]
    pub fn file_texts(&self) -> Vec<FileText> {
        let Some(json) = self.field("messages").filter(|json| json.contains("\"annotations\"")) else {
            return Vec::new();
        };
        let messages: Vec<RawObject<'_>> = serde_json::from_str(json).unwrap_or_default();
        let lists = messages.iter().filter_map(|message| message.get("annotations"));
        lists.flat_map(annotations).filter_map(|annotation| annotation.file).map(AnnotatedFile::into_text).collect()
    }

    /// The same request with these messages, a JSON list. What the caller wrote elsewhere stays byte for byte.
    ///
    /// # Errors
    /// When the messages are not what a request can hold.
    pub fn with_messages(&self, messages: &str) -> Result<Self, InvalidRequest> {
        let place = self.place("messages").unwrap_or_default();
        let (before, after) = (self.text.get(..place.start), self.text.get(place.end..));
        let text = [before.unwrap_or_default(), messages, after.unwrap_or_default()].concat();
        let changed = parse(text.into_bytes().into(), &Limits::default())?;
        Ok(Self { is_rewritten: true, ..changed.with_origin(self.origin.clone()) })
    }

    /// The same request with some content parts replaced; `None` when none is. `replace` sees a part, read and as the caller
    /// wrote it, and gives the JSON that takes its place. Annotations of parsed files go: they are for this router.
    ///
    /// # Errors
    /// When a replacement is no content part.
    pub fn replace_parts(
        &self,
        replace: &dyn Fn(&Part<'_>, &str) -> Option<String>,
    ) -> Result<Option<Self>, InvalidRequest> {
        let json = self.field("messages").unwrap_or("[]");
        let messages: Vec<Raw<'_>> = serde_json::from_str(json).map_err(|error| unreadable(&error))?;
        let mut has_changed = false;
        let mut written = Vec::with_capacity(messages.len());
        for message in messages {
            match replace_in(message, replace)? {
                Some(changed) => {
                    has_changed = true;
                    written.push(changed);
                }
                None => written.push(message.get().to_owned()),
            }
        }
        if !has_changed {
            return Ok(None);
        }
        self.with_messages(&format!("[{}]", written.join(","))).map(Some)
    }
}

fn unreadable(error: &serde_json::Error) -> InvalidRequest {
    InvalidRequest::prompt("messages", super::invalid::without_values(error))
}

fn annotations(list: Raw<'_>) -> Vec<Annotation> {
    let items: Vec<serde_json::Value> = serde_json::from_str(list.get()).unwrap_or_default();
    items.into_iter().filter_map(|item| serde_json::from_value(item).ok()).collect()
}

impl AnnotatedFile {
    fn into_text(self) -> FileText {
        let text = self.content.into_iter().filter_map(|part| part.text).collect::<Vec<_>>().join("\n");
        FileText { hash: self.hash, name: self.name, text }
    }
}

fn replace_in(
    message: Raw<'_>,
    replace: &dyn Fn(&Part<'_>, &str) -> Option<String>,
) -> Result<Option<String>, InvalidRequest> {
    let fields: RawObject<'_> = serde_json::from_str(message.get()).map_err(|error| unreadable(&error))?;
    let mut has_changed = false;
    let mut written = Vec::with_capacity(fields.0.len());
    for (name, value) in fields.iter() {
        let value = match name {
            "annotations" if annotations(value).iter().any(|annotation| annotation.kind == "file") => {
                has_changed = true;
                continue;
            }
            "content" if value.get().starts_with('[') => match replace_list(value, replace)? {
                Some(changed) => {
                    has_changed = true;
                    changed
                }
                None => value.get().to_owned(),
            },
            _ => value.get().to_owned(),
        };
        written.push(format!("{}:{value}", serde_json::Value::from(name)));
    }
    Ok(has_changed.then(|| format!("{{{}}}", written.join(","))))
}

fn replace_list(
    parts: Raw<'_>,
    replace: &dyn Fn(&Part<'_>, &str) -> Option<String>,
) -> Result<Option<String>, InvalidRequest> {
    let parts: Vec<Raw<'_>> = serde_json::from_str(parts.get()).map_err(|error| unreadable(&error))?;
    let mut has_changed = false;
    let mut written = Vec::with_capacity(parts.len());
    for raw in parts {
        let part: Part<'_> = serde_json::from_str(raw.get()).map_err(|error| unreadable(&error))?;
        let changed = replace(&part, raw.get());
        has_changed |= changed.is_some();
        written.push(changed.unwrap_or_else(|| raw.get().to_owned()));
    }
    Ok(has_changed.then(|| format!("[{}]", written.join(","))))
}

#[cfg(test)]
mod tests {
    use super::FileText;
    use crate::chat::request::{ChatRequest, Limits, parse};

    fn request(text: &str) -> ChatRequest {
        parse(text.as_bytes().to_vec().into(), &Limits::default()).unwrap()
    }

    #[test]
    fn only_the_replaced_parts_change() {
        let text = r#"{ "x" : 1.50, "messages": [{"role":"user","content":"a\u0041"}, {"role": "user", "content": [ {"type":"text", "text":"b"},
            {"type":"image_url","image_url":{"url":"https://a.example/x.png"}} ], "name" : "n"}], "model":"m/n" }"#;
        let changed = request(text)
            .replace_parts(&|part, raw| {
                part.image_url.as_ref().map(|_| raw.replace("https://a.example/x.png", "data:image/png;base64,AAAA"))
            })
            .unwrap()
            .unwrap();
        assert_eq!(changed.field("x"), Some("1.50"));
        let expected = r#"[{"role":"user","content":"a\u0041"},{"role":"user","content":[{"type":"text", "text":"b"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}],"name":"n"}]"#;
        assert_eq!(changed.field("messages"), Some(expected));
        assert_eq!((changed.model(), changed.shape().images), (Some("m/n"), 1));
        assert!(request(text).replace_parts(&|_, _| None).unwrap().is_none());
        assert!(request(text).replace_parts(&|_, _| Some("{\"type\":\"image_url\"}".to_owned())).is_err());
    }

    #[test]
    fn texts_of_files_are_read_from_annotations_and_leave_with_them() {
        let text = r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","annotations":[
            {"type":"url_citation","url_citation":{}}, {"type":"file","file":{"hash":"h","name":"a.pdf","content":[{"type":"text","text":"one"},{"type":"image_url"},{"type":"text","text":"two"}]}}, 7]}]}"#;
        let request = request(text);
        let expected = FileText { hash: "h".to_owned(), name: Some("a.pdf".to_owned()), text: "one\ntwo".to_owned() };
        assert_eq!(request.file_texts(), [expected]);
        let changed = request.replace_parts(&|_, _| None).unwrap().unwrap();
        assert!(!changed.field("messages").unwrap().contains("annotations"));
    }
}
