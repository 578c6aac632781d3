//! What lists show beside models: routers, and the moving ids of families.

use super::{Router, latest};
use crate::catalog::{Catalog, Model, StandsFor};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The routers and the moving ids in the form of models: routers without endpoints, families with those of their newest
/// model. `today` is `YYYY-MM-DD`.
#[must_use]
pub fn stand_ins(catalog: &Catalog, today: &str) -> Vec<Arc<Model>> {
    let routers = Router::ALL.into_iter().map(|router| Arc::new(of_router(router, catalog, today)));
    let families = latest::families(catalog, "text", today).into_iter();
    routers.chain(families.map(|(id, newest)| Arc::new(of_family(id, newest)))).collect()
}

/// The stand-in that an id means: a router by either prefix, or any moving id that leads somewhere.
#[must_use]
pub fn stand_in(catalog: &Catalog, id: &str, today: &str) -> Option<Arc<Model>> {
    if let Some(router) = Router::parse(id) {
        return Some(Arc::new(of_router(router, catalog, today)));
    }
    let newest = latest::latest(catalog, id, "text", today)?;
    Some(Arc::new(of_family(id.to_owned(), newest)))
}

fn of_family(id: String, newest: &Model) -> Model {
    let stands_for = Some(StandsFor::Newest { slug: newest.id.clone(), name: newest.name.clone() });
    Model { id, name: format!("{} (latest)", newest.name), stands_for, ..newest.clone() }
}

/// A router takes and supports what any of the models takes and supports that it may choose.
fn of_router(router: Router, catalog: &Catalog, today: &str) -> Model {
    let may_choose = |model: &&Arc<Model>| {
        let is_priced_so = match router {
            Router::Auto => !model.id.ends_with(":free"),
            Router::Free => model.is_free(),
        };
        is_priced_so && model.output_modalities.iter().any(|gives| gives == "text") && !model.is_gone(today)
    };
    let chosen = || catalog.models().iter().filter(may_choose);
    let all = |of: fn(&Model) -> &[String]| chosen().flat_map(|model| of(model)).collect::<BTreeSet<_>>();
    // Text first, as in every other list.
    let mut inputs: Vec<String> = all(|model| &model.input_modalities).into_iter().cloned().collect();
    inputs.sort_by_key(|input| input != "text");
    Model {
        id: router.id().to_owned(),
        canonical_slug: router.id().to_owned(),
        name: router.title().to_owned(),
        created: 0,
        description: router.description().to_owned(),
        context_length: router.context_length(),
        max_completion_tokens: None,
        input_modalities: inputs,
        output_modalities: vec!["text".to_owned()],
        supported_parameters: all(|model| &model.supported_parameters).into_iter().cloned().collect(),
        tokenizer: "Router".to_owned(),
        instruct_type: None,
        hugging_face_id: None,
        knowledge_cutoff: None,
        expiration_date: None,
        reasoning: None,
        distillable: None,
        quality: None,
        endpoints: Vec::new(),
        stands_for: Some(StandsFor::Router(router)),
    }
}
