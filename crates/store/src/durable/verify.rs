//! The auditor: recomputes the books and says what does not agree.
//!
//! Everything is read in one transaction that sees one moment of the database, in pages, so it runs beside a busy server. A
//! single nano-dollar changed in an entry, a sum, a lot or a rollup is a mismatch of at least one check.

use super::connection::Tx;
use super::statement::{Statement, statements};
use super::value::{Row, Value};
use super::{Store, StoreError};
use domain::generation::{Ending, Settlement};
use domain::id::GenerationId;
use domain::money::{Amount, CostLine, cost::round_up_to_nano};

/// Compares sums per account over every grain of the rollups.
macro_rules! grain_sums {
    ($grain:literal) => {
        concat!("(select coalesce(sum(cost), 0) from rollups r where r.account_id = a.id and r.grain = '", $grain, "')")
    };
}

/// Sums per account of the credit book, over some kinds of entries. One pass over the entries, which have no index for it:
/// every call would pay for that, and nobody but the auditor asks.
macro_rules! credit_sums {
    ($sign:literal, $kinds:literal) => {
        concat!(
            "(select account_id, ",
            $sign,
            "sum(amount) as amount from entries where book = 'credit' and kind in (",
            $kinds,
            ") group by account_id)"
        )
    };
}

/// A rollup measure of one grain differs from the raw rows.
macro_rules! measure_differs {
    ($grain:literal, $measure:literal, $raw:literal) => {
        concat!(
            "(select coalesce(sum(",
            $measure,
            "), 0) from rollups r where r.account_id = a.id and r.grain = '",
            $grain,
            "') <> (select coalesce(",
            $raw,
            ", 0) from generations g where g.account_id = a.id)"
        )
    };
}

