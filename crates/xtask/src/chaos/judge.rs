//! The oracle: what clients and simulators saw, against what the ledger says. It shares no code with the product.

use super::books::{Credits, Row};
use super::sight::{End, Sight};
use simulator::Observed;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Problems that are told in full.
const TOLD_MAX: usize = 20;
/// Bytes of text per token when a provider reports no usage: the product's documented estimate.
const BYTES_PER_TOKEN: u64 = 4;

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Requests that reached the server.
    pub requests: u64,
    /// Answers that their clients got whole.
    pub completed: u64,
    /// Errors instead of answers, or inside them.
    pub failed: u64,
    /// Clients that left.
    pub left: u64,
    /// Answers that a kill cut off.
    pub cut: u64,
    /// Of those, with some text delivered.
    pub cut_with_text: u64,
    /// Ledger entries of kind interrupted.
    pub interrupted: u64,
    /// Answers that were closed in the journal and whose last bytes a kill took; billed in full by design.
    pub closed_before_end: u64,
    /// Nano-dollars that whole answers showed.
    pub shown: i64,
    /// Nano-dollars of all other entries.
    pub others: i64,
    /// Completed and not billed.
    pub unbilled: u64,
    /// Completed and billed differently from what was shown, or shown wrongly.
    pub wrong: u64,
    /// Billed more than once.
    pub twice: u64,
    /// Interrupted and billed for more than was delivered.
    pub beyond_delivery: u64,
    /// Billed although nothing was delivered.
    pub for_nothing: u64,
    /// Everything else that must not be.
    pub other: u64,
    /// The first problems, in words.
    pub told: Vec<String>,
}

/// What kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    Unbilled,
    Wrong,
    Twice,
    BeyondDelivery,
    ForNothing,
    Other,
}

impl Verdict {
    /// How many problems there are.
    pub const fn problems(&self) -> u64 {
        self.unbilled + self.wrong + self.twice + self.beyond_delivery + self.for_nothing + self.other
    }

    fn tell(&mut self, problem: Problem, text: impl std::fmt::Display) {
        *match problem {
            Problem::Unbilled => &mut self.unbilled,
            Problem::Wrong => &mut self.wrong,
            Problem::Twice => &mut self.twice,
            Problem::BeyondDelivery => &mut self.beyond_delivery,
            Problem::ForNothing => &mut self.for_nothing,
            Problem::Other => &mut self.other,
        } += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(format!("{problem:?}: {text}"));
        }
    }

    /// Compares the credit that a life of the server ended with and the credit that the next one began with: what one has
    /// in memory and what the other found on disk.
    pub fn compare(&mut self, before: Credits, after: Credits) {
        let text = format!("{} nano-dollars used before a restart, {} after", before.used, after.used);
        match after.used.cmp(&before.used) {
            Ordering::Greater => self.tell(Problem::Twice, text),
            Ordering::Less => self.tell(Problem::Unbilled, text),
            Ordering::Equal => {}
        }
    }

    /// Takes note of something that is wrong outside any request.
    pub fn complain(&mut self, text: String) {
        self.tell(Problem::Other, text);
    }
}

/// Judges every request, then the sums. `last_epoch` is the life of the server that was not killed.
pub fn judge(sights: &[Sight], observed: &[Observed], rows: &[Row], credits: Credits, last_epoch: u64) -> Verdict {
    let mut verdict = Verdict::default();
    let mut rows_of: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows {
        match &row.tag {
            Some(tag) => rows_of.entry(tag).or_default().push(row),
            None => verdict.tell(Problem::Other, format!("{} belongs to no request", row.id)),
        }
    }
    let mut seen_of: HashMap<&str, &Observed> = HashMap::new();
    for seen in observed.iter().filter(|seen| seen.status == 200) {
        if let Some(tag) = &seen.tag {
            seen_of.insert(tag, seen);
        }
    }
    for sight in sights {
        let rows = rows_of.remove(sight.wish.tag.as_str()).unwrap_or_default();
        let case = Case { sight, rows, seen: seen_of.get(sight.wish.tag.as_str()).copied(), last_epoch };
        case.judge(&mut verdict);
    }
    for (tag, rows) in rows_of {
        verdict.tell(Problem::Other, format!("{} entries for {tag}, which nobody asked for", rows.len()));
    }
    sums(&mut verdict, rows, credits);
    verdict
}

