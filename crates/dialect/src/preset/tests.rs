use super::{Content, Form, Reference, content, merge, reference};
use serde_json::{Value, json};

fn named(slug: &str, model: Option<&str>) -> Reference {
    Reference { slug: slug.to_owned(), model: model.map(str::to_owned) }
}

fn merged(body: &Value, prompt: Option<&str>, config: &Value, form: Form) -> Value {
    let body = body.to_string();
    let found = reference(body.as_bytes()).expect("readable").expect("named");
    let bytes = merge(body.as_bytes(), &found, prompt, &config.to_string(), form).expect("merges");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn three_forms_name_a_preset() {
    for (body, expected) in [
        (json!({"model": "@preset/brief"}), Some(named("brief", None))),
        (json!({"model": "a/b", "preset": "brief"}), Some(named("brief", Some("a/b")))),
        (json!({"model": "a/b:free@preset/brief"}), Some(named("brief", Some("a/b:free")))),
        (json!({"preset": "@preset/brief"}), Some(named("brief", None))),
        (json!({"model": "@preset/brief", "preset": "brief"}), Some(named("brief", None))),
        (json!({"model": "a/b", "preset": null}), None),
        (json!({"model": "a/b", "messages": [{"content": "what is a preset?"}]}), None),
        (json!({"model": 7, "preset": "brief"}), Some(named("brief", None))),
    ] {
        assert_eq!(reference(body.to_string().as_bytes()), Ok(expected), "{body}");
    }
    for body in [
        r#"{"pre\u0073et":"brief"}"#,
        r#"{"\u0070\u0072\u0065\u0073\u0065\u0074":"brief"}"#,
        r#"{"model":"@\u0070reset\/brief"}"#,
        r#"{"model":"\u0040preset\u002Fbrief"}"#,
    ] {
        assert_eq!(reference(body.as_bytes()), Ok(Some(named("brief", None))), "{body}");
    }
    assert_eq!(reference(r#"{"model":"a/b","x":"caf\u00e9 \u0007 \\u0073"}"#.as_bytes()), Ok(None));
    assert_eq!(reference(b"{\"preset\":"), Ok(None), "the parser of the body says what is wrong");
    for body in [
        json!({"preset": 7}),
        json!({"preset": ""}),
        json!({"model": "@preset/"}),
        json!({"preset": "a".repeat(201)}),
        json!({"model": "@preset/a", "preset": "b"}),
    ] {
        let error = reference(body.to_string().as_bytes()).expect_err("refused");
        assert_eq!(error.param.as_deref(), Some("preset"), "{body}");
    }
}

#[test]
fn request_fields_win_whole_and_the_other_preset_fields_stay() {
    let preset = json!({"model": "p/m", "models": ["p/n"], "temperature": 0.1, "top_p": 0.5,
        "provider": {"order": ["a"], "zdr": true}, "max_tokens": 10, "cache_enabled": true});
    let body = json!({"model": "@preset/x", "messages": [], "temperature": 0.9, "provider": {"only": ["b"]}});
    assert_eq!(
        merged(&body, None, &preset, Form::Chat),
        json!({"model": "p/m", "models": ["p/n"], "messages": [], "temperature": 0.9, "top_p": 0.5, "max_tokens": 10,
            "provider": {"only": ["b"]}})
    );
    let body = json!({"model": "a/b@preset/x", "messages": [], "top_p": null, "max_completion_tokens": 5});
    let merged = merged(&body, None, &preset, Form::Chat);
    assert_eq!((&merged["model"], &merged["top_p"]), (&json!("a/b"), &json!(0.5)), "null is absent");
    assert_eq!(merged.get("max_tokens"), None, "another spelling of a limit that the request sets");
}

#[test]
fn what_the_caller_wrote_is_kept_byte_for_byte() {
    let body = br#"{"model":"@preset/x", "messages":[ {"role":"user","content":"\u00e9 1.0"} ],"seed":1e2}"#;
    let found = reference(body).expect("readable").expect("named");
    let bytes = merge(body, &found, Some("Be \"brief\""), r#"{"model":"p/m"}"#, Form::Chat).expect("merges");
    let expected = r#"{"messages":[{"role":"system","content":"Be \"brief\""}, {"role":"user","content":"\u00e9 1.0"} ],"seed":1e2,"model":"p/m"}"#;
    assert_eq!(std::str::from_utf8(&bytes).expect("text"), expected);
}

#[test]
fn a_system_prompt_of_the_request_wins() {
    for (form, body, expected) in [
        (
            Form::Chat,
            json!({"preset": "x", "messages": [{"role": "user", "content": "hi"}]}),
            json!({"messages": [{"role": "system", "content": "P"}, {"role": "user", "content": "hi"}]}),
        ),
        (
            Form::Chat,
            json!({"preset": "x", "messages": [{"role": "developer", "content": "D"}]}),
            json!({"messages": [{"role": "developer", "content": "D"}]}),
        ),
        (Form::Chat, json!({"preset": "x", "messages": []}), json!({"messages": [{"role": "system", "content": "P"}]})),
        (Form::Chat, json!({"preset": "x", "messages": 7}), json!({"messages": 7})),
        (Form::Messages, json!({"preset": "x"}), json!({"system": "P"})),
        (Form::Messages, json!({"preset": "x", "system": "own"}), json!({"system": "own"})),
        (Form::Responses, json!({"preset": "x"}), json!({"instructions": "P"})),
        (Form::Responses, json!({"preset": "x", "instructions": "own"}), json!({"instructions": "own"})),
    ] {
        assert_eq!(merged(&body, Some("P"), &json!({}), form), expected, "{body}");
    }
}

#[test]
fn tools_are_joined_in_the_presets_order_and_the_requests_words() {
    let function =
        |name: &str, text: &str| json!({"type": "function", "function": {"name": name, "description": text}});
    let helper =
        |name: &str, text: &str| json!({"type": "openrouter:advisor", "parameters": {"name": name, "hint": text}});
    let web = |text: &str| json!({"type": "openrouter:web_search", "parameters": {"engine": text}});
    let preset = json!({"tools": [function("a", "p"), web("p"), helper("one", "p"), function("b", "p")]});
    let body = json!({"preset": "x", "tools": [function("c", "r"), helper("two", "r"), helper("one", "r"), web("r"), function("b", "r")]});
    assert_eq!(
        merged(&body, None, &preset, Form::Chat)["tools"],
        json!([
            function("a", "p"),
            web("r"),
            helper("one", "r"),
            function("b", "r"),
            function("c", "r"),
            helper("two", "r")
        ])
    );
    assert_eq!(merged(&json!({"preset": "x"}), None, &preset, Form::Chat)["tools"], preset["tools"]);
    let odd = json!({"preset": "x", "tools": "none"});
    assert_eq!(merged(&odd, None, &preset, Form::Chat)["tools"], "none", "the parser of the body says what is wrong");
}

#[test]
fn a_preset_of_one_form_serves_the_others() {
    let schema = json!({"type": "object", "properties": {}});
    let config = json!({"max_tokens": 9, "stop": "x",
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]});
    let body = json!({"preset": "x"});
    assert_eq!(
        merged(&body, None, &config, Form::Messages),
        json!({"max_tokens": 9, "stop_sequences": ["x"], "tools": [{"name": "f", "input_schema": schema}]})
    );
    assert_eq!(
        merged(&body, None, &config, Form::Responses),
        json!({"max_output_tokens": 9, "stop": "x", "tools": [{"type": "function", "name": "f", "parameters": schema}]})
    );
    let config = json!({"max_tokens": 9, "stop_sequences": ["x"], "tools": [{"name": "f", "input_schema": schema}]});
    assert_eq!(
        merged(&body, None, &config, Form::Chat),
        json!({"max_tokens": 9, "stop": ["x"],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]})
    );
}

#[test]
fn content_keeps_configuration_and_system_prompt_only() {
    let body = json!({"model": "a/b", "temperature": 0.2, "stream": true, "user": "u", "session_id": "s", "prompt": null,
        "messages": [{"role": "system", "content": "One"}, {"role": "user", "content": "secret"},
            {"role": "developer", "content": [{"type": "text", "text": "Two"}]}]});
    assert_eq!(
        content(body.to_string().as_bytes(), Form::Chat),
        Ok(Content {
            system_prompt: Some("One\n\nTwo".to_owned()),
            config: r#"{"model":"a/b","temperature":0.2}"#.to_owned()
        })
    );
    let body = json!({"system": [{"type": "text", "text": "S"}], "max_tokens": 3, "messages": []});
    let kept = content(body.to_string().as_bytes(), Form::Messages).expect("kept");
    assert_eq!((kept.system_prompt.as_deref(), kept.config.as_str()), (Some("S"), r#"{"max_tokens":3}"#));
    let body = json!({"instructions": "I", "input": "secret", "temperature": 1});
    let kept = content(body.to_string().as_bytes(), Form::Responses).expect("kept");
    assert_eq!((kept.system_prompt.as_deref(), kept.config.as_str()), (Some("I"), r#"{"temperature":1}"#));
}

#[test]
fn content_that_would_fail_every_request_is_refused() {
    for (body, param) in [
        (json!({"temperature": 9}), "temperature"),
        (json!({"models": ["a/b", "a/b"]}), "models"),
        (json!({"model": "@preset/other"}), "preset"),
        (json!({"models": ["a/b@preset/other"]}), "preset"),
        (json!({"preset": "other"}), "preset"),
    ] {
        let error = content(body.to_string().as_bytes(), Form::Chat).expect_err("refused");
        assert_eq!(error.param.as_deref(), Some(param), "{body}");
    }
    assert!(content(br#"{"model":"@preset\/other"}"#, Form::Chat).is_err(), "whatever its spelling");
    assert!(content(b"[]", Form::Chat).is_err());
    assert_eq!(content(b"{}", Form::Chat).expect("empty").config, "{}");
}

#[test]
fn a_chat_request_with_items_gets_the_prompt_as_its_instructions() {
    let items = json!({"model": "a/b@preset/x", "input": "Hi"});
    let expected = json!({"model": "a/b", "input": "Hi", "instructions": "Be brief."});
    assert_eq!(merged(&items, Some("Be brief."), &json!({}), Form::Chat), expected);
    let own = json!({"model": "a/b@preset/x", "input": "Hi", "instructions": "Be long."});
    assert_eq!(merged(&own, Some("Be brief."), &json!({}), Form::Chat)["instructions"], "Be long.");
}
