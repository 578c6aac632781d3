//! Journals that an older version left behind.

use crate::contract::fixture::{account_id, key_id, noon, opening, settlement};
use crate::journal::record::{Draft, Kind};
use crate::journal::segment::Segment;
use crate::journal::{Interrupted, Journal, JournalOptions, undrained};

/// Payloads as they were written until 2026-11-21, letter for letter.
const OPEN: &str = concat!(
    r#"{"id":"gen-01a1fdfa460070008000000000000001","account":"acct_01a1f8d3ea0070008000000000000001","#,
    r#""workspace":"ws_01a1fdfa460070008000000000000003","key":"key_01a1f8d3ea0070008000000000000001","#,
    r#""created_at":1795262400000000,"model_asked":"acme/echo","model":"acme/echo-1","#,
    r#""provider_slug":"acme","provider_name":"Acme","endpoint_tag":"acme/fp8","attempt":2,"#,
    r#""api_type":"completions","streamed":false,"price_version":"v1","prompt_price":1000000001,"#,
    r#""completion_price":3000000000,"fixed_price":0,"prompt_tokens":101,"hold":5000000,"user":"o'neil 😀","#,
    r#""customer":"customer","session_id":"session","app_title":"app","user_agent":"agent/1","region":"eu","#,
    r#""data_policy":"no training","is_free":false,"preset":"pre_01a1fdfa460070008000000000000000"}"#,
);
const MARK: &str = r#"{"id":"gen-01a1fdfa460070008000000000000001","delivered_tokens":7}"#;
const CLOSE: &str = concat!(
    r#"{"opening":{"id":"gen-01a1fdfa460070008000000000000002","#,
    r#""account":"acct_01a1f8d3ea0070008000000000000001","workspace":"ws_01a1fdfa460070008000000000000003","#,
    r#""key":"key_01a1f8d3ea0070008000000000000001","created_at":1795262400000000,"#,
    r#""model_asked":"acme/echo","model":"acme/echo-1","provider_slug":"acme","provider_name":"Acme","#,
    r#""endpoint_tag":"acme/fp8","attempt":2,"api_type":"completions","streamed":true,"price_version":"v1","#,
    r#""prompt_price":1000000001,"completion_price":3000000000,"fixed_price":0,"prompt_tokens":102,"#,
    r#""hold":5000000,"user":"o'neil 😀","customer":"customer","session_id":"session","app_title":"app","#,
    r#""user_agent":"agent/1","region":"eu","data_policy":"no training","is_free":false,"#,
    r#""preset":"pre_01a1fdfa460070008000000000000000"},"ended_at":1795262402000000,"ending":"completed","#,
    r#""kind":"usage","charge":274001,"lines":[{"kind":"prompt","units":102,"#,
    r#""price":1000000001},{"kind":"input_cache_read","units":10,"price":100000000},{"kind":"completion","#,
    r#""units":52,"price":3000000000},{"kind":"internal_reasoning","units":5,"price":3000000000}],"#,
    r#""usage":{"input_fresh":102,"input_cache_read":10,"output_text":52,"output_reasoning":5,"#,
    r#""source":"reported","suspect":false},"finish_reason":"stop","native_finish_reason":"end_turn","#,
    r#""upstream_id":"chatcmpl-1","status":200,"latency_ms":120,"generation_ms":1900,"#,
    r#""attempts":[{"index":1,"model":"acme/echo-1","provider_slug":"other","provider_name":"Other","#,
    r#""endpoint_tag":"other","status":503,"outcome":"failed","reason":"provider is overloaded","#,
    r#""started_ms":1,"duration_ms":30}],"excluded":[{"model":"acme/echo-1","endpoint_tag":"third","#,
    r#""reason":"data policy"}]}"#,
);

#[test]
fn records_in_json_are_replayed() {
    let folder = tempfile::tempdir().expect("folder");
    let first = Segment { first: 1, epoch: 0 };
    let mut bytes = first.header();
    for (seq, (kind, json)) in (1..).zip([(Kind::Open, OPEN), (Kind::Mark, MARK), (Kind::Close, CLOSE)]) {
        bytes.extend(Draft::of_json(kind, json).seal(seq));
    }
    std::fs::write(folder.path().join(first.file_name()), bytes).expect("writes");

    let options = JournalOptions { flush_interval: None, ..JournalOptions::default() };
    let (journal, recovered) = Journal::open(folder.path(), options).expect("opens");
    let old = |number| settlement(number, account_id(1), key_id(1), noon());
    let opening = opening(1, account_id(1), key_id(1), noon());
    assert_eq!(recovered.interrupted, [Interrupted { opening, delivered_tokens: Some(7) }]);
    assert_eq!(recovered.last_seq, 3);

    journal.close(&old(3)).expect("writes behind them");
    drop(journal);
    assert_eq!(undrained(folder.path(), 0).expect("reads both forms"), [old(2), old(3)]);
}
