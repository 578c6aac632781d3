//! Presets with their versions, routing settings, and both as a server loads them.

use super::fixture::{account, account_id, after, bits, noon};
use crate::durable::{
    ChangeKind, NewPresetVersion, PresetLimits, PresetPatch, PresetPut, PresetStatus, RoutingScope, Store, StoredRules,
};
use domain::id::{AccountId, PresetId, PresetVersionId, WorkspaceId};
use domain::money::Amount;

const LIMITS: PresetLimits = PresetLimits { presets: 3, versions: 3 };

fn workspace(number: u64) -> WorkspaceId {
    WorkspaceId::new(noon(), bits(number))
}

fn version(number: u64, account: AccountId, slug: &str, config: &str) -> NewPresetVersion {
    NewPresetVersion {
        preset: PresetId::new(noon(), bits(number)),
        version: PresetVersionId::new(noon(), bits(number)),
        account,
        workspace: workspace(1),
        slug: slug.to_owned(),
        system_prompt: Some("Be \u{1f600} brief".to_owned()),
        config_json: config.to_owned(),
        user: None,
        creator: "key_1".to_owned(),
        at: after(noon(), i64::try_from(number).expect("small")),
    }
}

pub(super) async fn presets_keep_their_versions(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let start = store.change_seq().await.expect("seq");
    let put = async |number, slug: &str, config: &str| {
        store.preset_put(&version(number, account, slug, config), LIMITS).await.expect("put")
    };
    assert_eq!(put(1, "brief", r#"{"model":"a/b"}"#).await, PresetPut::Stored(1));
    assert_eq!(put(2, "brief", r#"{"model":"a/c"}"#).await, PresetPut::Stored(2));
    let found = store.preset_find(workspace(1), "brief").await.expect("find").expect("there");
    assert_eq!((found.id, found.designated, found.versions), (PresetId::new(noon(), bits(1)), 2, 2));
    assert_eq!(found.designated_id, Some(PresetVersionId::new(noon(), bits(2))));
    assert_eq!((found.created_at, found.updated_at), (after(noon(), 1), after(noon(), 2)));
    assert_eq!(store.preset_find(workspace(2), "brief").await.expect("find"), None, "another workspace has none");
    let (versions, total) = store.preset_versions(found.id, 0, 50).await.expect("versions");
    assert_eq!((versions.iter().map(|one| one.version).collect::<Vec<_>>(), total), (vec![1, 2], 2));
    assert_eq!(store.preset_versions(found.id, 1, 1).await.expect("page").0, versions[1..]);
    assert_eq!(store.preset_version(found.id, 1).await.expect("one").as_ref(), versions.first());
    assert_eq!(store.preset_version(found.id, 3).await.expect("one"), None);
    assert_eq!(put(3, "brief", "{}").await, PresetPut::Stored(3));
    assert_eq!(put(4, "brief", "{}").await, PresetPut::TooManyVersions);
    let found = store.preset_find(workspace(1), "brief").await.expect("find").expect("there");
    assert_eq!((found.designated, found.updated_at), (3, after(noon(), 3)), "what is refused changes nothing");
    put(5, "second", "{}").await;
    put(6, "third", "{}").await;
    assert_eq!(put(7, "fourth", "{}").await, PresetPut::TooManyPresets);
    let (list, total) = store.preset_list(workspace(1), 0, 2).await.expect("list");
    assert_eq!((list.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), total), (vec!["third", "second"], 3));
    let changes = store.changes_since(start, 100).await.expect("changes");
    assert_eq!(changes.len(), 5, "one change per version that was stored");
    assert!(changes.iter().all(|change| change.kind == ChangeKind::Rules && change.id == account.as_bytes()));
}

pub(super) async fn writers_of_one_preset_take_different_numbers(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    let limits = PresetLimits { presets: 3, versions: 100 };
    store.preset_put(&version(1, account, "brief", "{}"), limits).await.expect("put");
    let writers: Vec<_> = (2..10)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.preset_put(&version(number, account, "brief", "{}"), limits).await })
        })
        .collect();
    let mut numbers = Vec::new();
    for writer in writers {
        match writer.await.expect("writer").expect("put") {
            PresetPut::Stored(number) => numbers.push(number),
            refused => panic!("{refused:?}"),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (2..10).collect::<Vec<_>>());
}

