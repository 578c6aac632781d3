use super::{Decoder, Event, SseError};
use proptest::prelude::*;

fn decode(pieces: &[&[u8]], limit: usize) -> Result<Vec<Event>, SseError> {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(event) = decoder.next()? {
            events.push(event);
        }
    }
    events.extend(decoder.finish()?);
    Ok(events)
}

fn event(name: Option<&str>, data: &str) -> Event {
    Event { name: name.map(str::to_owned), data: data.as_bytes().to_vec() }
}

#[test]
fn reads_every_way_of_writing_an_event() {
    for (text, expected) in [
        ("data: a\n\n", vec![event(None, "a")]),
        ("data:a\r\n\r\ndata:b\r\n\r\n", vec![event(None, "a"), event(None, "b")]),
        ("data: a\r\rdata: b\r\r", vec![event(None, "a"), event(None, "b")]),
        ("data: a\r\n\n\r\rdata: b\n\r\n", vec![event(None, "a"), event(None, "b")]),
        ("\u{feff}data: a\n\n", vec![event(None, "a")]),
        (": keep-alive\n\ndata: a\n: again\n\n", vec![event(None, "a")]),
        ("data: a\ndata: b\n\n", vec![event(None, "a\nb")]),
        ("data: a", vec![event(None, "a")]),
        ("data: a\n", vec![event(None, "a")]),
        ("event: error\ndata: a\n\ndata: b\n\n", vec![event(Some("error"), "a"), event(None, "b")]),
        ("event: lost\n\ndata: a\n\n", vec![event(None, "a")]),
        ("id: 7\nretry: 10\ndata: a\n\n", vec![event(None, "a")]),
        ("data\n\n", vec![event(None, "")]),
        ("data:  two spaces \n\n", vec![event(None, " two spaces ")]),
        ("data: \u{feff}x\n\n", vec![event(None, "\u{feff}x")]),
        ("", vec![]),
        ("\n\n\n", vec![]),
        ("database: no\n\n", vec![]),
    ] {
        assert_eq!(decode(&[text.as_bytes()], 100).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn tells_that_a_comment_was_seen_once() {
    let mut decoder = Decoder::new(100);
    decoder.push(b": ping\n\n");
    assert_eq!(decoder.next().unwrap(), None);
    assert!(decoder.take_comment_seen());
    assert!(!decoder.take_comment_seen());
}

#[test]
fn refuses_an_event_above_the_limit_and_takes_one_at_it() {
    let line = |bytes: usize| format!("data: {}\n\n", "x".repeat(bytes));
    assert_eq!(decode(&[line(94).as_bytes()], 100).unwrap().len(), 1);
    assert_eq!(decode(&[line(95).as_bytes()], 100), Err(SseError::EventTooLarge { limit: 100 }));
    let unfinished = "data: ".to_owned() + &"x".repeat(200);
    let mut decoder = Decoder::new(100);
    decoder.push(unfinished.as_bytes());
    assert!(decoder.next().is_err());
    let many_lines = "data: xxxxxxxxx\n".repeat(20);
    assert!(decode(&[many_lines.as_bytes()], 100).is_err());
}

#[test]
fn holds_no_more_than_the_open_line() {
    let mut decoder = Decoder::new(1024);
    for _ in 0..100_000 {
        decoder.push(b"data: x\n\n");
        assert!(decoder.next().unwrap().is_some());
        assert!(decoder.next().unwrap().is_none());
    }
    assert!(decoder.buffer.capacity() < 1024);
}

proptest! {
    #[test]
    fn events_do_not_depend_on_the_cuts(
        lines in proptest::collection::vec("(data: ?[a-zé€😀]{0,6}|event: [a-z]{1,4}|: c|id: 1|)", 0..20),
        ends in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 20),
        cuts in proptest::collection::vec(0usize..400, 0..8),
    ) {
        let text: String = lines.iter().zip(&ends).flat_map(|(line, end)| [line.as_str(), *end]).collect();
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let singles: Vec<&[u8]> = bytes.chunks(1).collect();
        let whole = decode(&[bytes], 1000).unwrap();
        prop_assert_eq!(&decode(&pieces, 1000).unwrap(), &whole);
        prop_assert_eq!(&decode(&singles, 1000).unwrap(), &whole);
    }
}
