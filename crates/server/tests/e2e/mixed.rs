//! Chat requests that say things as Responses does, as an editor sends them: the provider is sent what it is sent for the same
//! request in the chat form, and the answer has the chat form. And what Responses has in the place of errors about length.

use crate::BINARY;
use crate::money::scenario;
use serde_json::{Value, json};
use simulator::Family;
use testkit::{Ask, Model, TestApp};

/// The same request in both forms: one turn with a call behind it, one tool, and the model may choose.
fn forms(model: &str) -> (Value, Value) {
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]});
    let chat = json!({
        "model": model, "max_tokens": 200, "tool_choice": "auto", "user": "u",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Read a.txt"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"a.txt\"}"}}
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "empty"},
            {"role": "user", "content": "And b.txt"},
        ],
        "tools": [{"type": "function", "function": {"name": "read", "description": "Reads a file", "parameters": schema}}],
    });
    let items = json!({
        "model": model, "max_output_tokens": 200, "tool_choice": "auto", "user": "u",
        "store": false, "include": ["reasoning.encrypted_content"], "text": {"format": {"type": "text"}},
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "Read a.txt"}]},
            {"type": "function_call", "call_id": "call_1", "name": "read", "arguments": "{\"path\":\"a.txt\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "empty"},
            {"role": "user", "content": "And b.txt"},
        ],
        "tools": [{"type": "function", "name": "read", "description": "Reads a file", "parameters": schema}],
    });
    (chat, items)
}

