//! What users must be able to look up: every error kind, every setting, every route.

use super::rust::{Source, closing};
use super::{Finding, Tree};
use std::collections::{BTreeMap, BTreeSet};

const ERROR_KINDS: &str = "crates/domain/src/error_kind.rs";
const ERRORS_PAGE: &str = "docs/errors.md";
const SETTINGS: &str = "crates/server/src/config/file.rs";
/// Sections that are long enough for a file of their own.
const SETTINGS_APART: [&str; 1] = ["crates/server/src/config/health.rs"];
const SETTINGS_PAGE: &str = "docs/configuration.md";
const ROUTES_PAGE: &str = "docs/api.md";

/// Every error kind stands in `docs/errors.md`.
pub fn errors(tree: &Tree) -> Vec<Finding> {
    let source = Source::new(tree.text(ERROR_KINDS).unwrap_or_default());
    let names = source.code.find("fn as_str").map(|start| {
        let span = start..closing(&source.code, source.code[start..].find('{').map_or(start, |open| start + open));
        source.strings.iter().filter(|text| span.contains(&text.span.start)).map(|text| text.text.clone()).collect()
    });
    described(tree, ERROR_KINDS, names.unwrap_or_default(), ERRORS_PAGE)
}

/// Every setting stands in `docs/configuration.md`, and every setting described there exists.
pub fn settings(tree: &Tree) -> Vec<Finding> {
    let files = std::iter::once(SETTINGS).chain(SETTINGS_APART);
    let text: Vec<&str> = files.map(|path| tree.text(path).unwrap_or_default()).collect();
    let names = setting_names(&text.join("\n"));
    let mut findings = described(tree, SETTINGS, names.clone(), SETTINGS_PAGE);
    let page = tree.text(SETTINGS_PAGE).unwrap_or_default();
    for (at, line) in page.lines().enumerate() {
        let Some(name) = line.strip_prefix("| `").and_then(|rest| rest.split('`').next()) else { continue };
        if name.contains('.') && !name.starts_with("models.") && !names.contains(name) {
            findings.push(Finding::new(SETTINGS_PAGE, at + 1, format!("there is no setting {name}")));
        }
    }
    findings
}

/// The settings of the structs `…Section`, as `section.key`.
fn setting_names(text: &str) -> BTreeSet<String> {
    let structs = structs(text);
    let mut names = BTreeSet::new();
    for (section, kind) in structs.get("ConfigFile").into_iter().flatten() {
        collect(&structs, section, kind, &mut names);
    }
    names
}

/// Adds a field, or the fields of the section that it is.
fn collect(structs: &BTreeMap<String, Vec<(String, String)>>, name: &str, kind: &str, names: &mut BTreeSet<String>) {
    let inner = structs.iter().find(|(section, _)| kind.contains(section.as_str()));
    match inner {
        Some((_, fields)) => {
            let name = if kind.contains("Map<") { format!("{name}.<slug>") } else { name.to_owned() };
            for (field, kind) in fields {
                collect(structs, &format!("{name}.{field}"), kind, names);
            }
        }
        // Models are documents of their own, described with the catalogue.
        None if kind.contains("ModelText") => {}
        None => {
            names.insert(name.to_owned());
        }
    }
}

/// Structs of a text with the names and types of their public fields.
fn structs(text: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let code = Source::new(text).code;
    let mut found = BTreeMap::new();
    for (at, mark) in code.match_indices("pub struct ") {
        let rest = &code[at + mark.len()..];
        let name = rest.split([' ', '<', '(', ';']).next().unwrap_or_default().to_owned();
        let Some(open) = rest.find('{') else { continue };
        let start = at + mark.len() + open;
        let fields = code[start..closing(&code, start)]
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'))
            .map(|(field, kind)| (field.to_owned(), kind.trim().to_owned()))
            .collect();
        found.insert(name, fields);
    }
    found
}

/// Every route stands in `docs/api.md` as `METHOD /path`; the doors `/v1` and `/api/v1` count as one.
pub fn routes(tree: &Tree) -> Vec<Finding> {
    let files = tree.rust("crates/").filter(|file| !file.is_test());
    let mut names = BTreeSet::new();
    for file in files {
        let source = Source::new(&file.text);
        let product = |at: &usize| !source.is_test(source.strings[*at].span.start);
        for at in (0..source.strings.len()).filter(product) {
            names.extend(literal_route(&source, at).or_else(|| table_route(&source, at)));
        }
    }
    let names = names.into_iter().map(|(method, path)| {
        format!("{method} {}", path.strip_prefix("/api").filter(|rest| rest.starts_with("/v1")).unwrap_or(&path))
    });
    described(tree, "crates", names.collect(), ROUTES_PAGE)
}