fn sums(verdict: &mut Verdict, rows: &[Row], credits: Credits) {
    let entries: i64 = rows.iter().map(|row| row.cost).sum();
    if credits.used > entries {
        verdict.tell(Problem::Twice, format!("{} nano-dollars used, {entries} in all entries", credits.used));
    } else if credits.used < entries {
        verdict.tell(Problem::Unbilled, format!("{} nano-dollars used, {entries} in all entries", credits.used));
    }
    let expected = verdict.shown + verdict.others;
    if credits.used != expected {
        let text = format!(
            "{} nano-dollars used; answers showed {} and others cost {}",
            credits.used, verdict.shown, verdict.others
        );
        verdict.tell(Problem::Wrong, text);
    }
}

/// One request with everything that is known of it.
struct Case<'a> {
    sight: &'a Sight,
    rows: Vec<&'a Row>,
    seen: Option<&'a Observed>,
    last_epoch: u64,
}

impl Case<'_> {
    fn judge(&self, verdict: &mut Verdict) {
        if self.rows.len() > 1 {
            verdict.tell(Problem::Twice, format!("{} has {} entries", self.name(), self.rows.len()));
        }
        let row = self.rows.first().copied();
        if self.sight.end != End::Complete {
            verdict.others += self.rows.iter().map(|row| row.cost).sum::<i64>();
        }
        verdict.requests += u64::from(self.sight.end != End::Unsent);
        match self.sight.end {
            End::Complete => self.complete(row, verdict),
            End::Unsent | End::Refused => {
                verdict.failed += u64::from(self.sight.end == End::Refused);
                self.must_be_free(row, verdict);
            }
            End::Failed => {
                verdict.failed += 1;
                self.bounded(row, self.sight.text_bytes, verdict);
            }
            End::Left => {
                verdict.left += 1;
                self.left(row, verdict);
            }
            End::Cut => {
                verdict.cut += 1;
                verdict.cut_with_text += u64::from(self.sight.text_bytes > 0);
                self.cut(row, verdict);
            }
            End::Running => verdict.tell(Problem::Other, format!("{} never ended", self.name())),
        }
        verdict.interrupted += u64::from(row.is_some_and(|row| row.is_interrupted));
    }

    fn name(&self) -> String {
        let Sight { wish, status, id, text_bytes, cost, end, epoch, .. } = self.sight;
        let kind = if wish.stream { "stream" } else { "plain" };
        let [status, id] =
            [status.map(|status| status.to_string()), id.clone()].map(|text| text.unwrap_or_else(|| "-".to_owned()));
        format!(
            "{} ({} {kind} in life {epoch}, {end:?}, status {status}, {id}, {text_bytes} bytes, shown {cost:?}; entry {:?}; provider {:?})",
            wish.tag,
            wish.model.id,
            self.rows.first().map(|row| (row.cost, row.prompt_tokens, row.completion_tokens, row.is_interrupted)),
            self.seen.map(|seen| (
                seen.finished,
                seen.delivered_text_chars,
                seen.counts.map(|counts| (counts.prompt, counts.completion))
            )),
        )
    }

    fn complete(&self, row: Option<&Row>, verdict: &mut Verdict) {
        verdict.completed += 1;
        let Some(shown) = self.sight.cost else {
            return verdict.tell(Problem::Wrong, format!("{} shows no cost", self.name()));
        };
        verdict.shown += shown;
        match row {
            None => verdict.tell(Problem::Unbilled, self.name()),
            Some(row) if row.cost == 0 && shown > 0 => verdict.tell(Problem::Unbilled, self.name()),
            Some(row) if row.cost != shown => verdict.tell(Problem::Wrong, self.name()),
            Some(_) => {}
        }
        // A provider that broke off has not answered, whatever the gateway says.
        let is_whole =
            self.seen.is_some_and(|seen| seen.finished) && self.sight.text_bytes == self.sight.wish.text_bytes;
        if !is_whole {
            verdict.tell(Problem::Wrong, format!("not whole: {}", self.name()));
        } else if self.full_cost().is_some_and(|cost| cost != shown) {
            verdict.tell(Problem::Wrong, format!("should cost {:?}: {}", self.full_cost(), self.name()));
        }
    }

    /// What the answer costs when it is whole; none when the provider reported no usage.
    fn full_cost(&self) -> Option<i64> {
        let counts = self.seen?.counts.filter(|_| self.sight.wish.has_usage)?;
        Some(self.sight.wish.model.price.cost(counts.prompt, counts.completion))
    }

    fn must_be_free(&self, row: Option<&Row>, verdict: &mut Verdict) {
        if row.is_some_and(|row| row.cost != 0) {
            verdict.tell(Problem::ForNothing, self.name());
        }
    }

    /// At most the prompt and `bytes` of text, at the printed prices; nothing without any text.
    fn bounded(&self, row: Option<&Row>, bytes: u64, verdict: &mut Verdict) {
        let Some(row) = row else { return };
        if bytes == 0 {
            return self.must_be_free(Some(row), verdict);
        }
        let most = self.sight.wish.model.price.cost(self.prompt_most(), bytes.div_ceil(BYTES_PER_TOKEN));
        if row.cost > most {
            verdict.tell(Problem::BeyondDelivery, format!("at most {most}: {}", self.name()));
        }
    }

    /// Most prompt tokens: the documented estimate of one per 2.5 bytes and a frame, taken over the whole request body.
    fn prompt_most(&self) -> u64 {
        let counted = self.seen.and_then(|seen| seen.counts).map_or(0, |counts| counts.prompt);
        counted.max(self.sight.request_bytes * 2 / 5 + 16)
    }

    fn left(&self, row: Option<&Row>, verdict: &mut Verdict) {
        let Some(row) = row.filter(|row| row.cost != 0) else { return };
        let Some(seen) = self.seen else {
            return verdict.tell(Problem::ForNothing, self.name());
        };
        // Nobody knows how much a client took that left; the provider's own record is the bound.
        let served =
            self.sight.wish.model.price.cost(self.prompt_most(), seen.delivered_text_chars.div_ceil(BYTES_PER_TOKEN));
        if row.cost > served.max(self.full_cost().unwrap_or(0)) {
            verdict.tell(Problem::BeyondDelivery, self.name());
        }
    }

    fn cut(&self, row: Option<&Row>, verdict: &mut Verdict) {
        if self.sight.epoch == self.last_epoch {
            verdict.tell(Problem::Other, format!("cut without a kill: {}", self.name()));
        }
        let text = self.sight.text_bytes;
        match row {
            None if text > 0 => verdict.tell(Problem::Unbilled, format!("delivered and forgotten: {}", self.name())),
            None => {}
            Some(row) if row.is_interrupted => {
                self.bounded(Some(row), text, verdict);
                if row.completion_tokens > text.div_ceil(BYTES_PER_TOKEN) {
                    verdict.tell(Problem::BeyondDelivery, self.name());
                }
            }
            Some(row) if row.is_failed || row.cost == 0 => self.bounded(Some(row), text, verdict),
            // Closed, then killed before the last byte: in full, if the provider really served all of it.
            Some(row) => {
                verdict.closed_before_end += 1;
                let is_served = self.seen.is_some_and(|seen| seen.finished);
                let is_right = self.full_cost().is_none_or(|cost| cost == row.cost);
                if !is_served || !is_right || row.is_cancelled {
                    let problem = if text == 0 { Problem::ForNothing } else { Problem::BeyondDelivery };
                    verdict.tell(problem, format!("closed, but not served as billed: {}", self.name()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
