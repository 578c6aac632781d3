//! Set-up tokens, people and sessions.

use super::fixture::{account, after, bits, noon};
use crate::durable::{Kept, NewSession, NewSetupToken, SetupToken, Store, User};
use domain::id::UserId;
use domain::money::Amount;
use std::time::Duration;

pub(super) async fn setup_tokens_work_once(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let new = |byte, account| NewSetupToken {
        hash: [byte; 32],
        account,
        user_name: "owner".to_owned(),
        expires_at: after(noon(), 10),
    };
    store.setup_token_insert(&new(1, Some(account))).await.expect("insert");
    store.setup_token_insert(&new(2, None)).await.expect("insert");
    let token = SetupToken { account: Some(account), user_name: "owner".to_owned() };
    let races: Vec<_> = (0..6)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.setup_token_consume(&[1; 32], noon()).await.expect("consume") })
        })
        .collect();
    let mut used = Vec::new();
    for race in races {
        used.extend(race.await.expect("race"));
    }
    assert_eq!(used, [token], "exactly one of many at once");
    assert_eq!(store.setup_token_consume(&[2; 32], after(noon(), 10)).await.expect("consume"), None, "lapsed");
    assert_eq!(store.setup_token_consume(&[3; 32], noon()).await.expect("consume"), None, "unknown");
}

fn session(byte: u8, user: &User, life: i64) -> NewSession {
    NewSession {
        hash: [byte; 32],
        user: user.id,
        account: user.account,
        created_at: noon(),
        expires_at: after(noon(), life),
        idle: Duration::from_secs(60),
    }
}

pub(super) async fn sessions_end(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let user = User { id: UserId::new(noon(), bits(1)), account, name: "owner".to_owned(), created_at: noon() };
    assert_eq!(store.user_first(account).await.expect("read"), None);
    store.user_insert(&user).await.expect("insert");
    assert_eq!(store.user_find(user.id).await.expect("read"), Some(user.clone()));
    assert_eq!(store.user_first(account).await.expect("read"), Some(user.clone()));
    store.session_insert(&session(1, &user, 100)).await.expect("insert");
    let alive = async |seconds| store.session_find(&[1; 32], after(noon(), seconds)).await.expect("read").is_some();
    assert!(alive(59).await);
    assert!(!alive(60).await, "idle too long");
    store.session_touch(&[1; 32], after(noon(), 50)).await.expect("touch");
    store.session_touch(&[1; 32], after(noon(), 40)).await.expect("touch");
    assert!(alive(99).await, "an earlier touch does not take time back");
    assert!(!alive(100).await, "ended");
    let found = store.session_find(&[1; 32], noon()).await.expect("read").expect("there");
    assert_eq!((found.user, found.account, found.idle), (user.id, account, Duration::from_secs(60)));
    assert!(store.session_delete(&[1; 32], noon()).await.expect("delete"));
    assert!(!store.session_delete(&[1; 32], noon()).await.expect("delete"));
    assert!(!alive(0).await);
}

pub(super) async fn prune_deletes_what_has_ended(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let user = User { id: UserId::new(noon(), bits(1)), account, name: "owner".to_owned(), created_at: noon() };
    store.user_insert(&user).await.expect("insert");
    store.session_insert(&session(1, &user, 100)).await.expect("insert");
    store.session_insert(&session(2, &user, 10)).await.expect("insert");
    let before = store.changes_since(0, 100).await.expect("changes").len();
    store.prune(after(noon(), 20), Kept::default()).await.expect("prune");
    assert!(store.session_find(&[1; 32], after(noon(), 20)).await.expect("read").is_some());
    let left = store.changes_since(0, 100).await.expect("changes").len();
    // The account was made a day earlier.
    assert_eq!(left, before - 1);
    store.prune(after(noon(), 601), Kept::default()).await.expect("prune");
    assert_eq!(store.changes_since(0, 100).await.expect("changes"), []);
    assert_eq!(store.session_find(&[1; 32], noon()).await.expect("read"), None);
}
