//! Accounts, credit, the change feed, upstreams, the catalogue overlay and settings.

use super::fixture::{account, account_id, after, bits, grant, noon, settle, settlement};
use crate::durable::{ChangeKind, Grant, GrantOutcome, NewAccount, NewCatalogEntry, Store, StoreError, Upstream};
use domain::id::{EntryId, UpstreamId, WorkspaceId};
use domain::ledger::EntryKind;
use domain::money::Amount;

pub(super) async fn makes_and_lists_accounts(store: Store) {
    assert_eq!(store.account_first().await.expect("read"), None);
    let demo = NewAccount {
        id: account_id(1),
        name: "demo".to_owned(),
        is_demo: true,
        workspace: WorkspaceId::new(noon(), bits(1)),
        created_at: noon(),
    };
    store.account_insert(&demo).await.expect("insert");
    assert!(matches!(store.account_insert(&demo).await, Err(StoreError::Conflict { .. })));
    let second = account(&store, 2, Amount::from_dollars(3)).await;
    let third = account(&store, 3, Amount::ZERO).await;
    let first = store.account_first().await.expect("read").expect("there is one");
    assert_eq!((first.id, first.granted, first.bought), (second, Amount::from_dollars(3), Amount::from_dollars(3)));
    let found = store.account_find(account_id(1)).await.expect("read").expect("there");
    assert!(found.is_demo && found.workspace == demo.workspace && found.name == "demo");
    let page = store.account_list(2, None).await.expect("list");
    assert_eq!(page.iter().map(|account| account.id).collect::<Vec<_>>(), [account_id(1), second]);
    let page = store.account_list(2, Some(second)).await.expect("list");
    assert_eq!(page.iter().map(|account| account.id).collect::<Vec<_>>(), [third]);
    assert_eq!(store.credits(account_id(9)).await.expect("read"), None);
}

pub(super) async fn a_grant_posts_once(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let mut promotion = Grant {
        id: EntryId::new(noon(), bits(1)),
        account,
        kind: EntryKind::Promotion,
        amount: Amount::from_dollars(2),
        note: "welcome".to_owned(),
        at: noon(),
    };
    assert_eq!(store.grant_post(&promotion).await.expect("post"), GrantOutcome::Posted);
    assert_eq!(store.grant_post(&promotion).await.expect("post"), GrantOutcome::AlreadyPosted);
    let found = store.account_find(account).await.expect("read").expect("there");
    assert_eq!((found.granted, found.bought), (Amount::from_dollars(2), Amount::ZERO));
    assert_eq!(store.grant_list(account, 10).await.expect("list"), [promotion.clone()]);

    promotion.id = EntryId::new(noon(), bits(2));
    promotion.amount = Amount::from_nanos(-1);
    assert!(matches!(store.grant_post(&promotion).await, Err(StoreError::Range)));
    promotion.kind = EntryKind::Usage;
    assert!(matches!(store.grant_post(&promotion).await, Err(StoreError::Range)));
    promotion.kind = EntryKind::Adjustment;
    promotion.account = account_id(77);
    assert!(matches!(store.grant_post(&promotion).await, Err(StoreError::Missing { what: "account" })));
    // The refused posting left nothing behind: its id is still free.
    promotion.account = account;
    assert_eq!(store.grant_post(&promotion).await.expect("post"), GrantOutcome::Posted);
    assert_eq!(store.credits(account).await.expect("read"), Some((Amount::from_nanos(1_999_999_999), Amount::ZERO)));
    assert!(store.verify(&[]).await.expect("verify").is_ok());
}

pub(super) async fn debts_swallow_new_credit(store: Store) {
    let account = account(&store, 1, Amount::from_nanos(1000)).await;
    let boot = store.node_boot(super::fixture::NODE, noon()).await.expect("boot");
    let spent = settlement(1, account, super::fixture::key_id(1), noon());
    let charge = spent.charge;
    settle(&store, boot, 1, &[spent]).await;
    let debt = Amount::from_nanos(charge.nanos() - 1000);
    grant(&store, account, 5, EntryKind::Grant, Amount::from_nanos(debt.nanos() - 1)).await;
    assert!(store.verify(&[]).await.expect("verify").is_ok(), "still in debt: no lot may hold anything");
    grant(&store, account, 6, EntryKind::Promotion, Amount::from_nanos(11)).await;
    let report = store.verify(&[]).await.expect("verify");
    assert!(report.is_ok(), "{report:?}");
    let found = store.account_find(account).await.expect("read").expect("there");
    assert_eq!(found.balance(), Amount::from_nanos(10));
}