/// `Route { method: "GET", pattern: "/…", …`.
fn literal_route(source: &Source, at: usize) -> Option<(String, String)> {
    let before = |at: usize| source.code[..source.strings[at].span.start].trim_end();
    let pattern = source.strings.get(at + 1)?;
    let is_route = before(at).ends_with("method:") && before(at + 1).ends_with("pattern:");
    is_route.then(|| (source.strings[at].text.clone(), pattern.text.clone()))
}

/// A line `get "/…" Access …` of the table of the control plane.
fn table_route(source: &Source, at: usize) -> Option<(String, String)> {
    let literal = &source.strings[at];
    let line = source.code[..literal.span.start].rsplit('\n').next()?.trim();
    let method = ["get", "post", "put", "patch", "delete"].into_iter().find(|method| line == *method)?;
    let block = source.code[..literal.span.start].rfind('{')?;
    let door = if source.code[..block].trim_end().ends_with("console") { "/console/api/v1" } else { "/v1" };
    literal.text.starts_with('/').then(|| (method.to_ascii_uppercase(), format!("{door}{}", literal.text)))
}

/// Findings for names that a page does not hold between backticks.
fn described(tree: &Tree, origin: &str, names: BTreeSet<String>, page: &str) -> Vec<Finding> {
    if names.is_empty() {
        return vec![Finding::new(
            origin,
            0,
            format!("found nothing that {page} should describe: the check needs mending"),
        )];
    }
    let text = tree.text(page).unwrap_or_default();
    let missing = names.into_iter().filter(|name| !text.contains(&format!("`{name}`")));
    missing.map(|name| Finding::new(page, 0, format!("`{name}` is not described"))).collect()
}

#[cfg(test)]
mod tests {
    use super::{ERROR_KINDS, ERRORS_PAGE, ROUTES_PAGE, SETTINGS, SETTINGS_PAGE, errors, routes, settings};
    use crate::tidy::Tree;

    #[test]
    fn an_error_kind_without_description_is_found() {
        let kinds = "impl A { fn as_str(self) -> &'static str { match self { Self::A => \"a_kind\", Self::B => \"b_kind\" } } }";
        let found = errors(&Tree::of(&[(ERROR_KINDS, kinds), (ERRORS_PAGE, "| `a_kind` |")]));
        assert_eq!(found.len(), 1);
        assert!(found[0].problem.contains("b_kind"));
        assert_eq!(errors(&Tree::of(&[])).len(), 1, "an unreadable source must not pass");
    }

    #[test]
    fn settings_and_their_page_must_agree() {
        let file = "pub struct ConfigFile {\n    pub server: ServerSection,\n    pub providers: BTreeMap<String, ProviderSection>,\n    pub models: Vec<ModelText>,\n}\npub struct ServerSection {\n    pub listen: SocketAddr,\n}\npub struct ProviderSection {\n    pub name: Option<String>,\n}\n";
        let page = "| `server.listen` | x |\n| `server.gone` | x |\n";
        let found = settings(&Tree::of(&[(SETTINGS, file), (SETTINGS_PAGE, page)]));
        let problems: Vec<_> = found.iter().map(|found| found.problem.as_str()).collect();
        assert_eq!(problems, ["`providers.<slug>.name` is not described", "there is no setting server.gone"]);
    }

    #[test]
    fn a_route_without_description_is_found() {
        let gateway = "const R: &[Route] = &[Route { method: \"POST\", pattern: \"/api/v1/chat\", access: A }];";
        let control = "routes! {\n  api {\n    get \"/keys\" Open 0 => a;\n  }\n  console {\n    get \"/keys\" Session 0 => a;\n  }\n}\n";
        let tree = |page: &str| {
            Tree::of(&[
                ("crates/gateway/src/lib.rs", gateway),
                ("crates/control/src/routes.rs", control),
                (ROUTES_PAGE, page),
            ])
        };
        assert!(routes(&tree("`POST /v1/chat` `GET /v1/keys` `GET /console/api/v1/keys`")).is_empty());
        assert_eq!(routes(&tree("`POST /v1/chat`")).len(), 2);
    }
}
