//! A request, down to the byte.

use serde_json::{Value, json};

/// One HTTP/1.1 request.
#[derive(Debug, Clone)]
pub struct Ask {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    keeps_alive: bool,
}

impl Ask {
    /// A request without body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None, keeps_alive: false }
    }

    /// `GET`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A request with a JSON body.
    #[must_use]
    pub fn json(method: &str, path: &str, body: &Value) -> Self {
        Self::new(method, path).header("content-type", "application/json").body(body.to_string().as_bytes())
    }

    /// A chat request.
    #[must_use]
    pub fn chat(body: &Value) -> Self {
        Self::json("POST", "/api/v1/chat/completions", body)
    }

    /// A chat request with one user message.
    #[must_use]
    pub fn say(model: &str, text: &str, stream: bool) -> Self {
        Self::chat(&json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a bearer key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    /// Leaves the connection open after the answer.
    #[must_use]
    pub fn keep_alive(mut self) -> Self {
        self.keeps_alive = true;
        self
    }

    /// What goes over the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let has = |wanted: &str| self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        if !has("host") {
            text.push_str("host: localhost\r\n");
        }
        if !self.keeps_alive && !has("connection") {
            text.push_str("connection: close\r\n");
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body
            && !has("content-length")
            && !has("transfer-encoding")
        {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }
}
