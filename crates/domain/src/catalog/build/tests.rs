//! Documents in, catalogue or a named mistake out.

use super::{BuildError, CatalogBuilder};
use crate::catalog::file::{ModelText, ProviderText};

fn provider(slug: &str) -> ProviderText {
    serde_json::from_value(
        serde_json::json!({"slug": slug, "name": slug, "dialect": "openai", "base_url": "http://x/v1/"}),
    )
    .expect("provider")
}

fn model(json: serde_json::Value) -> ModelText {
    serde_json::from_value(json).expect("model")
}

fn build(models: Vec<ModelText>) -> Result<crate::catalog::Catalog, BuildError> {
    let mut builder = CatalogBuilder::default();
    builder.provider(provider("acme"));
    for model in models {
        builder.model(model);
    }
    builder.build()
}

#[test]
fn endpoints_inherit_from_their_model_and_provider() {
    let catalog = build(vec![model(serde_json::json!({
        "id": "mock/echo-1", "context_length": 1000, "max_completion_tokens": 100, "supported_parameters": ["tools"], "aliases": ["mock/old"],
        "endpoints": [{"provider": "acme", "upstream_id": "echo", "price": {"prompt": "1", "completion": "3"}}],
    }))])
    .expect("catalogue");
    let model = catalog.model("mock/old").expect("alias");
    let endpoint = &model.endpoints[0];
    assert_eq!(
        (endpoint.tag.as_str(), endpoint.context_length, endpoint.max_completion_tokens),
        ("acme", 1000, Some(100))
    );
    assert_eq!(endpoint.supported_parameters, ["tools"]);
    assert_eq!(endpoint.provider.base_url.as_deref(), Some("http://x/v1"));
    assert_eq!(endpoint.price_version.len(), 16);
}

#[test]
fn mistakes_are_named() {
    let endpoint = serde_json::json!({"provider": "acme", "upstream_id": "e", "price": {"prompt": "1"}});
    let with = |id: &str, endpoints: serde_json::Value| {
        model(serde_json::json!({"id": id, "context_length": 1, "endpoints": endpoints}))
    };
    assert!(matches!(build(vec![with("no-author", serde_json::json!([]))]), Err(BuildError::ModelId { .. })));
    assert!(matches!(build(vec![with("a/b:nitro", serde_json::json!([]))]), Err(BuildError::ModelId { .. })));
    assert!(matches!(
        build(vec![with("a/b", serde_json::json!([endpoint, endpoint]))]),
        Err(BuildError::DuplicateTag { .. })
    ));
    let foreign = serde_json::json!({"provider": "nobody", "upstream_id": "e", "price": {"prompt": "1"}});
    assert!(matches!(build(vec![with("a/b", serde_json::json!([foreign]))]), Err(BuildError::UnknownProvider { .. })));
    let dear = serde_json::json!({"provider": "acme", "upstream_id": "e", "price": {"prompt": "5000"}});
    assert!(matches!(build(vec![with("a/b", serde_json::json!([dear]))]), Err(BuildError::Price { .. })));
}