statements! {
    UNBALANCED = "select source_id as id, cast(sum(amount) as bigint) as found, cast(0 as bigint) as expected
        from entries
        group by source_id, attempt, line
        having sum(amount) <> 0
        order by source_id, attempt, line
        limit $1";
    POSTED = concat!("select a.id, a.posted as found, cast(coalesce(e.amount, 0) as bigint) as expected
        from accounts a
        left join ", credit_sums!("-", "'usage', 'interrupted'"), " e on e.account_id = a.id
        where a.posted <> coalesce(e.amount, 0)
        order by a.id
        limit $1");
    GRANTED = concat!("select a.id, a.granted as found, cast(coalesce(e.amount, 0) as bigint) as expected
        from accounts a
        left join ", credit_sums!("", "'grant', 'promotion', 'adjustment'"), " e on e.account_id = a.id
        where a.granted <> coalesce(e.amount, 0)
        order by a.id
        limit $1");
    BOUGHT = concat!("select a.id, a.bought as found, cast(coalesce(e.amount, 0) as bigint) as expected
        from accounts a
        left join ", credit_sums!("", "'grant'"), " e on e.account_id = a.id
        where a.bought <> coalesce(e.amount, 0)
        order by a.id
        limit $1");
    GRANT_ENTRIES = "select g.id, g.amount as expected,
            cast(coalesce((select sum(e.amount) from entries e
                where e.source_id = g.id and e.book = 'credit'), 0) as bigint) as found
        from grants g
        where g.amount <> coalesce((select sum(e.amount) from entries e
            where e.source_id = g.id and e.book = 'credit'), 0)
        order by g.id
        limit $1";
    LOTS = "select a.id,
            cast(coalesce((select sum(l.remainder) from lots l where l.account_id = a.id), 0) as bigint) as found,
            case when a.granted > a.posted then a.granted - a.posted else 0 end as expected
        from accounts a
        where coalesce((select sum(l.remainder) from lots l where l.account_id = a.id), 0)
            <> case when a.granted > a.posted then a.granted - a.posted else 0 end
        order by a.id
        limit $1";
    LOT_AMOUNTS = "select l.id, l.amount as found, coalesce(g.amount, 0) as expected
        from lots l
        left join grants g on g.id = l.id and g.account_id = l.account_id
        where g.id is null or g.amount <> l.amount
        order by l.id
        limit $1";
    ORPHANS = "select e.source_id as id, e.amount as found, cast(0 as bigint) as expected
        from entries e
        where e.kind in ('usage', 'interrupted')
            and e.book = 'credit'
            and not exists (select 1 from generations g where g.id = e.source_id)
        order by e.source_id, e.attempt, e.line
        limit $1";
    ROLLUP_COSTS = concat!("select a.id, cast(", grain_sums!("minute"), " as bigint) as found, a.posted as expected
        from accounts a
        where ", grain_sums!("minute"), " <> a.posted
            or ", grain_sums!("hour"), " <> a.posted
            or ", grain_sums!("day"), " <> a.posted
        order by a.id
        limit $1");
    ROLLUP_REQUESTS = concat!("select a.id,
            cast((select coalesce(sum(requests), 0) from rollups r
                where r.account_id = a.id and r.grain = 'day') as bigint) as found,
            (select count(*) from generations g where g.account_id = a.id) as expected
        from accounts a
        where ", measure_differs!("minute", "requests", "count(*)"), "
            or ", measure_differs!("hour", "requests", "count(*)"), "
            or ", measure_differs!("day", "requests", "count(*)"), "
        order by a.id
        limit $1");
    ROLLUP_TOKENS = concat!("select a.id,
            cast((select coalesce(sum(prompt_tokens), 0) + coalesce(sum(completion_tokens), 0) from rollups r
                where r.account_id = a.id and r.grain = 'day') as bigint) as found,
            cast((select coalesce(sum(prompt_tokens), 0) + coalesce(sum(completion_tokens), 0) from generations g
                where g.account_id = a.id) as bigint) as expected
        from accounts a
        where ", measure_differs!("minute", "prompt_tokens", "sum(prompt_tokens)"), "
            or ", measure_differs!("hour", "prompt_tokens", "sum(prompt_tokens)"), "
            or ", measure_differs!("day", "prompt_tokens", "sum(prompt_tokens)"), "
            or ", measure_differs!("minute", "completion_tokens", "sum(completion_tokens)"), "
            or ", measure_differs!("hour", "completion_tokens", "sum(completion_tokens)"), "
            or ", measure_differs!("day", "completion_tokens", "sum(completion_tokens)"), "
        order by a.id
        limit $1");
    KEY_USAGE = "select k.key_id as id, cast(k.found as bigint) as found, cast(k.expected as bigint) as expected
        from (select u.key_id, u.period, sum(u.charge) as found,
                (select coalesce(sum(g.charge), 0) from generations g where g.key_id = u.key_id) as expected
            from key_usage u
            group by u.key_id, u.period) k
        where k.found <> k.expected
        order by k.key_id, k.period
        limit $1";
    GENERATIONS = "select g.id, g.account_id, g.ending, g.charge, g.fixed_price, g.waived, g.lines_json,
            g.prompt_tokens, g.completion_tokens,
            cast(coalesce((select sum(e.amount) from entries e
                where e.source_id = g.id and e.book = 'usage_revenue'), 0) as bigint) as earned,
            (select count(*) from entries e where e.source_id = g.id) as entries
        from generations g
        where g.id > $1
        order by g.id
        limit $2";
}

/// Mismatches that one check reports at most.
const MISMATCHES_MAX: usize = 100;

/// Generations per read.
const PAGE: i64 = 1000;

/// One question to the books and what disagreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was compared, in words.
    pub name: &'static str,
    /// What disagreed, in words; at most 100.
    pub mismatches: Vec<String>,
}

/// The auditor's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Every check, passed or not.
    pub checks: Vec<Check>,
    /// Generations that were read.
    pub generations: u64,
    /// Settlements of the journal that are not in the database yet.
    pub undrained: usize,
    /// Their charges, which the balances do not show yet.
    pub undrained_charge: Amount,
}

impl VerifyReport {
    /// Whether every check passed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(|check| check.mismatches.is_empty())
    }
}

/// Questions that one statement answers: a row is a mismatch.
const QUESTIONS: &[(&str, &Statement)] = &[
    ("entries of every posting sum to zero", &UNBALANCED),
    ("posted equals the charges in the ledger", &POSTED),
    ("granted equals the credit in the ledger", &GRANTED),
    ("bought equals the grants in the ledger", &BOUGHT),
    ("every grant has its entry", &GRANT_ENTRIES),
    ("lots hold exactly what may be spent", &LOTS),
    ("every lot comes from its grant", &LOT_AMOUNTS),
    ("every charge has its generation", &ORPHANS),
    ("costs per minute, hour and day equal posted", &ROLLUP_COSTS),
    ("requests per minute, hour and day equal the generations", &ROLLUP_REQUESTS),
    ("tokens per minute, hour and day equal the generations", &ROLLUP_TOKENS),
    ("key usage per period equals the generations", &KEY_USAGE),
];

impl Store {
    /// Recomputes the books. `undrained` are settlements of the journal that the database may not have yet.
    ///
    /// # Errors
    /// [`StoreError`] when the database refuses; a mismatch is not an error but part of the report.
    pub async fn verify(&self, undrained: &[Settlement]) -> Result<VerifyReport, StoreError> {
        let mut tx = self.read().await?;
        let mut report = audit(&mut tx).await?;
        tx.commit().await?;
        verify_undrained(undrained, &mut report);
        Ok(report)
    }

    /// Whether the auditor notices what a statement changes; the change is rolled back.
    #[cfg(test)]
    pub(crate) async fn tampered(&self, sql: &'static str) -> bool {
        let mut tx = self.write().await.expect("transaction");
        assert!(tx.raw(sql).await.expect("tampering") > 0, "nothing to tamper with: {sql}");
        !audit(&mut tx).await.expect("audit").is_ok()
    }

    /// Executes a text that is not in the register.
    #[cfg(test)]
    pub(crate) async fn raw(&self, sql: &'static str) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let rows = tx.raw(sql).await?;
        tx.commit().await?;
        Ok(rows)
    }
}

async fn audit(tx: &mut Tx) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    for (name, statement) in QUESTIONS {
        let limit = i64::try_from(MISMATCHES_MAX).unwrap_or(i64::MAX);
        let rows = tx.rows(statement, &[limit.into()]).await?;
        let mismatches = rows.iter().map(mismatch).collect::<Result<_, _>>()?;
        report.checks.push(Check { name, mismatches });
    }
    verify_generations(tx, &mut report).await?;
    Ok(report)
}

fn mismatch(row: &Row) -> Result<String, StoreError> {
    let id = domain::id::GenerationId::from_bytes(&row.blob("id")?).ok().ok_or_else(|| row.corrupt("id"))?;
    let (found, expected) = (row.int("found")?, row.int("expected")?);
    // Accounts, grants and generations share the form of their ids; the bare digits find them all.
    let digits = id.to_string();
    let digits = digits.strip_prefix(GenerationId::PREFIX).unwrap_or(&digits);
    Ok(format!("{digits}: found {found}, expected {expected}"))
}

async fn verify_generations(tx: &mut Tx, report: &mut VerifyReport) -> Result<(), StoreError> {
    let mut ledger = Check { name: "every generation's charge equals its entries", mismatches: Vec::new() };
    let mut lines = Check { name: "every charge recomputes from its cost lines", mismatches: Vec::new() };
    let mut free = Check { name: "nothing with a price was given away", mismatches: Vec::new() };
    let mut after: Vec<u8> = Vec::new();
    loop {
        let rows = tx.rows(&GENERATIONS, &[Value::from(after.as_slice()), PAGE.into()]).await?;
        let Some(last) = rows.last() else {
            break;
        };
        after = last.blob("id")?;
        for row in &rows {
            report.generations += 1;
            let id = row.id("id", GenerationId::from_bytes)?;
            let charge = row.amount("charge")?;
            let (earned, entries) = (row.amount("earned")?, row.int("entries")?);
            if charge != earned || entries != 2 {
                note(&mut ledger, || format!("{id}: charged {charge}, earned {earned} in {entries} entries"));
            }
            let cost: Vec<CostLine> = row.json("lines_json")?;
            let waived = row.text_opt("waived")?.is_some();
            let fixed = if row.word::<Ending>("ending")? == Ending::Interrupted { row.int("fixed_price")? } else { 0 };
            judge(&mut lines, &mut free, &Charged { id, charge, cost: &cost, fixed, waived });
        }
    }
    report.checks.extend([ledger, lines, free]);
    Ok(())
}

/// A charge and what it was made from.
struct Charged<'a> {
    id: GenerationId,
    charge: Amount,
    cost: &'a [CostLine],
    /// Femto-dollars that only an interrupted generation keeps outside its lines.
    fixed: i64,
    waived: bool,
}

fn judge(lines: &mut Check, free: &mut Check, charged: &Charged<'_>) {
    let Charged { id, charge, .. } = *charged;
    if charged.waived {
        if !charge.is_zero() {
            note(lines, || format!("{id}: waived, yet charged {charge}"));
        }
        return;
    }
    let fixed = if charged.cost.is_empty() { 0 } else { i128::from(charged.fixed) };
    let femtos = charged.cost.iter().fold(fixed, |sum, line| sum.saturating_add(line.femtos()));
    match round_up_to_nano(femtos) {
        Ok(expected) if expected == charge => {}
        Ok(expected) => note(lines, || format!("{id}: charged {charge}, lines say {expected}")),
        Err(_) => note(lines, || format!("{id}: lines leave the range of an amount")),
    }
    let priced = charged.cost.iter().any(|line| line.units > 0 && !line.price.is_zero());
    if priced && charge.is_zero() {
        note(free, || format!("{id}: priced units, but no charge and no waiver"));
    }
}

fn verify_undrained(undrained: &[Settlement], report: &mut VerifyReport) {
    let mut lines = Check { name: "every undrained charge recomputes from its cost lines", mismatches: Vec::new() };
    let mut free = Check { name: "nothing undrained with a price was given away", mismatches: Vec::new() };
    for settlement in undrained {
        report.undrained += 1;
        report.undrained_charge = report.undrained_charge.saturating_add(settlement.charge);
        let fixed = if settlement.ending == Ending::Interrupted { settlement.opening.fixed_price } else { 0 };
        let waived = settlement.waived.is_some();
        let charged =
            Charged { id: settlement.opening.id, charge: settlement.charge, cost: &settlement.lines, fixed, waived };
        judge(&mut lines, &mut free, &charged);
    }
    report.checks.extend([lines, free]);
}

fn note(check: &mut Check, text: impl FnOnce() -> String) {
    if check.mismatches.len() < MISMATCHES_MAX {
        check.mismatches.push(text());
    }
}
