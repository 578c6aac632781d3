//! From inputs to new ones.

use rand::Rng as _;
use rand::rngs::SmallRng;

/// Pieces that parsers tend to stumble over.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"true",
    b"-1",
    b"1e400",
    b"18446744073709551616",
    b"0.5",
    b"\"\"",
    b"{}",
    b"[]",
    b"\\u0000",
    b"\\ud800",
    b"\\ud83d\\ude00",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"\0",
    b"\r\n",
    b"\n\n",
    b"data: ",
    b"data:",
    b"event: ",
    b"[DONE]",
    b": ",
    b"id",
    b"content",
    b"tool_calls",
    b"index",
    b"..",
    b"/",
    b"%2F",
    b"@",
    b"[::1]",
    b"127.0.0.1",
    b"0x7f",
    b"http://",
    b"https://",
    b"Bearer ",
    b"sk-or-v1-",
    b"-----------------",
];

/// A mutation of an input of the pool, at most `most` bytes.
pub fn mutate(pool: &[Vec<u8>], most: usize, random: &mut SmallRng) -> Vec<u8> {
    let mut input = pick(pool, random).to_vec();
    for _ in 0..random.random_range(1..=4) {
        step(&mut input, pool, random);
    }
    input.truncate(most);
    input
}

fn pick<'a>(pool: &'a [Vec<u8>], random: &mut SmallRng) -> &'a [u8] {
    let at = random.random_range(0..pool.len().max(1));
    pool.get(at).map_or(&[], Vec::as_slice)
}

fn step(input: &mut Vec<u8>, pool: &[Vec<u8>], random: &mut SmallRng) {
    let at = random.random_range(0..=input.len());
    let end = random.random_range(at..=input.len().min(at + 64));
    match random.random_range(0..8) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.random_range(0..8);
            }
        }
        1 => input.insert(at, random.random()),
        2 => drop(input.drain(at..end)),
        3 => {
            let copy: Vec<u8> = input.get(at..end).unwrap_or_default().to_vec();
            input.splice(at..at, copy);
        }
        4 => input.truncate(at),
        5 => {
            let other = pick(pool, random);
            let from = random.random_range(0..=other.len());
            let to = random.random_range(from..=other.len().min(from + 512));
            let piece = other.get(from..to).unwrap_or_default().to_vec();
            input.splice(at..end, piece);
        }
        6 => {
            let piece = PIECES.get(random.random_range(0..PIECES.len())).copied().unwrap_or_default();
            input.splice(at..end, piece.iter().copied());
        }
        _ => {
            let piece = PIECES.get(random.random_range(0..PIECES.len())).copied().unwrap_or_default();
            input.splice(at..at, piece.iter().copied());
        }
    }
}
