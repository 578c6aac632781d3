//! Framing: however it is bent, a forgiving reader finds the same text.

use crate::client::{Ended, KINDS, Kind, start};

#[tokio::test]
async fn bent_frames_hold_the_same_text() {
    let simulator = start().await;
    let expected = "You said: añ漢🦀";
    for knobs in [
        "framing.bom=true",
        "framing.line_end=lf",
        "framing.line_end=crlf",
        "framing.line_end=cr",
        "framing.comment_every=2",
        "framing.extra_lines=true",
        "framing.multi_line=true",
        "framing.tight=true",
        "framing.nul=true",
        "framing.event_names=true",
        "framing.role_missing=true",
        "body.split_bytes=7",
        "body.split_at=[1,2,40,41]",
        "body.drip_ms=1~body.split_bytes=64",
        "body.comments_first=1",
    ] {
        for kind in KINDS {
            let reply = kind.ask(simulator.address(), &format!("m~{knobs}"), "añ漢🦀", true).await;
            assert_eq!(kind.stream_text(&reply), expected, "{kind:?} {knobs}: {}", reply.text());
            assert_eq!(reply.ended, Ended::Complete);
            let bytes = &reply.body;
            match knobs {
                "framing.bom=true" => assert!(bytes.starts_with(b"\xEF\xBB\xBF")),
                "framing.line_end=lf" => assert!(!bytes.contains(&b'\r')),
                "framing.line_end=cr" => assert!(!bytes.contains(&b'\n')),
                "framing.nul=true" => assert!(bytes.contains(&0)),
                "framing.comment_every=2" => assert!(reply.text().contains(": a comment")),
                "body.split_bytes=7" => assert!(reply.chunks.iter().all(|chunk| chunk.len() <= 7)),
                "body.comments_first=1" => assert!(reply.text().starts_with(": keep-alive")),
                "body.split_at=[1,2,40,41]" => {
                    let sizes: Vec<usize> = reply.chunks.iter().take(4).map(Vec::len).collect();
                    assert_eq!(sizes, [1, 1, 38, 1]);
                }
                _ => {}
            }
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_end_mark_comes_as_told() {
    let simulator = start().await;
    for (rule, expected) in [
        ("once", vec!["usage", "[DONE]"]),
        ("missing", vec!["finish", "usage"]),
        ("twice", vec!["[DONE]", "[DONE]"]),
        ("before_usage", vec!["[DONE]", "usage"]),
        ("data_after", vec!["[DONE]", "late"]),
    ] {
        let reply = Kind::OpenAi.ask(simulator.address(), &format!("m~framing.done={rule}"), "x", true).await;
        let named: Vec<&str> = reply
            .data()
            .iter()
            .map(|data| match data {
                data if data == "[DONE]" => "[DONE]",
                data if data.contains("\"content\":\"late\"") => "late",
                data if data.contains("\"finish_reason\":\"stop\"") => "finish",
                data if !data.contains("\"usage\":null") => "usage",
                _ => "content",
            })
            .collect();
        assert_eq!(named[named.len() - 2..], expected, "{rule}");
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_finish_reason_comes_as_told() {
    let simulator = start().await;
    for kind in KINDS {
        for (knob, times) in [("missing", 0), ("twice", 2), ("unknown", 1)] {
            let reply = kind.ask(simulator.address(), &format!("m~answer.finish={knob}"), "x", true).await;
            assert_eq!(kind.finishes(&reply).len(), times, "{kind:?} {knob}");
        }
        let reply = kind.ask(simulator.address(), "m~framing.empty_choices=true", "x", false).await;
        assert_eq!(kind.plain_text(&reply.json()), "");
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn invalid_bytes_stand_where_told() {
    let simulator = start().await;
    for kind in KINDS {
        let reply = kind.ask(simulator.address(), "m~framing.invalid_utf8_at=2", "x", true).await;
        let bad: Vec<usize> =
            (0..reply.chunks.len()).filter(|at| std::str::from_utf8(&reply.chunks[*at]).is_err()).collect();
        assert_eq!(bad.len(), 1, "{kind:?}");
    }
    simulator.shutdown().await;
}
