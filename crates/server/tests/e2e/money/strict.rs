//! The journal's strict mode: an answer ends only when its charge is on disk.

use super::scenario;
use crate::BINARY;
use serde_json::json;
use simulator::Family;
use testkit::{Ask, Model, TestApp};

/// With a flush once an hour, a flush that an answer has seen is one that it waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_strict_answer_ends_after_its_charge_is_on_disk_and_others_do_not_wait() {
    for strict in [false, true] {
        let app = TestApp::builder(BINARY)
            .simulated("acme", Family::OpenAi)
            .await
            .model(Model::new("mock/echo").at("acme", "1", "3"))
            .setting("journal.flush_interval", json!("1h"))
            .setting("journal.strict", json!(strict))
            .start()
            .await;
        let messages = json!([{"role": "user", "content": "hello"}]);
        for (what, fields, fault) in [
            ("plain", json!({}), json!({})),
            ("stream", json!({"stream": true}), json!({})),
            ("judged stream", json!({"stream": true, "validate": {"non_empty": true}}), json!({})),
            ("broken stream", json!({"stream": true}), json!({"end_after": 2})),
        ] {
            let mut body = json!({"model": "mock/echo", "messages": messages});
            body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let words = json!({"answer": {"text": "a few words to say"}, "body": fault});
            app.simulator("acme").set_scenario("*", scenario(words));
            let before = app.metric("portolan_journal_flushes_total").await.expect("counted");
            let answer = app.send(&Ask::chat(&body).key(&app.key)).await;
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
            assert_eq!(answer.stream_error().is_some(), what == "broken stream", "{what}: {}", answer.text());
            let flushed = app.metric("portolan_journal_flushes_total").await.expect("counted") - before;
            assert_eq!(flushed, i64::from(strict), "{what}, strict {strict}");
        }
        app.finish().await;
    }
}
