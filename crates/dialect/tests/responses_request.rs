//! Requests of the Responses API, of completions and of embeddings: what providers are sent for them.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use bytes::Bytes;
use dialect::chat::request::{ChatRequest, InvalidRequest, Limits};
use dialect::inbound::{Dialect, parse};
use dialect::upstream::{EncodeError, Outgoing, Target, encode};
use domain::catalog::{Family, Quirks};
use serde_json::{Value, json};

fn read(dialect: Dialect, body: &str) -> Result<ChatRequest, InvalidRequest> {
    parse(dialect, Bytes::from(body.to_owned()), &Limits::default())
}

fn sent(request: &ChatRequest, family: Family) -> Result<Outgoing, EncodeError> {
    let quirks = Quirks { developer_role: true, ..Quirks::default() };
    let target = Target { family, ..target(&quirks) };
    encode(request, &target)
}

fn target(quirks: &Quirks) -> Target<'_> {
    Target {
        family: Family::OpenAi,
        upstream_id: "up-1",
        quirks,
        supported_parameters: &[],
        reasoning: None,
        turns_reasoning_down: false,
        max_completion_tokens: None,
        output_limit: None,
        stream: false,
        service_tier: None,
        user: None,
    }
}

fn body(outgoing: &Outgoing) -> Value {
    serde_json::from_slice(&outgoing.body).unwrap()
}

#[test]
fn a_provider_of_the_same_format_is_sent_the_callers_bytes() {
    let input = r#"[ {"role":"user", "content":"é \u00e9"},
        {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}, {"type":"function_call","call_id":"c","name":"f","arguments":"{ }"},
        {"type":"function_call_output","call_id":"c","output":"1.50"} ]"#;
    let tools = r#"[ {"type":"namespace","name":"crm","description":"d","tools":[{"type":"function","name":"f","parameters":null}]}, {"type":"web_search"} ]"#;
    let text =
        format!(r#"{{"model":"a/b","input":{input},"tools":{tools},"store":false,"metadata":{{"a":"b"}},"user":"u"}}"#);
    let outgoing = sent(&read(Dialect::Responses, &text).unwrap(), Family::OpenAiResponses).unwrap();
    let sent = String::from_utf8(outgoing.body.to_vec()).unwrap();
    assert!(sent.contains(&format!("\"input\":{input}")) && sent.contains(&format!("\"tools\":{tools}")), "{sent}");
    let sent = body(&outgoing);
    assert_eq!((&sent["model"], &sent["store"]), (&json!("up-1"), &json!(false)));
    assert!(sent.get("metadata").is_none() && sent.get("user").is_none(), "ours stay here: {sent}");
}

#[test]
fn what_another_provider_sealed_is_not_sent_on() {
    let text = r#"{"model":"a/b","input":[{"role":"user","content":"x"},
        {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"pd1.W10"},{"type":"item_reference","id":"msg_1"},
        {"type":"reasoning","id":"rs_2","summary":[]},{"role":"assistant","content":"y"}]}"#;
    let outgoing = sent(&read(Dialect::Responses, text).unwrap(), Family::OpenAiResponses).unwrap();
    assert_eq!(body(&outgoing)["input"], json!([{"role":"user","content":"x"},{"role":"assistant","content":"y"}]));
    assert_eq!(outgoing.notes.len(), 3);
}

#[test]
fn namespaces_free_form_and_hosted_tools_become_functions_or_notes() {
    let text = r#"{"model":"a/b","input":"x","tools":[
        {"type":"namespace","name":"crm","description":"d","tools":[{"type":"function","name":"find","parameters":{"type":"object"}}]},
        {"type":"custom","name":"patch","description":"p"},{"type":"file_search","vector_store_ids":["v"]},{"type":"web_search"}]}"#;
    let outgoing = sent(&read(Dialect::Responses, text).unwrap(), Family::OpenAi).unwrap();
    let tools = &body(&outgoing)["tools"];
    let names: Vec<_> = tools.as_array().unwrap().iter().map(|tool| tool["function"]["name"].clone()).collect();
    assert_eq!(names, [json!("crm__find"), json!("patch")]);
    assert_eq!(tools[1]["function"]["parameters"]["required"], json!(["input"]));
    let notes: Vec<&str> = outgoing.notes.iter().map(|note| note.field.as_str()).collect();
    assert!(notes.contains(&"tools.file_search") && notes.contains(&"tools.web_search"), "{notes:?}");
}

