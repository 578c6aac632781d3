//! Putting the document together from the handlers' own descriptions.

use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, Responses};
use utoipa::openapi::schema::{Components, Schema};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, Deprecated, OpenApi, PathItem, Ref, RefOr};

/// Where a set of routes is mounted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    /// For keys.
    Api,
    /// For sessions.
    Console,
}

impl Prefix {
    const fn path(self) -> &'static str {
        match self {
            Self::Api => "/api/v1",
            Self::Console => "/console/api/v1",
        }
    }

    const fn scheme(self) -> &'static str {
        match self {
            Self::Api => "key",
            Self::Console => "session",
        }
    }
}

/// Schemas whose fields may be absent: everything else that is answered always has all of them.
const OPTIONAL: [&str; 4] = ["Pricing", "PricingOverride", "Reasoning", "Model"];

/// Adds routes under a prefix.
pub(super) fn add(document: &mut OpenApi, prefix: Prefix, part: OpenApi) {
    if let Some(Components { schemas, .. }) = part.components {
        document.components.get_or_insert_default().schemas.extend(schemas);
    }
    for (path, mut item) in part.paths.paths {
        each_operation(&mut item, |method, operation| describe(prefix, &path, method, operation));
        if prefix == Prefix::Api && path == "/key" {
            document.paths.paths.insert("/api/v1/auth/key".to_owned(), alias(item.clone()));
        }
        document.paths.paths.insert(format!("{}{path}", prefix.path()), item);
    }
}

/// The historic path of the calling key.
fn alias(mut item: PathItem) -> PathItem {
    each_operation(&mut item, |_method, operation| {
        operation.operation_id = Some("get_auth_key".to_owned());
        operation.deprecated = Some(Deprecated::True);
    });
    item
}

/// Adds what belongs to the document as a whole.
pub(super) fn finish(document: &mut OpenApi) {
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("sk-or-v1-…").build();
    components.add_security_scheme(Prefix::Api.scheme(), SecurityScheme::Http(bearer));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-portolan")));
    components.add_security_scheme(Prefix::Console.scheme(), cookie);
    for (name, schema) in &mut components.schemas {
        let is_input = name.ends_with("Request") || is_chat(name);
        if !is_input && !OPTIONAL.contains(&name.as_str()) {
            require_all(schema, &[]);
        }
        if name == "Model" {
            require_all(schema, &["reasoning", "alias_target"]);
        }
    }
}

/// The chat types say themselves what may be absent.
fn is_chat(name: &str) -> bool {
    let words = [
        "Chat",
        "Messages",
        "Responses",
        "Completions",
        "Embeddings",
        "Router",
        "Tool",
        "Function",
        "Content",
        "Text",
        "Image",
        "Input",
        "File",
        "Video",
        "Cache",
    ];
    let more = ["Stop", "Stream", "UsageOptions", "ReasoningOptions", "Prediction", "Audio", "Named", "ResponseFormat"];
    let rest = ["JsonSchema", "ProviderPreferences", "MaxPrice", "Error"];
    words.into_iter().chain(more).chain(rest).any(|word| name.starts_with(word)) && name != "ToolChoices"
}

fn require_all(schema: &mut RefOr<Schema>, except: &[&str]) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            let names = object.properties.keys().filter(|name| !except.contains(&name.as_str()));
            object.required = names.cloned().collect();
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(|item| require_all(item, except)),
        Schema::Array(_) | Schema::OneOf(_) | Schema::AnyOf(_) => {}
        _ => {}
    }
}

fn each_operation(item: &mut PathItem, mut visit: impl FnMut(&str, &mut Operation)) {
    let operations =
        [("get", &mut item.get), ("post", &mut item.post), ("patch", &mut item.patch), ("delete", &mut item.delete)];
    for (method, operation) in operations {
        if let Some(operation) = operation {
            visit(method, operation);
        }
    }
}

fn describe(prefix: Prefix, path: &str, method: &str, operation: &mut Operation) {
    let words: Vec<&str> = path.split(['/', '{', '}', '-']).filter(|word| !word.is_empty()).collect();
    let start = if prefix == Prefix::Console { "console_" } else { "" };
    operation.operation_id = Some(format!("{start}{method}_{}", words.join("_")));
    if prefix == Prefix::Console {
        operation.tags = Some(vec!["Console".to_owned()]);
    }
    let is_open = operation.security.is_some() || path == "/setup";
    operation.security = Some(if is_open {
        vec![SecurityRequirement::default()]
    } else {
        vec![SecurityRequirement::new(prefix.scheme(), Vec::<String>::new())]
    });
    let body = if path.starts_with("/messages") { "MessagesProblem" } else { "ErrorReply" };
    describe_responses(body, &mut operation.responses);
}

/// `body` is the schema of refusals.
fn describe_responses(body: &str, responses: &mut Responses) {
    for (status, response) in &mut responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = status_text(status).to_owned();
        }
        if status.starts_with(['4', '5']) {
            *response = refusal(&response.description, body);
        }
    }
}

fn refusal(description: &str, body: &str) -> Response {
    let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name(body))));
    utoipa::openapi::ResponseBuilder::new().description(description).content("application/json", body).build()
}

fn status_text(status: &str) -> &'static str {
    let code = status.as_bytes();
    http::StatusCode::from_bytes(code).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
}
