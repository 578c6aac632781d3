//! Several rows in one statement, for SQLite.
//!
//! Each execution wakes the connection's thread and waits for it, which costs more than writing a row. The texts of bulk
//! writes are declared for one row; here they are widened, with bare placeholders, because numbered ones make SQLite's
//! preparation quadratic.

use std::borrow::Cow;

/// Most rows of one execution. Powers of two below it are the only widths, so that few texts stay prepared.
const ROWS_MAX: usize = 64;

/// Most values of one execution; SQLite's own limit is 32 766.
const VALUES_MAX: usize = 2_048;

/// How many of `rows` rows of `width` values to write next.
pub(super) fn rows_at_once(sql: &str, rows: usize, width: usize) -> usize {
    if split(sql).is_none() {
        return 1;
    }
    let most = rows.min(ROWS_MAX).min(VALUES_MAX / width.max(1)).max(1);
    1 << most.ilog2()
}

/// The text for so many rows; that of a statement without a list of values is good for one only.
pub(super) fn widened(sql: &'static str, rows: usize) -> Cow<'static, str> {
    let Some((head, places, tail)) = split(sql).filter(|_| rows > 1) else { return Cow::Borrowed(sql) };
    let mut row = String::from("(?");
    for _ in 1..places.split(',').count() {
        row.push_str(", ?");
    }
    row.push(')');
    let mut text = String::with_capacity(head.len() + rows * (row.len() + 2) + tail.len());
    text.push_str(head);
    for place in 0..rows {
        text.push_str(if place == 0 { "" } else { ", " });
        text.push_str(&row);
    }
    text.push_str(tail);
    Cow::Owned(text)
}

/// What stands before the list of values, its placeholders, and what stands behind it.
fn split(sql: &str) -> Option<(&str, &str, &str)> {
    let at = sql.find("values (")? + "values ".len();
    let (head, rest) = sql.split_at(at);
    let (places, tail) = rest.strip_prefix('(')?.split_once(')')?;
    // A value that the rest refers to by number could not be told apart from that of another row.
    (!tail.contains('$')).then_some((head, places, tail))
}

#[cfg(test)]
mod tests {
    use super::{rows_at_once, widened};

    const INSERT: &str = "insert into t (a, b)\n values ($1, $2)\n on conflict (a) do nothing";

    #[test]
    fn lists_of_values_are_widened_with_bare_placeholders() {
        assert_eq!(widened(INSERT, 1), INSERT);
        assert_eq!(
            widened(INSERT, 3),
            "insert into t (a, b)\n values (?, ?), (?, ?), (?, ?)\n on conflict (a) do nothing"
        );
    }

    #[test]
    fn widths_are_powers_of_two_within_both_limits() {
        for (rows, width, expected) in [(1, 2, 1), (3, 2, 2), (64, 2, 64), (700, 2, 64), (700, 50, 32), (5, 5_000, 1)] {
            assert_eq!(rows_at_once(INSERT, rows, width), expected, "{rows} rows of {width}");
        }
    }

    #[test]
    fn texts_that_refer_to_a_value_twice_go_row_by_row() {
        for sql in
            ["update t set a = $2 where b = $1", "insert into t (a) values ($1) on conflict do update set a = $1"]
        {
            assert_eq!(rows_at_once(sql, 9, 2), 1, "{sql}");
            assert_eq!(widened(sql, 9), sql);
        }
    }
}