#[test]
fn items_become_messages_with_calls_directly_before_their_answers() {
    let text = r#"{"model":"a/b","instructions":"Be brief.","input":[{"role":"user","content":[{"type":"input_text","text":"x"}]},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"gAAA"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[]}]},
        {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"g","arguments":"{"},
        {"type":"function_call_output","call_id":"c1","output":"1"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"2"}]},
        {"type":"unheard_of","x":1}]}"#;
    let request = read(Dialect::Responses, text).unwrap();
    let messages: Value = serde_json::from_str(request.field("messages").unwrap()).unwrap();
    let roles: Vec<_> = messages.as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(json!(roles), json!(["system", "user", "assistant", "tool", "tool"]));
    let said = &messages[2];
    assert_eq!(said["content"], "I look.");
    assert_eq!(said["tool_calls"][1]["function"], json!({"name": "g", "arguments": "{"}));
    assert_eq!(said["reasoning_details"][1]["data"], "gAAA");
    assert_eq!((&messages[3]["content"], &messages[4]["content"]), (&json!("1"), &json!("2")));
}

#[test]
fn what_the_caller_ran_in_a_form_of_its_own_is_a_call_with_its_answer() {
    let text = r#"{"model":"a/b","input":[{"role":"user","content":"x"},
        {"type":"computer_call","id":"cu_1","call_id":"c1","status":"completed","action":{"type":"screenshot"},"pending_safety_checks":[]},
        {"type":"computer_call_output","call_id":"c1","output":{"type":"computer_screenshot","image_url":"data:image/png;base64,AAAA"}},
        {"type":"local_shell_call","id":"lsh_1","call_id":"c2","status":"completed","action":{"type": "exec", "command": ["ls"]}},
        {"type":"local_shell_call_output","id":"lsh_1","output":"a"},
        {"type":"shell_call_output","call_id":"c9","output":[]}]}"#;
    let request = read(Dialect::Responses, text).unwrap();
    let messages: Value = serde_json::from_str(request.field("messages").unwrap()).unwrap();
    let call = |at: usize| messages[at]["tool_calls"][0]["function"].clone();
    let pressed =
        json!({"name": "computer", "arguments": "{\"action\":{\"type\":\"screenshot\"},\"pending_safety_checks\":[]}"});
    assert_eq!(call(1), pressed);
    assert_eq!(messages[2]["content"][0]["image_url"]["url"], "data:image/png;base64,AAAA");
    assert_eq!(
        call(3),
        json!({"name": "local_shell", "arguments": "{\"action\":{\"type\":\"exec\",\"command\":[\"ls\"]}}"})
    );
    assert_eq!((&messages[4]["tool_call_id"], &messages[4]["content"]), (&json!("c2"), &json!("a")));
    assert_eq!(messages.as_array().unwrap().len(), 5, "an answer without its call is left out");
}