async fn app() -> TestApp {
    let mut builder = TestApp::builder(BINARY);
    for (slug, family) in [("o", Family::OpenAi), ("a", Family::Anthropic), ("g", Family::Gemini)] {
        builder = builder.simulated(slug, family).await;
        builder = builder.model(Model::new(&format!("mock/{slug}")).at(slug, "1", "10"));
    }
    builder.start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn input_items_on_the_chat_route_reach_every_provider_as_messages_do_and_are_answered_in_the_chat_form() {
    let app = app().await;
    let call = json!({"answer": {"calls": [{"name": "read", "arguments": {"path": "b.txt"}}]}});
    for slug in ["o", "a", "g"] {
        app.simulator(slug).set_scenario("*", scenario(call.clone()));
        let (chat, mut items) = forms(&format!("mock/{slug}"));
        let expected = app.chat(&chat).await;
        let plain = app.chat(&items).await;
        items["stream"] = json!(true);
        let streamed = app.chat(&items).await;
        assert_eq!((expected.status, plain.status, streamed.status), (200, 200, 200), "{slug}: {}", plain.text());
        let observed = app.simulator(slug).observed();
        let hashes = |at: usize| (observed[at].messages_sha256.clone().unwrap(), observed[at].tools_sha256.clone());
        assert_eq!(observed.len(), 3, "{slug}");
        assert_eq!(hashes(1), hashes(0), "{slug}");
        assert_eq!(hashes(2), hashes(0), "{slug} streamed");
        let body = plain.json();
        assert_eq!(body["object"], "chat.completion");
        assert_eq!(body["choices"][0]["finish_reason"], "tool_calls", "{body}");
        let function = &body["choices"][0]["message"]["tool_calls"][0]["function"];
        assert_eq!(function["name"], "read");
        let arguments: Value = serde_json::from_str(function["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(arguments, json!({"path": "b.txt"}));
        let chunks = streamed.events();
        assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk"), "{}", streamed.text());
        assert!(streamed.is_done() && streamed.usage().is_some(), "{}", streamed.text());
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_and_choices_in_the_responses_form_stand_beside_messages_too() {
    let app = app().await;
    app.simulator("o").set_scenario("*", scenario(json!({"answer": {"text": "Done."}})));
    let (mut chat, items) = forms("mock/o");
    chat["tool_choice"] = json!({"type": "function", "function": {"name": "read"}});
    assert_eq!(app.chat(&chat).await.status, 200);
    chat["tools"] = items["tools"].clone();
    chat["tool_choice"] = json!({"type": "function", "name": "read"});
    let answer = app.chat(&chat).await;
    assert_eq!((answer.status, answer.content().as_str()), (200, "Done."), "{}", answer.text());
    let observed = app.simulator("o").observed();
    assert_eq!(observed[1].messages_sha256, observed[0].messages_sha256);
    assert_eq!(observed[1].tools_sha256, observed[0].tools_sha256);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_items_are_named_where_the_caller_wrote_them() {
    let app = app().await;
    for (fields, param) in [
        (json!({"input": [{"role": "user", "content": [{"type": "nonsense"}]}]}), "input[0].content[0]"),
        (json!({"input": [{"role": "user", "content": "x"}, {"role": "nobody", "content": "x"}]}), "input[1]"),
        (json!({"input": "x", "previous_response_id": "resp_1"}), "previous_response_id"),
        (json!({"input": "x", "tools": [{"type": "function", "name": "a b"}]}), "tools[0].function.name"),
        (
            json!({"messages": [{"role": "user", "content": 7}], "tools": [{"type": "function", "name": "a"}]}),
            "messages[0]",
        ),
    ] {
        let mut body = json!({"model": "mock/o"});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = app.chat(&body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(param), "{param}: {message}");
    }
    assert!(app.simulator("o").observed().is_empty());
    app.finish().await;
}

/// What a provider says in the middle of an answer: other dialects have no other form for it than an error.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_becomes_too_long_is_an_incomplete_one_of_responses_and_an_error_elsewhere() {
    let builder = TestApp::builder(BINARY).simulated("o", Family::OpenAi).await;
    let app = builder.model(Model::new("mock/o").at("o", "1", "10")).start().await;
    let message = "This model's maximum context length is 10 tokens.";
    let body = json!({"error_after": 3, "error_status": 400});
    let knobs =
        json!({"answer": {"text": "one two three four five"}, "headers": {"error_message": message}, "body": body});
    app.simulator("o").set_scenario("*", scenario(knobs));
    let asked = json!({"model": "mock/o", "input": "Count.", "stream": true});
    let answer = app.send(&Ask::json("POST", "/api/v1/responses", &asked).key(&app.key)).await;
    let events = answer.events();
    assert!(answer.is_done(), "{}", answer.text());
    let said: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    let last = &events.last().unwrap()["response"];
    assert!(!said.is_empty(), "{}", answer.text());
    assert_eq!(
        (&events.last().unwrap()["type"], &last["status"]),
        (&json!("response.incomplete"), &json!("incomplete"))
    );
    assert_eq!(last["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!((&last["error_type"], &last["error"]), (&json!("context_length_exceeded"), &Value::Null));
    assert_eq!(
        (&last["output"][0]["content"][0]["text"], &last["output"][0]["status"]),
        (&json!(said), &json!("incomplete"))
    );
    let record = app.generation(&answer.id().unwrap()).await;
    assert_eq!(last["usage"]["cost"], record["total_cost"], "what was delivered is charged: {record}");
    assert!(record["total_cost"].as_f64().unwrap() > 0.0, "{record}");
    let asked = json!({"model": "mock/o", "messages": [{"role": "user", "content": "Count."}], "stream": true});
    let chat = app.chat(&asked).await;
    let error = chat.events().pop().unwrap()["error"].clone();
    assert_eq!(
        (chat.content(), &error["metadata"]["error_type"]),
        (said, &json!("context_length_exceeded")),
        "{error}"
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_is_an_incomplete_answer_of_responses_and_an_error_elsewhere() {
    let builder = TestApp::builder(BINARY).simulated("o", Family::OpenAi).await;
    let short = Model::new("mock/short").with("context_length", json!(1000)).at("o", "1", "10");
    let app = builder.model(short).model(Model::new("mock/o").at("o", "1", "10")).start().await;
    let too_long =
        json!({"headers": {"status": 400, "error_message": "This model's maximum context length is 10 tokens."}});
    app.simulator("o").set_scenario("*", scenario(too_long));
    // One is refused before anybody is asked, the other by the provider.
    for (model, words) in [("mock/short", 2000), ("mock/o", 5)] {
        let mut body =
            json!({"model": model, "input": "word ".repeat(words), "transforms": [], "instructions": "Be brief."});
        let plain = app.send(&Ask::json("POST", "/api/v1/responses", &body).key(&app.key)).await;
        let answer = plain.json();
        assert_eq!((plain.status, &answer["status"]), (200, &json!("incomplete")), "{}", plain.text());
        assert_eq!(answer["incomplete_details"], json!({"reason": "max_output_tokens"}));
        assert_eq!((&answer["error_type"], &answer["error"]), (&json!("context_length_exceeded"), &Value::Null));
        assert_eq!((&answer["model"], &answer["instructions"]), (&json!(model), &json!("Be brief.")));
        assert_eq!((&answer["usage"]["total_tokens"], &answer["usage"]["cost"]), (&json!(0), &json!(0)));
        let id = plain.header("x-generation-id").unwrap();
        assert_eq!(answer["id"], format!("resp_{}", id.strip_prefix("gen-").unwrap()));
        body["stream"] = json!(true);
        let streamed = app.send(&Ask::json("POST", "/api/v1/responses", &body).key(&app.key)).await;
        assert!(streamed.header("content-type").unwrap().starts_with("text/event-stream"), "{}", streamed.text());
        let events = streamed.events();
        let kinds: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
        assert_eq!(kinds.first().unwrap(), &"response.created", "{kinds:?}");
        assert_eq!(kinds.last().unwrap(), &"response.incomplete", "{kinds:?}");
        assert_eq!(events.last().unwrap()["response"]["error_type"], "context_length_exceeded");
        let chat = app.chat(&json!({"model": model, "transforms": [], "messages": [{"role": "user", "content": "word ".repeat(words)}]})).await;
        assert_eq!((chat.status, chat.error_type().as_str()), (400, "context_length_exceeded"), "{}", chat.text());
    }
    app.finish().await;
}
