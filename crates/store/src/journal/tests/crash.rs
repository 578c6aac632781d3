//! Crash at every write of many random histories: what was promised is there exactly once, and nothing else is.

use super::world::{Event, Faults, Image, Posted, Step, Tail, World, recover, recover_with, run, seeded, small};
use crate::contract::engine::announce;
use crate::contract::fixture::{account_id, after, key_id, noon, opening, settlement};
use domain::generation::Settlement;
use domain::id::GenerationId;
use domain::ledger::EntryKind;
use domain::money::Amount;
use rand::Rng as _;
use rand::rngs::SmallRng;
use std::collections::BTreeMap;

/// Histories per run; `PORTOLAN_TEST_HISTORIES` asks for more.
fn histories() -> u64 {
    std::env::var("PORTOLAN_TEST_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// Runs random steps against a journal and keeps every event. Faults of the disk come and go when asked for.
fn history(seed: u64, with_faults: bool) -> World {
    let mut random = seeded(seed);
    let world = World::default();
    let (journal, _) = world.open_journal(small()).expect("opens");
    let mut drainer = world.drainer(&journal);
    let mut open: Vec<(u64, u64)> = Vec::new();
    let mut next = 0;
    for _ in 0..random.random_range(8..28) {
        if with_faults {
            inject(&world, &mut random);
        }
        match random.random_range(0..10) {
            0..=2 => {
                next += 1;
                let step = Step::Open(id(seed, next));
                world.note(Event::Trying(step));
                if journal.open_record(&generation(seed, next).opening).is_ok() {
                    world.note(Event::Done(step));
                    open.push((next, 0));
                }
            }
            3..=4 if !open.is_empty() => {
                let place = random.random_range(0..open.len());
                open[place].1 += random.random_range(1..9);
                let (number, tokens) = open[place];
                let step = Step::Mark(id(seed, number), tokens);
                world.note(Event::Trying(step));
                if journal.mark(id(seed, number), tokens).is_ok() {
                    world.note(Event::Done(step));
                }
            }
            5..=7 => {
                // Plain answers close without having opened.
                let number = if open.is_empty() || random.random_range(0..4) == 0 {
                    next += 1;
                    next
                } else {
                    let place = random.random_range(0..open.len());
                    open.swap_remove(place).0
                };
                let settlement = generation(seed, number);
                world.note(Event::Trying(Step::Close(settlement.opening.id, settlement.charge, 0)));
                if let Ok(seq) = journal.close(&settlement) {
                    world.note(Event::Done(Step::Close(settlement.opening.id, settlement.charge, seq)));
                }
            }
            8 => {
                if journal.flush().is_ok() {
                    world.note(Event::Flushed(journal.flushed_seq()));
                }
            }
            _ => {
                // A lost answer or a sick disk may fail it; the next one starts from what the database has.
                let _outcome = run(drainer.drain_once(noon()));
            }
        }
    }
    world
}

fn inject(world: &World, random: &mut SmallRng) {
    let rare = |random: &mut SmallRng| u32::from(random.random_range(0..6) == 0);
    world.set_faults(Faults {
        failing_syncs: rare(random) * random.random_range(1..3),
        failing_appends: rare(random),
        no_truncate: random.random_range(0..3) == 0,
        lost_answers: rare(random),
        no_deduplication: false,
    });
}

fn id(seed: u64, number: u64) -> GenerationId {
    generation(seed, number).opening.id
}

fn generation(seed: u64, number: u64) -> Settlement {
    let mut settlement =
        settlement(number, account_id(1), key_id(1), after(noon(), i64::try_from(seed % 1000).expect("small")));
    // Smaller records make the recoveries faster; their form is not what is tested here.
    settlement.attempts.clear();
    settlement.excluded.clear();
    settlement
}

/// What the client side knows about one generation.
#[derive(Debug, Default, Clone)]
struct Known {
    tried_open: bool,
    opened: bool,
    /// Tokens of marks that were tried and done.
    tried_mark: u64,
    marked: u64,
    tried_close: Option<Amount>,
    closed: Option<u64>,
}

#[derive(Debug, Default, Clone)]
struct Witness {
    generations: BTreeMap<GenerationId, Known>,
    flushed: u64,
}

impl Witness {
    fn see(&mut self, event: &Event) {
        let (step, is_done) = match event {
            Event::Trying(step) => (step, false),
            Event::Done(step) => (step, true),
            Event::Flushed(seq) => {
                self.flushed = *seq;
                return;
            }
            _ => return,
        };
        match *step {
            Step::Open(id) => {
                let known = self.generations.entry(id).or_default();
                known.tried_open = true;
                known.opened |= is_done;
            }
            Step::Mark(id, tokens) => {
                let known = self.generations.entry(id).or_default();
                known.tried_mark = tokens;
                if is_done {
                    known.marked = tokens;
                }
            }
            Step::Close(id, charge, seq) => {
                let known = self.generations.entry(id).or_default();
                known.tried_close = Some(charge);
                if is_done {
                    known.closed = Some(seq);
                }
            }
        }
    }

    /// Compares a recovered ledger with what was witnessed; the first thing that is wrong.
    fn judge(&self, ledger: &[Posted], power_was_lost: bool) -> Result<(), String> {
        let mut rows: BTreeMap<GenerationId, &Posted> = BTreeMap::new();
        for row in ledger {
            if rows.insert(row.id, row).is_some() {
                return Err(format!("{} is charged twice", row.id));
            }
            if !self.generations.contains_key(&row.id) {
                return Err(format!("{} was never asked for", row.id));
            }
        }
        for (id, known) in &self.generations {
            let row = rows.get(id).copied();
            let is_safe = |seq: u64| !power_was_lost || seq <= self.flushed;
            match (known.closed, row) {
                (Some(seq), None) if is_safe(seq) => return Err(format!("{id} was completed and is not charged")),
                (Some(seq), Some(row)) if is_safe(seq) && row.kind != EntryKind::Usage => {
                    return Err(format!("{id} was completed and is charged as interrupted"));
                }
                (None, None) if known.opened && !power_was_lost => {
                    return Err(format!("{id} was open and is forgotten"));
                }
                _ => {}
            }
            if let Some(row) = row {
                judge_row(known, row, power_was_lost)?;
            }
        }
        Ok(())
    }
}

fn judge_row(known: &Known, row: &Posted, power_was_lost: bool) -> Result<(), String> {
    let id = row.id;
    if row.kind == EntryKind::Usage {
        return match known.tried_close {
            Some(charge) if charge == row.charge => Ok(()),
            _ => Err(format!("{id} is charged {} as completed, it tried {:?}", row.charge, known.tried_close)),
        };
    }
    if !known.tried_open {
        return Err(format!("{id} is charged as interrupted and never opened"));
    }
    if row.delivered > known.tried_mark {
        return Err(format!("{id} is charged for {} tokens of {}", row.delivered, known.tried_mark));
    }
    if !power_was_lost && row.delivered < known.marked {
        return Err(format!("{id} is charged for {} tokens, {} were marked", row.delivered, known.marked));
    }
    if row.delivered == 0 && !row.charge.is_zero() {
        return Err(format!("{id} delivered nothing and is charged {}", row.charge));
    }
    Ok(())
}

/// Reboots from an image, recovers, and judges; some recoveries are themselves cut off and begun again.
fn reboot(image: Image, witness: &Witness, power: bool, random: &mut SmallRng) -> Result<(), String> {
    let world = World::boot(image.clone());
    recover(&world, small())?;
    witness.judge(&world.ledger(), power)?;
    if random.random_range(0..8) == 0 {
        let events = world.events();
        let cut = random.random_range(0..=events.len());
        let mut image = image;
        image.settle_bytes();
        events[..cut].iter().for_each(|event| image.apply(event));
        let world = World::boot(image);
        recover(&world, small()).map_err(|error| format!("recovery cut at {cut}: {error}"))?;
        witness.judge(&world.ledger(), power).map_err(|error| format!("recovery cut at {cut}: {error}"))?;
    }
    Ok(())
}

/// Crashes a history at every event, with every tail.
fn crash_everywhere(seed: u64, power: bool, with_faults: bool) -> u64 {
    let events = history(seed, with_faults).events();
    let mut random = seeded(seed ^ 0x5eed);
    let mut image = Image::default();
    let mut witness = Witness::default();
    let mut recoveries = 0;
    for place in 0..=events.len() {
        let next = events.get(place);
        // Only a write can be cut in the middle; between other events one tail is as good as three.
        let is_write = matches!(next, Some(Event::Append { .. }));
        if next.is_none()
            || is_write
            || matches!(
                next,
                Some(
                    Event::Sync { .. }
                        | Event::Post { .. }
                        | Event::Rename { .. }
                        | Event::Remove { .. }
                        | Event::SyncNames
                )
            )
        {
            for tail in if is_write || power { &Tail::ALL[..] } else { &Tail::ALL[..1] } {
                let mut crashed = image.clone();
                if let Some(event) = next {
                    crashed.apply_part(event, *tail, &mut random);
                }
                if power {
                    crashed.lose_power(*tail, &mut random);
                }
                if let Err(error) = reboot(crashed, &witness, power, &mut random) {
                    let before: Vec<_> = events[..place].iter().map(|event| format!("{event:?}\n")).collect();
                    panic!(
                        "seed {seed}, faults {with_faults}, {tail:?}, before {next:?}: {error}\n{}",
                        before.concat()
                    );
                }
                recoveries += 1;
            }
        }
        if let Some(event) = next {
            image.apply(event);
            witness.see(event);
        }
    }
    recoveries
}

#[test]
fn a_kill_at_every_write_loses_no_completed_answer_and_charges_none_twice() {
    let recoveries: u64 = (0..histories()).map(|seed| crash_everywhere(seed, false, false)).sum();
    announce(&format!("journal killed: {recoveries} recoveries"));
    assert!(recoveries > histories() * 20);
}

#[test]
fn a_kill_on_a_sick_disk_loses_no_completed_answer_and_charges_none_twice() {
    let recoveries: u64 = (0..histories() / 2).map(|seed| crash_everywhere(1_000_000 + seed, false, true)).sum();
    announce(&format!("journal killed on a sick disk: {recoveries} recoveries"));
}

#[test]
fn a_power_loss_at_every_write_loses_nothing_that_was_flushed() {
    let recoveries: u64 = (0..histories()).map(|seed| crash_everywhere(2_000_000 + seed, true, false)).sum();
    announce(&format!("journal without power: {recoveries} recoveries"));
}

#[test]
fn a_power_loss_on_a_sick_disk_loses_nothing_that_was_flushed() {
    let recoveries: u64 = (0..histories() / 2).map(|seed| crash_everywhere(3_000_000 + seed, true, true)).sum();
    announce(&format!("journal without power on a sick disk: {recoveries} recoveries"));
}

/// The check must notice when interrupted generations are forgotten at a restart.
#[test]
fn forgetting_open_generations_is_noticed() {
    let tripped = (0..50).any(|seed| {
        let world = history(seed, false);
        let mut witness = Witness::default();
        world.events().iter().for_each(|event| witness.see(event));
        let rebooted = World::boot(world.image());
        recover_with(&rebooted, small(), true).expect("recovers");
        witness.judge(&rebooted.ledger(), false).is_err()
    });
    assert!(tripped);
}

/// The check must notice when a mark is written before anything was sent: then a crash between the two charges for output
/// that nobody received. The right order never does.
#[test]
fn marking_before_sending_is_noticed() {
    let charged_beyond_delivery = |mark_first: bool, seed: u64| {
        let mut random = seeded(seed);
        let world = World::default();
        let (journal, _) = world.open_journal(small()).expect("opens");
        let opening = opening(seed, account_id(1), key_id(1), noon());
        journal.open_record(&opening).expect("opens");
        let (mut sent, mut marked) = (0, 0);
        // Two half-steps per chunk; the process dies after a random number of them.
        for half in 0..random.random_range(1..12) {
            if (half % 2 == 0) == mark_first {
                marked += 5;
                journal.mark(opening.id, marked).expect("marks");
            } else {
                sent += 5;
            }
        }
        let world = World::boot(world.image());
        recover(&world, small()).expect("recovers");
        world.ledger().iter().any(|row| row.delivered > sent)
    };
    assert!((0..50).any(|seed| charged_beyond_delivery(true, seed)));
    assert!(!(0..50).any(|seed| charged_beyond_delivery(false, seed)));
}

/// The check must notice when the result of a flush is ignored.
#[test]
fn ignoring_a_failed_flush_is_noticed() {
    let lost = |ignore: bool| {
        (0..50).any(|seed| {
            let mut random = seeded(seed);
            let world = World::default();
            let (journal, _) = world
                .open_journal(crate::journal::JournalOptions { ignore_flush_result: ignore, ..small() })
                .expect("opens");
            let mut witness = Witness::default();
            for number in 1..6 {
                let generation = generation(seed, number);
                let (id, charge) = (generation.opening.id, generation.charge);
                witness.see(&Event::Trying(Step::Close(id, charge, 0)));
                let seq = journal.close(&generation).expect("closes");
                witness.see(&Event::Done(Step::Close(id, charge, seq)));
                world.set_faults(Faults {
                    failing_syncs: u32::from(random.random_range(0..3) == 0),
                    ..Faults::default()
                });
                if journal.flush().is_ok() {
                    witness.see(&Event::Flushed(seq));
                }
            }
            let mut image = world.image();
            image.lose_power(Tail::Torn, &mut random);
            let rebooted = World::boot(image);
            recover(&rebooted, small()).is_err() || witness.judge(&rebooted.ledger(), true).is_err()
        })
    };
    assert!(lost(true));
    assert!(!lost(false));
}