pub(super) async fn presets_change_and_go(store: Store) {
    let account = account(&store, 1, Amount::ZERO).await;
    for number in 1..=2 {
        store.preset_put(&version(number, account, "brief", "{}"), LIMITS).await.expect("put");
    }
    let patch = async |patch: PresetPatch| {
        store.preset_update(workspace(1), "brief", &patch, after(noon(), 9)).await.expect("update")
    };
    assert!(patch(PresetPatch { name: Some("Brief".to_owned()), ..PresetPatch::default() }).await);
    assert!(patch(PresetPatch { description: Some(Some("short".to_owned())), ..PresetPatch::default() }).await);
    assert!(patch(PresetPatch { designated: Some(1), ..PresetPatch::default() }).await);
    assert!(!patch(PresetPatch { designated: Some(7), ..PresetPatch::default() }).await, "no such version");
    let found = store.preset_find(workspace(1), "brief").await.expect("find").expect("there");
    assert_eq!((found.name.as_str(), found.description.as_deref(), found.designated), ("Brief", Some("short"), 1));
    assert_eq!((found.status, found.status_updated_at), (PresetStatus::Active, None));
    assert!(patch(PresetPatch { status: Some(PresetStatus::Archived), ..PresetPatch::default() }).await);
    let found = store.preset_find(workspace(1), "brief").await.expect("find").expect("there");
    assert_eq!((found.status, found.status_updated_at), (PresetStatus::Archived, Some(after(noon(), 9))));
    assert!(store.rules_load(None).await.expect("rules").is_empty(), "requests cannot use it");
    assert!(store.preset_delete(workspace(1), "brief", noon()).await.expect("delete"));
    assert!(!store.preset_delete(workspace(1), "brief", noon()).await.expect("delete"));
    assert_eq!(store.preset_versions(found.id, 0, 50).await.expect("versions"), (Vec::new(), 0));
    assert!(!patch(PresetPatch::default()).await);
}

pub(super) async fn rules_load_what_requests_get(store: Store) {
    let (first, second) = (account(&store, 1, Amount::ZERO).await, account(&store, 2, Amount::ZERO).await);
    store.preset_put(&version(1, first, "brief", "{}"), LIMITS).await.expect("put");
    store.preset_put(&version(2, first, "brief", r#"{"top_p":1}"#), LIMITS).await.expect("put");
    assert_eq!(store.routing_find(first, RoutingScope::Account).await.expect("find"), None);
    for document in ["{}", r#"{"enforce_zdr":true}"#] {
        store.routing_put(first, RoutingScope::Account, document, noon()).await.expect("put");
    }
    let scope = RoutingScope::Workspace(workspace(7));
    store.routing_put(second, scope, "{}", after(noon(), 1)).await.expect("put");
    let found = store.routing_find(second, scope).await.expect("find").expect("there");
    assert_eq!((found.document.as_str(), found.updated_at), ("{}", after(noon(), 1)));
    let all = store.rules_load(None).await.expect("rules");
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), [first, second]);
    let own = &all[&first];
    assert_eq!(own.account.as_deref(), Some(r#"{"enforce_zdr":true}"#));
    let preset = own.presets.first().expect("there");
    assert_eq!((preset.version, preset.config_json.as_str(), preset.slug.as_str()), (2, r#"{"top_p":1}"#, "brief"));
    assert_eq!(preset.system_prompt.as_deref(), Some("Be \u{1f600} brief"));
    let expected = StoredRules { workspaces: vec![(workspace(7), "{}".to_owned())], ..StoredRules::default() };
    let alone = store.rules_load(Some(second)).await.expect("rules");
    assert_eq!(alone.into_iter().collect::<Vec<_>>(), [(second, expected)]);
    assert!(store.rules_load(Some(account_id(9))).await.expect("rules").is_empty());
}