pub(super) async fn changes_appear_in_order(store: Store) {
    let start = store.change_seq().await.expect("seq");
    let first = account(&store, 1, Amount::from_dollars(1)).await;
    store.setting_put("theme", "dark", noon()).await.expect("put");
    let changes = store.changes_since(start, 100).await.expect("changes");
    let seen: Vec<_> = changes.iter().map(|change| (change.kind, change.id.clone())).collect();
    let id = first.as_bytes().to_vec();
    assert_eq!(
        seen,
        [(ChangeKind::Account, id.clone()), (ChangeKind::Account, id), (ChangeKind::Setting, b"theme".to_vec())]
    );
    assert!(changes.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
    let last = store.change_seq().await.expect("seq");
    assert_eq!(changes.last().map(|change| change.seq), Some(last));
    assert_eq!(store.changes_since(last, 100).await.expect("changes"), []);
    assert_eq!(store.changes_since(start, 1).await.expect("changes").len(), 1);

    // Writers at the same time: every number is there once, and none appears after a higher one was seen.
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..5 {
                    store.setting_put(&format!("s{writer}"), &round.to_string(), noon()).await.expect("put");
                }
            })
        })
        .collect();
    let mut seen = last;
    while seen < last + 40 {
        for change in store.changes_since(seen, 7).await.expect("changes") {
            assert_eq!(change.seq, seen + 1);
            seen = change.seq;
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.expect("writer");
    }
}

pub(super) async fn upstreams_round_trip(store: Store) {
    let mut upstream = Upstream {
        id: UpstreamId::new(noon(), bits(1)),
        slug: "acme".to_owned(),
        family: "openai".to_owned(),
        base_url: "http://127.0.0.1:9100/v1".to_owned(),
        secret: Some(vec![0, 255, 1]),
        is_sealed: true,
        is_disabled: false,
        settings_json: "{}".to_owned(),
        created_at: noon(),
        updated_at: noon(),
    };
    store.upstream_upsert(&upstream).await.expect("insert");
    assert_eq!(store.upstream_list().await.expect("list"), [upstream.clone()]);
    upstream.secret = None;
    upstream.is_disabled = true;
    upstream.updated_at = after(noon(), 1);
    store.upstream_upsert(&upstream).await.expect("update");
    assert_eq!(store.upstream_list().await.expect("list"), [upstream.clone()]);
    let rival = Upstream { id: UpstreamId::new(noon(), bits(2)), ..upstream.clone() };
    assert!(matches!(store.upstream_upsert(&rival).await, Err(StoreError::Conflict { .. })));
    assert!(!format!("{:?}", Upstream { secret: Some(b"sk-upstream".to_vec()), ..upstream.clone() }).contains("115"));
    assert!(store.upstream_delete(upstream.id, noon()).await.expect("delete"));
    assert!(!store.upstream_delete(upstream.id, noon()).await.expect("delete"));
    assert_eq!(store.upstream_list().await.expect("list"), []);
}

pub(super) async fn catalogue_keeps_its_history(store: Store) {
    let entry = |model: &str, version: &str, document: Option<&str>, from: i64| NewCatalogEntry {
        model_id: model.to_owned(),
        version: version.to_owned(),
        document: document.map(str::to_owned),
        effective_from: after(noon(), from),
        at: noon(),
    };
    store
        .catalog_put(&[
            entry("acme/a", "1", Some("{\"n\":1}"), 0),
            entry("acme/a", "2", Some("{\"n\":2}"), 10),
            entry("acme/b", "1", Some("{}"), 0),
            entry("acme/b", "2", None, 20),
        ])
        .await
        .expect("put");
    let current = async |seconds| -> Vec<String> {
        let entries = store.catalog_current(after(noon(), seconds)).await.expect("current");
        entries.iter().map(|entry| format!("{}@{}", entry.model_id, entry.version)).collect()
    };
    assert_eq!(current(-1).await, Vec::<String>::new());
    assert_eq!(current(9).await, ["acme/a@1", "acme/b@1"]);
    assert_eq!(current(10).await, ["acme/a@2", "acme/b@1"]);
    assert_eq!(current(20).await, ["acme/a@2"]);
    let history = store.catalog_history("acme/a").await.expect("history");
    assert_eq!(history.iter().map(|entry| entry.version.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    // All or none: the second entry of this batch exists, so the first is not recorded either.
    let clash = store.catalog_put(&[entry("acme/c", "1", None, 0), entry("acme/a", "1", None, 0)]).await;
    assert!(matches!(clash, Err(StoreError::Conflict { .. })));
    assert_eq!(store.catalog_history("acme/c").await.expect("history"), []);
}

pub(super) async fn settings_are_replaced(store: Store) {
    assert_eq!(store.setting_get("a").await.expect("get"), None);
    store.setting_put("a", "1", noon()).await.expect("put");
    store.setting_put("a", "2", noon()).await.expect("put");
    assert_eq!(store.setting_get("a").await.expect("get"), Some("2".to_owned()));
}
