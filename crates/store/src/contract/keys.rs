//! API keys.

use super::fixture::{account, account_id, after, bits, key_hash, key_id, new_key, noon};
use crate::durable::{KeyFilter, KeyPatch, NewKey, Store, StoreError};
use domain::id::UserId;
use domain::key::KeyRole;
use domain::money::Amount;
use domain::time::ResetPeriod;

const EVERYTHING: KeyFilter = KeyFilter { include_disabled: true, include_expired: true, offset: 0, limit: 100 };

pub(super) async fn keys_round_trip(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let new = NewKey {
        user: Some(UserId::new(noon(), bits(4))),
        role: KeyRole::Management,
        limit: Some(Amount::from_nanos(1_500_000_000)),
        reset: Some(ResetPeriod::Weekly),
        include_byok_in_limit: true,
        expires_at: Some(after(noon(), 10)),
        ..new_key(1, account)
    };
    store.key_insert(&new).await.expect("insert");
    let found = store.key_find_by_hash(new.hash, noon()).await.expect("read").expect("there");
    assert_eq!(store.key_state(new.id, noon()).await.expect("read").as_ref(), Some(&found));
    assert_eq!((found.id, found.hash, found.account, found.workspace), (new.id, new.hash, account, new.workspace));
    assert_eq!((found.user, found.role, found.limit, found.reset), (new.user, new.role, new.limit, new.reset));
    assert_eq!((&found.label, &found.name, found.expires_at), (&new.label, &new.name, new.expires_at));
    assert!(found.include_byok_in_limit && !found.is_disabled && !found.is_internal);
    assert_eq!((found.updated_at, found.last_used_at, found.usage_total), (None, None, Amount::ZERO));
    let twin = NewKey { id: key_id(2), ..new.clone() };
    assert!(matches!(store.key_insert(&twin).await, Err(StoreError::Conflict { .. })), "a hash is unique");

    assert!(!store.key_delete(account_id(9), new.hash, noon()).await.expect("delete"), "not of that account");
    assert!(store.key_delete(account, new.hash, noon()).await.expect("delete"));
    assert!(!store.key_delete(account, new.hash, noon()).await.expect("delete"), "already gone");
    assert_eq!(store.key_find_by_hash(new.hash, noon()).await.expect("read"), None);
    assert_eq!(store.key_list(account, EVERYTHING, noon()).await.expect("list"), []);
    assert!(!store.key_update(account, new.hash, &KeyPatch::default(), noon()).await.expect("update"));
}

pub(super) async fn key_lists_filter(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let other = super::fixture::account(&store, 2, Amount::ZERO).await;
    for number in 1..=4 {
        let expires_at = (number == 2).then(noon);
        store.key_insert(&NewKey { expires_at, ..new_key(number, account) }).await.expect("insert");
    }
    store.key_insert(&NewKey { is_internal: true, ..new_key(5, account) }).await.expect("insert");
    store.key_insert(&new_key(6, other)).await.expect("insert");
    let disable = KeyPatch { is_disabled: Some(true), ..KeyPatch::default() };
    assert!(store.key_update(account, key_hash(3), &disable, noon()).await.expect("update"));
    let shown = async |filter: KeyFilter| -> Vec<String> {
        let keys = store.key_list(account, filter, noon()).await.expect("list");
        keys.into_iter().map(|key| key.name).collect()
    };
    assert_eq!(shown(EVERYTHING).await, ["key 1", "key 2", "key 3", "key 4"]);
    assert_eq!(shown(KeyFilter { include_disabled: false, ..EVERYTHING }).await, ["key 1", "key 2", "key 4"]);
    assert_eq!(shown(KeyFilter { include_expired: false, ..EVERYTHING }).await, ["key 1", "key 3", "key 4"]);
    assert_eq!(shown(KeyFilter { offset: 1, limit: 2, ..EVERYTHING }).await, ["key 2", "key 3"]);
}

pub(super) async fn key_patches_change_only_what_they_name(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let new = NewKey {
        limit: Some(Amount::from_dollars(1)),
        reset: Some(ResetPeriod::Daily),
        expires_at: Some(after(noon(), 99)),
        ..new_key(1, account)
    };
    store.key_insert(&new).await.expect("insert");
    let patched = async |patch: KeyPatch| {
        assert!(store.key_update(account, new.hash, &patch, after(noon(), 5)).await.expect("update"));
        store.key_state(new.id, noon()).await.expect("read").expect("there")
    };
    let key = patched(KeyPatch { name: Some("renamed".to_owned()), ..KeyPatch::default() }).await;
    assert_eq!((key.name.as_str(), key.limit, key.updated_at), ("renamed", new.limit, Some(after(noon(), 5))));
    let key = patched(KeyPatch { limit: Some(None), reset: Some(None), ..KeyPatch::default() }).await;
    assert_eq!((key.limit, key.reset, key.expires_at), (None, None, new.expires_at));
    let key = patched(KeyPatch { reset: Some(Some(ResetPeriod::Monthly)), ..KeyPatch::default() }).await;
    assert_eq!((key.limit, key.reset), (None, Some(ResetPeriod::Monthly)));
    let patch = KeyPatch {
        is_disabled: Some(true),
        include_byok_in_limit: Some(true),
        expires_at: Some(None),
        ..KeyPatch::default()
    };
    let key = patched(patch).await;
    assert!(key.is_disabled && key.include_byok_in_limit && key.expires_at.is_none() && key.name == "renamed");
}
