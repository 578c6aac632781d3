//! Disks that fail while the journal is in use.

use super::world::{Faults, World, recover, small};
use crate::contract::fixture::{account_id, key_id, noon, settlement};
use crate::journal::{JournalError, JournalOptions};
use domain::generation::Settlement;

fn generation(number: u64) -> Settlement {
    settlement(number, account_id(1), key_id(1), noon())
}

#[test]
fn one_failed_flush_writes_everything_again_and_goes_on() {
    let world = World::default();
    let (journal, _) = world.open_journal(small()).expect("opens");
    for number in 0..8 {
        journal.close(&generation(number)).expect("writes");
    }
    world.set_faults(Faults { failing_syncs: 1, ..Faults::default() });
    journal.flush().expect("the second place works");
    assert!(journal.is_writable() && journal.flushed_seq() >= 8);
    journal.close(&generation(8)).expect("writes");
    journal.flush().expect("flushes");
    let mut image = world.image();
    image.lose_power(super::world::Tail::Torn, &mut super::world::seeded(1));
    let rebooted = World::boot(image);
    recover(&rebooted, small()).expect("recovers");
    assert_eq!(rebooted.ledger().len(), 9);
}

#[test]
fn a_second_failure_refuses_until_the_disk_works_again() {
    let world = World::default();
    let (journal, _) = world.open_journal(small()).expect("opens");
    journal.close(&generation(1)).expect("writes");
    world.set_faults(Faults { failing_syncs: 2, ..Faults::default() });
    assert!(matches!(journal.flush(), Err(JournalError::Unwritable)));
    assert!(!journal.is_writable());
    assert!(matches!(journal.close(&generation(2)), Err(JournalError::Unwritable)));
    world.set_faults(Faults::default());
    journal.flush().expect("works again");
    assert!(journal.is_writable());
    journal.close(&generation(2)).expect("writes");
    journal.flush().expect("flushes");
    let rebooted = World::boot(world.image());
    recover(&rebooted, small()).expect("recovers");
    assert_eq!(rebooted.ledger().len(), 2);
}

#[test]
fn a_full_disk_refuses_the_record_and_keeps_the_others() {
    for no_truncate in [false, true] {
        let world = World::default();
        let (journal, _) = world.open_journal(small()).expect("opens");
        journal.close(&generation(1)).expect("writes");
        world.set_faults(Faults { failing_appends: 2, no_truncate, ..Faults::default() });
        for _ in 0..2 {
            assert!(matches!(journal.close(&generation(2)), Err(JournalError::Write(_))), "{no_truncate}");
            assert!(!journal.is_writable());
        }
        world.set_faults(Faults { no_truncate, ..Faults::default() });
        journal.close(&generation(3)).expect("space again");
        assert!(journal.is_writable());
        let rebooted = World::boot(world.image());
        recover(&rebooted, small()).expect("recovers");
        let ids: Vec<_> = rebooted.ledger().iter().map(|row| row.id).collect();
        assert_eq!(ids, [generation(1).opening.id, generation(3).opening.id], "{no_truncate}");
    }
}

#[test]
fn what_waits_for_a_flush_is_bounded() {
    let world = World::default();
    let (journal, _) = world.open_journal(JournalOptions { unflushed_bytes_max: 10_000, ..small() }).expect("opens");
    let written = (0..100).take_while(|number| journal.close(&generation(*number)).is_ok()).count();
    assert!((2..20).contains(&written), "{written}");
    assert!(matches!(journal.close(&generation(50)), Err(JournalError::Backlog { .. })));
    journal.flush().expect("flushes");
    journal.close(&generation(50)).expect("room again");
}

#[test]
fn a_record_beyond_any_settlement_is_refused() {
    let world = World::default();
    let (journal, _) = world.open_journal(small()).expect("opens");
    let mut huge = generation(1);
    huge.opening.user = Some("x".repeat(5 << 20));
    assert!(matches!(journal.close(&huge), Err(JournalError::TooLarge { .. })));
    journal.close(&generation(1)).expect("the next one fits");
}
