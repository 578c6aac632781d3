//! Budgets under holds, refreshes and midnights.

use super::{AccountSeed, Key, KeyFigures, KeySeed, KeySettings, LeaseBook};
use domain::id::{AccountId, KeyId};
use domain::key::{KeyHash, KeyRole};
use domain::money::Amount;
use domain::time::{ResetPeriod, Timestamp};
use std::sync::Arc;

const DAY: i64 = 86_400_000_000;

fn noon() -> Timestamp {
    Timestamp::from_micros(Timestamp::parse_date("2026-11-21").expect("date").micros() + DAY / 2)
}

fn account_seed(granted: i64) -> AccountSeed {
    AccountSeed {
        id: AccountId::new(noon(), [1; 10]),
        name: "a".to_owned(),
        workspace: None,
        is_demo: false,
        granted: Amount::from_nanos(granted),
        bought: Amount::from_nanos(granted),
        posted: Amount::ZERO,
        free_requests_today: 0,
    }
}

fn key_seed(limit: Option<i64>, reset: Option<ResetPeriod>) -> KeySeed {
    KeySeed {
        id: KeyId::new(noon(), [2; 10]),
        hash: KeyHash::of("k"),
        settings: KeySettings {
            name: "k".to_owned(),
            label: "k".to_owned(),
            role: KeyRole::Inference,
            workspace: None,
            limit: limit.map(Amount::from_nanos),
            reset,
            include_byok_in_limit: false,
            disabled: false,
            deleted: false,
            expires_at: None,
            created_at: noon(),
            is_internal: false,
        },
        figures: KeyFigures::default(),
    }
}

fn key(granted: i64, limit: Option<i64>, reset: Option<ResetPeriod>) -> (LeaseBook, Arc<Key>) {
    let book = LeaseBook::default();
    let account = account_seed(granted);
    book.account_put(&account, noon());
    let key = book.key_put(key_seed(limit, reset), account.id, noon()).expect("account is known");
    (book, key)
}

fn nanos(amount: i64) -> Amount {
    Amount::from_nanos(amount)
}

#[test]
fn a_refused_limit_gives_the_account_its_part_back() {
    let (_book, key) = key(1000, Some(10), None);
    let refusal = key.hold(nanos(11), noon()).expect_err("limit is smaller");
    assert!(matches!(refusal, super::HoldRefusal::Key(_)));
    assert_eq!(key.account().budget().held(), Amount::ZERO);
}

#[test]
fn exactly_ten_of_five_hundred_threads_hold_when_there_is_room_for_ten() {
    for limit in [None, Some(100)] {
        let (_book, key) = key(if limit.is_some() { 100_000 } else { 100 }, limit, None);
        let holds: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..500)
                .map(|_| {
                    let key = Arc::clone(&key);
                    scope.spawn(move || key.hold(nanos(10), noon()).ok())
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().expect("thread")).collect()
        });
        assert_eq!(holds.len(), 10);
        drop(holds);
        assert_eq!((key.account().budget().held(), key.limit_held()), (Amount::ZERO, Amount::ZERO));
    }
}

#[test]
fn extension_is_all_or_none() {
    let (_book, key) = key(100, Some(50), None);
    let mut hold = key.hold(nanos(40), noon()).expect("fits");
    hold.extend(nanos(10)).expect("fits");
    assert!(hold.extend(nanos(1)).is_err());
    assert_eq!((key.account().budget().held(), key.limit_held(), hold.amount()), (nanos(50), nanos(50), nanos(50)));
    hold.settle(nanos(45), noon()).expect("in range");
    assert_eq!((key.account().budget().balance(), key.limit_remaining(noon())), (nanos(55), Some(nanos(5))));
}

#[test]
fn a_request_counts_in_the_period_in_which_it_was_admitted() {
    let (_book, key) = key(1000, Some(100), Some(ResetPeriod::Daily));
    let hold = key.hold(nanos(90), noon()).expect("fits");
    let tomorrow = noon().plus(std::time::Duration::from_secs(86_400));
    let fresh = key.hold(nanos(10), tomorrow).expect("a new day");
    hold.settle(nanos(90), tomorrow).expect("in range");
    assert_eq!(key.limit_remaining(tomorrow), Some(nanos(100)));
    fresh.settle(nanos(10), tomorrow).expect("in range");
    assert_eq!(key.limit_remaining(tomorrow), Some(nanos(90)));
    let figures = key.figures(tomorrow);
    assert_eq!((figures.total, figures.daily, figures.monthly), (nanos(100), nanos(10), nanos(100)));
    assert_eq!(key.limit_held(), Amount::ZERO);
}

#[test]
fn refreshing_keeps_what_was_counted() {
    let (book, key) = key(100, Some(50), None);
    key.hold(nanos(30), noon()).expect("fits").settle(nanos(30), noon()).expect("in range");
    let hold = key.hold(nanos(10), noon()).expect("fits");
    book.account_put(&account_seed(500), noon());
    book.key_put(key_seed(Some(35), None), key.account().id(), noon());
    assert_eq!(key.account().budget().balance(), nanos(470));
    assert_eq!(key.limit_remaining(noon()), Some(nanos(5)));
    drop(hold);
    assert!(key.hold(nanos(6), noon()).is_err());
    assert!(key.hold(nanos(5), noon()).is_ok());
}

#[test]
fn history_is_trusted_only_after_enough_answers() {
    let (_book, key) = key(1, None, None);
    for _ in 1..super::OutputHistory::TRUSTED_FROM {
        key.observe_output(800);
    }
    assert_eq!(key.output_history().expected_max(), None);
    key.observe_output(800);
    assert_eq!(key.output_history().expected_max(), Some(1664));
}