#[test]
fn requests_for_stored_state_are_refused_and_mistakes_named_in_the_callers_words() {
    for (fields, param) in [
        (r#""input":"x","store":true"#, "store"),
        (r#""input":"x","previous_response_id":"resp_1""#, "previous_response_id"),
        (r#""input":"x","background":true"#, "background"),
        (r#""instructions":"x""#, "input"),
        (r#""input":[{"role":"user","content":[{"type":"nonsense"}]}]"#, "input[0].content[0]"),
        (r#""input":[{"role":"user","content":"x"},{"role":"nobody","content":"x"}]"#, "input[1]"),
        (r#""input":"x","text":{"format":{"type":"json_schema"}}"#, "text.format"),
        (r#""input":"x","tools":[{"type":"web_search"},{"type":"function","name":"a b"}]"#, "tools[1].function.name"),
    ] {
        let refused = read(Dialect::Responses, &format!("{{\"model\":\"a/b\",{fields}}}")).unwrap_err();
        assert!(refused.param.as_deref().unwrap().starts_with(param), "{fields}: {refused:?}");
        assert!(refused.message.starts_with(param), "{fields}: {}", refused.message);
    }
}

#[test]
fn a_chat_request_may_be_written_with_items_and_flat_tools() {
    let text = r#"{"model":"a/b","n":2,"store":true,"instructions":"Be brief.","input":[
        {"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"https://example.com/a.png"}]},
        {"type":"custom_tool_call","call_id":"c1","name":"patch","input":"*** a"},
        {"type":"custom_tool_call_output","call_id":"c1","output":"ok"}],
        "tools":[{"type":"custom","name":"patch","description":"p","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
            {"type":"function","name":"find","parameters":{"type":"object"},"strict":false},{"type":"web_search"}],
        "tool_choice":{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"find"}]},
        "text":{"verbosity":"low","format":{"type":"json_schema","name":"s","schema":{"type":"object"}}},
        "response_format":{"type":"text"}}"#;
    let request = read(Dialect::Chat, text).unwrap();
    let field = |name: &str| serde_json::from_str::<Value>(request.field(name).unwrap()).unwrap();
    let roles: Vec<_> = field("messages").as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(json!(roles), json!(["system", "user", "assistant", "tool"]));
    assert_eq!(field("messages")[1]["content"][1]["image_url"]["url"], "https://example.com/a.png");
    let call = &field("messages")[2]["tool_calls"][0]["function"];
    assert_eq!(call, &json!({"name": "patch", "arguments": "{\"input\":\"*** a\"}"}));
    // Only one of the functions may be chosen; the router's own search is no function.
    assert_eq!(field("tools")[0]["function"]["name"], "find");
    assert_eq!(field("tools").as_array().unwrap().len(), 2);
    assert_eq!((field("tool_choice"), field("n"), field("verbosity")), (json!("required"), json!(2), json!("low")));
    assert_eq!(field("response_format")["json_schema"]["name"], "s");
    for family in [Family::OpenAi, Family::OpenAiResponses, Family::Anthropic, Family::Gemini] {
        assert!(sent(&request, family).is_ok(), "{family:?}");
    }
    let choice = r#"{"model":"a/b","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}],
        "tool_choice":{"type":"function","name":"f"}}"#;
    let request = read(Dialect::Chat, choice).unwrap();
    assert_eq!(request.field("tool_choice"), Some(r#"{"type":"function","function":{"name":"f"}}"#));
    assert_eq!(request.field("messages"), Some(r#"[{"role":"user","content":"x"}]"#));
}

#[test]
fn a_prompt_becomes_one_user_message() {
    let request = read(Dialect::Completions, r#"{"model":"a/b","prompt":["Hi"],"max_tokens":5,"suffix":"z"}"#).unwrap();
    assert_eq!(request.field("messages"), Some(r#"[{"role":"user","content":"Hi"}]"#));
    assert_eq!(request.output_limit(), Some(5));
    for prompt in ["[]", r#"["a","b"]"#, "[[1,2]]", "7"] {
        let text = format!(r#"{{"model":"a/b","prompt":{prompt}}}"#);
        assert_eq!(read(Dialect::Completions, &text).unwrap_err().param.as_deref(), Some("prompt"), "{prompt}");
    }
}

#[test]
fn embeddings_are_asked_for_in_the_providers_own_words() {
    let request = read(
        Dialect::Embeddings,
        r#"{"model":"a/b","input":["one","two"],"dimensions":8,"encoding_format":"base64","input_type":"search_query"}"#,
    )
    .unwrap();
    let outgoing = sent(&request, Family::OpenAi).unwrap();
    assert_eq!(outgoing.path, "/embeddings");
    let expected = json!({"model": "up-1", "input": ["one", "two"], "encoding_format": "base64", "dimensions": 8});
    assert_eq!(body(&outgoing), expected);
    let outgoing = sent(&request, Family::Gemini).unwrap();
    assert_eq!(outgoing.path, "/models/up-1:batchEmbedContents");
    assert_eq!(
        body(&outgoing)["requests"][1],
        json!({"model": "models/up-1", "content": {"parts": [{"text": "two"}]}, "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8})
    );
    assert!(sent(&request, Family::Anthropic).is_err());
    let tokens = read(Dialect::Embeddings, r#"{"model":"a/b","input":[[1,2],[3]]}"#).unwrap();
    assert_eq!(body(&sent(&tokens, Family::OpenAi).unwrap())["input"], json!([[1, 2], [3]]));
    assert!(sent(&tokens, Family::Gemini).is_err(), "token ids mean nothing to another vocabulary");
    for input in ["\"\"", "[]", "[\"\"]", "[[]]", "[-1]", "[\"a\",[1]]", "7", "[1.5]"] {
        let text = format!(r#"{{"model":"a/b","input":{input}}}"#);
        assert!(read(Dialect::Embeddings, &text).unwrap_err().param.unwrap().starts_with("input"), "{input}");
    }
}
