//! Each rule of the oracle, on a case that breaks it.

use super::{Credits, End, Observed, Row, Sight, Verdict, judge};
use crate::chaos::wish::Wish;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

/// The life that was not killed.
const LAST: u64 = 9;

/// A sound case: asked, answered in full by the provider, seen whole, billed as shown.
struct Story {
    sight: Sight,
    seen: Observed,
    rows: Vec<Row>,
    used: i64,
}

fn sound() -> Story {
    let mut random = SmallRng::seed_from_u64(1);
    let mut wish = Wish::draw("t".to_owned(), 0, &mut random);
    wish.text_bytes = 400;
    let cost = wish.model.price.cost(10, 100);
    let sight = Sight {
        wish,
        epoch: 1,
        request_bytes: 100,
        sent: None,
        status: Some(200),
        id: None,
        text_bytes: 400,
        cost: Some(cost),
        stalled: None,
        end: End::Complete,
    };
    let seen = serde_json::from_value(serde_json::json!({
        "family": "openai", "path": "/", "model": "m", "stream": true, "body_sha256": "", "messages_sha256": null,
        "tools_sha256": null, "headers": {}, "header_names": [], "key_seen": null, "status": 200,
        "delivered_chunks": 1, "delivered_text_chars": 400, "cancelled": false, "finished": true,
        "scenario": null, "tag": "t", "usage": null,
        "counts": {"prompt": 10, "completion": 100, "cached": 0, "cache_write": 0, "cache_write_1h": 0,
            "reasoning": 0, "audio": 0, "image": 0, "audio_output": 0, "image_output": 0, "web_searches": 0},
    }))
    .expect("a record");
    let row = Row {
        id: "gen".to_owned(),
        tag: Some("t".to_owned()),
        cost,
        prompt_tokens: 10,
        completion_tokens: 100,
        is_interrupted: false,
        is_cancelled: false,
        is_failed: false,
    };
    Story { sight, seen, rows: vec![row], used: cost }
}

fn verdict(change: impl FnOnce(&mut Story)) -> Verdict {
    let mut story = sound();
    change(&mut story);
    let credits = Credits { granted: 0, used: story.used };
    judge(&[story.sight], &[story.seen], &story.rows, credits, LAST)
}

/// The entry becomes one of recovery, for so many answer tokens.
fn interrupted(story: &mut Story, tokens: u64) {
    story.sight.end = End::Cut;
    for row in &mut story.rows {
        row.is_interrupted = true;
        row.completion_tokens = tokens;
        row.cost = story.sight.wish.model.price.cost(10, tokens);
        story.used = row.cost;
    }
}

#[test]
fn what_is_right_is_not_told() {
    assert_eq!(verdict(|_| ()).told, Vec::<String>::new());
    let cut = verdict(|story| {
        story.sight.text_bytes = 40;
        interrupted(story, 10);
    });
    assert_eq!((cut.told, cut.cut, cut.interrupted), (Vec::new(), 1, 1));
    let closed = verdict(|story| story.sight.end = End::Cut);
    assert_eq!((closed.told, closed.closed_before_end), (Vec::new(), 1));
}

#[test]
fn each_wrong_bill_is_told_by_its_name() {
    type Case = (&'static str, fn(&mut Story), fn(&Verdict) -> u64);
    let cases: [Case; 12] = [
        ("no entry", |story| story.rows.clear(), |verdict| verdict.unbilled),
        ("an entry of nothing", |story| story.rows.iter_mut().for_each(|row| row.cost = 0), |verdict| verdict.unbilled),
        ("a nano-dollar more", |story| story.rows.iter_mut().for_each(|row| row.cost += 1), |verdict| verdict.wrong),
        (
            "shown and billed wrongly alike",
            |story| {
                story.sight.cost = story.sight.cost.map(|cost| cost + 1);
                story.rows.iter_mut().for_each(|row| row.cost += 1);
            },
            |verdict| verdict.wrong,
        ),
        ("two entries", |story| story.rows.extend(story.rows.clone()), |verdict| verdict.twice),
        ("more used than entered", |story| story.used += 1, |verdict| verdict.twice),
        ("less used than entered", |story| story.used -= 1, |verdict| verdict.unbilled),
        ("the provider broke off", |story| story.sight.text_bytes = 40, |verdict| verdict.wrong),
        (
            "more than was delivered",
            |story| {
                story.sight.text_bytes = 40;
                interrupted(story, 11);
            },
            |verdict| verdict.beyond_delivery,
        ),
        (
            "nothing delivered",
            |story| {
                story.sight.text_bytes = 0;
                interrupted(story, 0);
            },
            |verdict| verdict.for_nothing,
        ),
        ("refused and billed", |story| story.sight.end = End::Refused, |verdict| verdict.for_nothing),
        (
            "cut in the life that was not killed",
            |story| {
                story.sight.epoch = LAST;
                interrupted(story, 1);
            },
            |verdict| verdict.other,
        ),
    ];
    for (name, change, count) in cases {
        let verdict = verdict(change);
        assert!(count(&verdict) > 0, "{name}: {:?}", verdict.told);
    }
}

#[test]
fn a_delivered_answer_without_any_entry_is_told() {
    let forgotten = verdict(|story| {
        story.sight.end = End::Cut;
        story.rows.clear();
        story.used = 0;
    });
    assert_eq!(forgotten.unbilled, 1, "{:?}", forgotten.told);
}
