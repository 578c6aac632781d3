//! Several rows in one statement, for SQLite.
//!
//! Each execution wakes the connection's thread and waits for it, which costs more than writing a row. The texts of bulk
//! writes are declared for one row; here they are widened, with bare placeholders, because numbered ones make SQLite's
//! preparation quadratic.

use super::statement::Statement;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most rows of one execution. Powers of two below it are the only widths, so that few texts stay prepared.
const ROWS_MAX: usize = 64;

/// Most values of one execution; SQLite's own limit is 32 766.
const VALUES_MAX: usize = 2_048;

/// The texts that were widened so far: seven widths at most of each statement.
static TEXTS: Mutex<BTreeMap<(&'static str, usize), Arc<str>>> = Mutex::new(BTreeMap::new());

/// Most rows of `width` values of one execution; one for a statement without a list of values.
pub(super) fn rows_max(sql: &str, width: usize) -> usize {
    if split(sql).is_none() { 1 } else { ROWS_MAX.min(VALUES_MAX / width.max(1)).max(1) }
}

/// How many of `rows` rows to write next, when one execution takes `most`; none when there are none.
pub(super) fn rows_at_once(rows: usize, most: usize) -> Option<usize> {
    rows.min(most).checked_ilog2().map(|power| 1 << power)
}

/// The text of a statement for so many rows.
pub(super) fn widened(statement: &Statement, rows: usize) -> Arc<str> {
    let mut texts = TEXTS.lock();
    let text = texts.entry((statement.name, rows)).or_insert_with(|| widen(statement.sqlite, rows).into());
    Arc::clone(text)
}

fn widen(sql: &str, rows: usize) -> String {
    let Some((head, places, tail)) = split(sql).filter(|_| rows > 1) else { return sql.to_owned() };
    let mut row = String::from("(?");
    for _ in 1..places.split(',').count() {
        row.push_str(",?");
    }
    row.push(')');
    let mut text = String::with_capacity(head.len() + rows * (row.len() + 1) + tail.len());
    text.push_str(head);
    for place in 0..rows {
        text.push_str(if place == 0 { "" } else { "," });
        text.push_str(&row);
    }
    text.push_str(tail);
    text
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
    use super::{rows_at_once, rows_max, widen};

    const INSERT: &str = "insert into t (a, b)\n values ($1, $2)\n on conflict (a) do nothing";

    #[test]
    fn lists_of_values_are_widened_with_bare_placeholders() {
        assert_eq!(widen(INSERT, 1), INSERT);
        assert_eq!(widen(INSERT, 3), "insert into t (a, b)\n values (?,?),(?,?),(?,?)\n on conflict (a) do nothing");
    }

    #[test]
    fn widths_are_powers_of_two_within_both_limits() {
        for (rows, width, expected) in [
            (0, 2, None),
            (1, 2, Some(1)),
            (3, 2, Some(2)),
            (64, 2, Some(64)),
            (700, 2, Some(64)),
            (700, 50, Some(32)),
            (5, 5_000, Some(1)),
        ] {
            assert_eq!(rows_at_once(rows, rows_max(INSERT, width)), expected, "{rows} rows of {width}");
        }
    }

    #[test]
    fn texts_that_refer_to_a_value_twice_go_row_by_row() {
        for sql in
            ["update t set a = $2 where b = $1", "insert into t (a) values ($1) on conflict do update set a = $1"]
        {
            assert_eq!(rows_max(sql, 2), 1, "{sql}");
            assert_eq!(widen(sql, 9), sql);
        }
    }
}
