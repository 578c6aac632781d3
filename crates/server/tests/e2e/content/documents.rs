//! Documents for models that take none.

use super::pdf::{bomb, pdf, saying, toil};
use super::site::Site;
use crate::BINARY;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulator::Family;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use testkit::{AppBuilder, Ask, Model, PATIENCE, TestApp, eventually};
use tokio::io::AsyncWriteExt as _;

async fn builder() -> AppBuilder {
    TestApp::builder(BINARY)
        .simulated("acme", Family::OpenAi)
        .await
        .simulated("native", Family::Anthropic)
        .await
        .model(Model::new("mock/text").at("acme", "1", "1"))
        .model(Model::new("mock/files").with("input_modalities", json!(["text", "file"])).at("native", "1", "1"))
}

fn data_url(bytes: &[u8]) -> String {
    format!("data:application/pdf;base64,{}", STANDARD.encode(bytes))
}

fn reading(model: &str, data: &str) -> Value {
    json!({"model": model, "max_tokens": 200, "messages": [{"role": "user", "content": [
        {"type": "text", "text": "what does it say?"}, {"type": "file", "file": {"filename": "a.pdf", "file_data": data}}]}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_files_gets_the_text_and_the_caller_the_annotation_that_saves_the_work() {
    let site = Site::start(&[("/a.pdf", "application/pdf", &saying("forty-two"))]).await;
    let hosts = json!({"allow_http": true, "hosts": {"files.example.com": site.address.to_string()}});
    let app = builder().await.setting("egress", hosts).start().await;
    for (round, data) in [(0, data_url(&saying("forty-two"))), (1, "http://files.example.com/a.pdf".to_owned())] {
        let ask = reading("mock/text", &data);
        let answer = app.send(&Ask::chat(&ask).key(&app.key).header("x-openrouter-metadata", "enabled")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.content().contains("forty-two"), "{}", answer.text());
        let body = answer.json();
        let annotation = &body["choices"][0]["message"]["annotations"][0];
        assert_eq!((&annotation["type"], &annotation["file"]["name"]), (&json!("file"), &json!("a.pdf")), "{body}");
        assert_eq!(annotation["file"]["content"][0], json!({"type": "text", "text": "forty-two"}));
        assert_eq!(body["openrouter_metadata"]["pipeline"][0]["name"], "file-parser", "{body}");
        assert_eq!(site.asked(), round);

        let mut again = ask.clone();
        let mut annotation = annotation.clone();
        annotation["file"]["content"][0]["text"] = json!("remembered");
        let messages = again["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": "x", "annotations": [annotation]}));
        messages.push(messages[0].clone());
        let answer = app.chat(&again).await;
        assert!(answer.content().contains("remembered"), "{}", answer.text());
        assert_eq!(site.asked(), round, "neither fetched nor read again");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_names_the_documents_too() {
    let app = builder().await.start().await;
    let mut ask = reading("mock/text", &data_url(&saying("forty-two")));
    ask["stream"] = json!(true);
    let answer = app.chat(&ask).await;
    assert!(answer.content().contains("forty-two") && answer.is_done(), "{}", answer.text());
    let named =
        answer.events().iter().filter(|event| event["choices"][0]["delta"]["annotations"][0]["type"] == "file").count();
    assert_eq!(named, 1, "{}", answer.text());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_takes_files_gets_the_file_unless_the_caller_wants_its_text() {
    let app = builder().await.start().await;
    let ask = reading("mock/files", &data_url(&saying("forty-two")));
    let answer = app.chat(&ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.content().contains("forty-two"), "{}", answer.text());
    let mut as_text = ask.clone();
    as_text["plugins"] = json!([{"id": "file-parser", "pdf": {"engine": "pdf-text"}}]);
    assert!(app.chat(&as_text).await.content().contains("forty-two"));
    let mut native = reading("mock/text", &data_url(&saying("forty-two")));
    native["plugins"] = json!([{"id": "file-parser", "pdf": {"engine": "native"}}]);
    assert_eq!(app.chat(&native).await.status, 404, "no endpoint takes the file");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_text_needs_no_reader_and_one_that_is_neither_is_refused() {
    let app = builder().await.start().await;
    let text = format!("data:text/csv;base64,{}", STANDARD.encode("a;b\n1;2"));
    let answer = app.chat(&reading("mock/text", &text)).await;
    assert!(answer.content().contains("1;2"), "{}", answer.text());
    for (name, bytes) in
        [("zip", &b"PK\x03\x04\xff\xfe"[..]), ("broken", b"%PDF-1.4 nothing"), ("mute", &pdf(b"q Q", 1))]
    {
        let answer = app.chat(&reading("mock/text", &data_url(bytes))).await;
        assert_eq!((answer.status, answer.error_type().as_str()), (400, "invalid_prompt"), "{name}: {}", answer.text());
    }
    assert!(app.simulator("acme").observed().len() == 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_documents_is_paid_for_or_not_sent() {
    let long = format!("BT /F1 12 Tf {} ET", "(a long line of text that goes on) Tj T* ".repeat(3000));
    let app = builder().await.credits("0.02").start().await;
    let answer = app.chat(&reading("mock/text", &data_url(&pdf(long.as_bytes(), 1)))).await;
    assert_eq!((answer.status, answer.error_type().as_str()), (402, "payment_required"), "{}", answer.text());
    assert!(app.simulator("acme").observed().is_empty());
    app.finish().await;
}

/// Runs the reading process alone, and says which signal ended it.
async fn reader(bytes: &[u8], memory: u64, cpu: u64) -> (Option<i32>, Option<i32>, String) {
    let mut child = tokio::process::Command::new(BINARY)
        .args(["read-document", "--memory", &memory.to_string(), "--cpu", &cpu.to_string()])
        .args(["--text", "100000", "--pages", "1000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let giving = tokio::spawn(async move { drop(stdin.write_all(&bytes).await) });
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    giving.await.unwrap();
    (output.status.code(), output.status.signal(), String::from_utf8_lossy(&output.stdout).into_owned())
}

const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_ends_at_its_memory_and_at_its_processor_time() {
    let (code, signal, text) = reader(&saying("forty-two"), 256 * MIB, 8).await;
    assert_eq!((code, signal, text.trim()), (Some(0), None, "forty-two"));
    let (code, signal, _) = reader(&bomb(), 256 * MIB, 60).await;
    assert_eq!((code, signal), (None, Some(6)), "an allocation above the limit aborts");
    let (code, signal, _) = reader(&toil(), 1024 * MIB, 1).await;
    assert!(code.is_none() && matches!(signal, Some(9 | 24)), "{code:?} {signal:?}: the kernel ends it at its limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_a_limit_is_refused_and_the_next_one_is_read() {
    for (what, settings, document) in [
        ("memory", json!({"memory_bytes": 256 * MIB, "cpu": "60s", "time": "60s"}), bomb()),
        ("processor", json!({"memory_bytes": 1024 * MIB, "cpu": "1s", "time": "60s"}), toil()),
        ("time", json!({"memory_bytes": 1024 * MIB, "cpu": "60s", "time": "700ms"}), toil()),
    ] {
        let app = builder().await.setting("documents", settings).start().await;
        let answer = app.chat(&reading("mock/text", &data_url(&document))).await;
        assert_eq!((answer.status, answer.error_type().as_str()), (400, "invalid_prompt"), "{what}: {}", answer.text());
        assert!(answer.text().contains("more time or memory"), "{what}: {}", answer.text());
        assert!(app.simulator("acme").observed().is_empty());
        eventually("the process is gone", PATIENCE, || async { children(&app).is_empty().then_some(()) }).await;
        if what != "time" {
            let answer = app.chat(&reading("mock/text", &data_url(&saying("forty-two")))).await;
            assert!(answer.content().contains("forty-two"), "{what}: {}", answer.text());
        }
        app.finish().await;
    }
}

/// Reading processes of the server.
fn children(app: &TestApp) -> Vec<std::path::PathBuf> {
    let server = app.process_id().to_string();
    let is_child = |folder: &std::path::PathBuf| {
        let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(server.as_str())
    };
    let folders = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    folders.filter(is_child).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_inherits_neither_files_nor_environment() {
    let limits = json!({"memory_bytes": 1024 * MIB, "cpu": "60s", "time": "5s"});
    let app = builder().await.setting("documents", limits).start().await;
    let wire = app.open(&Ask::chat(&reading("mock/text", &data_url(&toil()))).key(&app.key)).await;
    let folder = eventually("the document is being read", PATIENCE, || async {
        children(&app)
            .into_iter()
            .find(|folder| std::fs::read_to_string(folder.join("cmdline")).is_ok_and(|line| line.contains("--limited")))
    })
    .await;
    let environment = std::fs::read(folder.join("environ")).unwrap();
    assert_eq!(String::from_utf8_lossy(&environment), "");
    let mut open: Vec<String> = std::fs::read_dir(folder.join("fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    let limits = std::fs::read_to_string(folder.join("limits")).unwrap();
    for (name, value) in
        [("Max cpu time", "60"), ("Max file size", "0"), ("Max core file size", "0"), ("Max open files", "16")]
    {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(line[name.len()..].split_whitespace().next(), Some(value), "{line}");
    }
    drop(wire);
    eventually("the process is gone", PATIENCE, || async { children(&app).is_empty().then_some(()) }).await;
    app.finish().await;
}

/// A client that resets its connection is gone. One that merely closes its sending half may still be waiting: then the
/// reader's own limits end the work.
#[tokio::test(flavor = "multi_thread")]
async fn the_reader_ends_when_its_client_leaves() {
    let limits = json!({"memory_bytes": 1024 * MIB, "cpu": "60s", "time": "60s"});
    let app = builder().await.setting("documents", limits).start().await;
    for stream in [false, true] {
        let mut ask = reading("mock/text", &data_url(&toil()));
        ask["stream"] = json!(stream);
        let wire = app.open(&Ask::chat(&ask).key(&app.key)).await;
        eventually("the document is being read", PATIENCE, || async { (!children(&app).is_empty()).then_some(()) })
            .await;
        let left = std::time::Instant::now();
        wire.reset();
        eventually("the process is gone", PATIENCE, || async { children(&app).is_empty().then_some(()) }).await;
        let took = left.elapsed();
        assert!(took < std::time::Duration::from_secs(10), "stream {stream}: stopped after {took:?}");
        assert!(app.simulator("acme").observed().is_empty());
    }
    app.finish().await;
}
