//! Every route of the control plane on one page: the list that is mounted is the list that is published and tested.

use crate::body::BODY_MAX;
use crate::session::setup;
use crate::state::Mount;
use crate::{activity, credits, generation, key, model, preset, provider, routing, session, upstream};
use axum::{Router, routing as method};
use edge::route::{Access, Route};

macro_rules! upper {
    (get) => {
        "GET"
    };
    (post) => {
        "POST"
    };
    (patch) => {
        "PATCH"
    };
    (delete) => {
        "DELETE"
    };
}

macro_rules! routes {
    (
        api { $($method:ident $path:literal $access:ident $body:expr => $handler:path;)* }
        console { $($c_method:ident $c_path:literal $c_access:ident $c_body:expr => $c_handler:path;)* }
    ) => {
        /// Every mounted route, under each of its prefixes.
        pub const ROUTES: &[Route] = &[
            $(
                Route {
                    method: upper!($method),
                    pattern: concat!("/api/v1", $path),
                    access: Access::$access,
                    body_max: $body,
                },
                Route { method: upper!($method), pattern: concat!("/v1", $path), access: Access::$access, body_max: $body },
            )*
            $(Route {
                method: upper!($c_method),
                pattern: concat!("/console/api/v1", $c_path),
                access: Access::$c_access,
                body_max: $c_body,
            },)*
        ];

        /// The public API, for keys.
        pub(crate) fn api() -> Router<Mount> {
            Router::new()$(.route($path, method::$method($handler)))*
        }

        /// The console's API, for sessions.
        pub(crate) fn console() -> Router<Mount> {
            Router::new()$(.route($c_path, method::$c_method($c_handler)))*
        }
    };
}

routes! {
    api {
        get "/models" Open 0 => model::list::handler;
        get "/models/count" Open 0 => model::count::handler;
        get "/models/user" AnyKey 0 => model::user::handler;
        get "/models/{id}" Open 0 => model::find::escaped;
        get "/models/{author}/{slug}" Open 0 => model::find::parts;
        get "/models/{author}/{slug}/endpoints" Open 0 => model::endpoints::handler;
        get "/model/{author}/{slug}" Open 0 => model::find::handler;
        get "/providers" Open 0 => provider::handler;
        get "/endpoints/zdr" Open 0 => model::zdr::handler;
        get "/embeddings/models" Open 0 => model::embeddings::handler;
        get "/images/models" Open 0 => model::images::list;
        get "/images/models/{author}/{slug}/endpoints" Open 0 => model::images::endpoints;
        get "/key" AnyKey 0 => key::current::handler;
        get "/auth/key" AnyKey 0 => key::current::handler;
        get "/keys" Management 0 => key::list::handler;
        post "/keys" Management BODY_MAX => key::create::handler;
        get "/keys/{hash}" Management 0 => key::read::handler;
        patch "/keys/{hash}" Management BODY_MAX => key::update::handler;
        delete "/keys/{hash}" Management 0 => key::delete::handler;
        get "/credits" Management 0 => credits::handler;
        get "/generation" AnyKey 0 => generation::find::handler;
        get "/activity" Management 0 => activity::handler;
        get "/presets" AnyKey 0 => preset::list::handler;
        get "/presets/{slug}" AnyKey 0 => preset::read::handler;
        patch "/presets/{slug}" Management BODY_MAX => preset::update::handler;
        delete "/presets/{slug}" Management 0 => preset::delete::handler;
        get "/presets/{slug}/versions" AnyKey 0 => preset::versions::handler;
        get "/presets/{slug}/versions/{version}" AnyKey 0 => preset::version::handler;
        post "/presets/{slug}/chat/completions" AnyKey BODY_MAX => preset::create::chat;
        post "/presets/{slug}/messages" AnyKey BODY_MAX => preset::create::messages;
        post "/presets/{slug}/responses" AnyKey BODY_MAX => preset::create::responses;
        get "/routing" Management 0 => routing::account;
        patch "/routing" Management BODY_MAX => routing::change_account;
        get "/workspaces/{workspace}/routing" Management 0 => routing::workspace;
        patch "/workspaces/{workspace}/routing" Management BODY_MAX => routing::change_workspace;
        get "/upstreams" Management 0 => upstream::list::handler;
        post "/upstreams" Management BODY_MAX => upstream::create::handler;
        patch "/upstreams/{slug}" Management BODY_MAX => upstream::update::handler;
        delete "/upstreams/{slug}" Management 0 => upstream::delete::handler;
        post "/upstreams/{slug}/test" Management 0 => upstream::test::handler;
        post "/reload" Management 0 => upstream::reload::handler;
    }
    console {
        post "/setup" Open setup::BODY_MAX => session::setup::handler;
        get "/session" Session 0 => session::read::handler;
        delete "/session" Session 0 => session::end::handler;
        get "/keys" Session 0 => key::list::handler;
        post "/keys" Session BODY_MAX => key::create::handler;
        get "/keys/{hash}" Session 0 => key::read::handler;
        patch "/keys/{hash}" Session BODY_MAX => key::update::handler;
        delete "/keys/{hash}" Session 0 => key::delete::handler;
        get "/credits" Session 0 => credits::handler;
        get "/generation" Session 0 => generation::find::handler;
        get "/generations" Session 0 => generation::list::handler;
        get "/activity" Session 0 => activity::handler;
        get "/presets" Session 0 => preset::list::handler;
        get "/presets/{slug}" Session 0 => preset::read::handler;
        patch "/presets/{slug}" Session BODY_MAX => preset::update::handler;
        delete "/presets/{slug}" Session 0 => preset::delete::handler;
        get "/presets/{slug}/versions" Session 0 => preset::versions::handler;
        get "/presets/{slug}/versions/{version}" Session 0 => preset::version::handler;
        post "/presets/{slug}/chat/completions" Session BODY_MAX => preset::create::chat;
        post "/presets/{slug}/messages" Session BODY_MAX => preset::create::messages;
        post "/presets/{slug}/responses" Session BODY_MAX => preset::create::responses;
        get "/routing" Session 0 => routing::account;
        patch "/routing" Session BODY_MAX => routing::change_account;
        get "/workspaces/{workspace}/routing" Session 0 => routing::workspace;
        patch "/workspaces/{workspace}/routing" Session BODY_MAX => routing::change_workspace;
    }
}
