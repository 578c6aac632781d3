//! The budget as a state machine: random commands against a naive model.

use super::{Budget, BudgetError, EntryKey, EntryKind, Hold, grant_entries, usage_entries};
use crate::id::{AccountId, EntryId, GenerationId};
use crate::money::Amount;
use crate::time::Timestamp;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Command {
    Hold(i64),
    Extend(usize, i64),
    Settle(usize, i64),
    Void(usize),
    Grant(i64),
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        (0i64..2_000).prop_map(Command::Hold),
        (any::<prop::sample::Index>(), 0i64..500).prop_map(|(at, more)| Command::Extend(at.index(64), more)),
        (any::<prop::sample::Index>(), 0i64..3_000).prop_map(|(at, charge)| Command::Settle(at.index(64), charge)),
        any::<prop::sample::Index>().prop_map(|at| Command::Void(at.index(64))),
        (0i64..5_000).prop_map(Command::Grant),
    ]
}

/// What the budget must agree with after every command.
#[derive(Default)]
struct Model {
    granted: i64,
    posted: i64,
    open: Vec<(Hold, i64)>,
}

impl Model {
    fn held(&self) -> i64 {
        self.open.iter().map(|(_, amount)| amount).sum()
    }

    fn take(&mut self, at: usize) -> Option<(Hold, i64)> {
        if self.open.is_empty() { None } else { Some(self.open.remove(at % self.open.len())) }
    }
}

fn apply(budget: &mut Budget, model: &mut Model, command: &Command) {
    let free = model.granted - model.posted - model.held();
    let fits = |amount: i64| if amount == 0 { model.granted >= model.posted } else { amount <= free };
    match *command {
        Command::Hold(amount) => match budget.hold(Amount::from_nanos(amount)) {
            Ok(hold) => {
                assert!(fits(amount));
                model.open.push((hold, amount));
            }
            Err(BudgetError::Spent { .. }) => {
                assert!(!fits(amount) && amount.max(0) > (model.granted - model.posted).min(-1));
            }
            Err(BudgetError::InFlight { .. }) => assert!(amount > free && amount <= model.granted - model.posted),
            Err(BudgetError::Range) => unreachable!("amounts are in range"),
        },
        Command::Extend(at, more) => {
            let expected = fits(more);
            if let Some((mut hold, amount)) = model.take(at) {
                let grown = budget.extend(&mut hold, Amount::from_nanos(more)).is_ok();
                assert_eq!(grown, expected);
                model.open.push((hold, if grown { amount + more } else { amount }));
            }
        }
        Command::Settle(at, charge) => {
            if let Some((hold, _)) = model.take(at) {
                budget.settle(hold, Amount::from_nanos(charge)).expect("in range");
                model.posted += charge;
            }
        }
        Command::Void(at) => {
            if let Some((hold, _)) = model.take(at) {
                budget.void(hold);
            }
        }
        Command::Grant(amount) => {
            model.granted += amount;
            budget.set_granted(Amount::from_nanos(model.granted));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn budget_agrees_with_the_model_after_every_command(commands in prop::collection::vec(command(), 1..200)) {
        let mut budget = Budget::default();
        let mut model = Model::default();
        for command in &commands {
            apply(&mut budget, &mut model, command);
            prop_assert_eq!(budget.held().nanos(), model.held());
            prop_assert_eq!(budget.posted().nanos(), model.posted);
            prop_assert_eq!(budget.available().nanos(), model.granted - model.posted - model.held());
        }
        // Whatever happened: once every request has ended nothing is held.
        while let Some((hold, _)) = model.take(0) {
            budget.void(hold);
        }
        prop_assert_eq!(budget.held(), Amount::ZERO);
    }

    #[test]
    fn every_posting_sums_to_zero(amount in 0i64..i64::MAX, seed in any::<[u8; 10]>()) {
        let at = Timestamp::from_micros(1_763_700_000_000_000);
        let account = AccountId::new(at, seed);
        let key = EntryKey::Generation { id: GenerationId::new(at, seed), attempt: 1, line: 0 };
        let usage = usage_entries(key, account, EntryKind::Usage, Amount::from_nanos(amount), at).expect("in range");
        let grant = grant_entries(EntryId::new(at, seed), account, EntryKind::Grant, Amount::from_nanos(amount), at).expect("in range");
        for set in [usage, grant] {
            prop_assert_eq!(set.iter().map(|entry| i128::from(entry.amount.nanos())).sum::<i128>(), 0);
        }
    }
}

#[test]
fn refusals_change_nothing_and_name_what_is_in_the_way() {
    let mut budget = Budget::new(Amount::from_nanos(100), Amount::from_nanos(40));
    let first = budget.hold(Amount::from_nanos(50)).expect("fits");
    let before = budget;
    assert_eq!(
        budget.hold(Amount::from_nanos(60)),
        Err(BudgetError::InFlight { available: Amount::from_nanos(10), held: Amount::from_nanos(50) })
    );
    assert_eq!(budget.hold(Amount::from_nanos(61)), Err(BudgetError::Spent { available: Amount::from_nanos(10) }));
    assert_eq!(budget.hold(Amount::from_nanos(-1)), Err(BudgetError::Range));
    assert_eq!(budget, before);
    budget.settle(first, Amount::from_nanos(70)).expect("in range");
    assert_eq!(budget.balance(), Amount::from_nanos(-10));
}

#[test]
fn negative_charges_are_refused() {
    let at = Timestamp::from_micros(0);
    let account = AccountId::new(at, [0; 10]);
    let key = EntryKey::Other { id: EntryId::new(at, [0; 10]) };
    assert!(usage_entries(key, account, EntryKind::Usage, Amount::from_nanos(-1), at).is_err());
    assert!(grant_entries(EntryId::new(at, [0; 10]), account, EntryKind::Grant, Amount::from_nanos(-1), at).is_err());
    assert!(Budget::default().post(Amount::from_nanos(-1)).is_err());
}
