//! Routes with what the OpenAPI document says of them. Serving takes no word of it, and all of it takes more memory
//! than everything else of an idle process, so it is told to those who ask.

use axum::{Router, extract::DefaultBodyLimit, routing::MethodRouter};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::app::App;

/// A method of a path, as [`routes!`] makes it.
pub struct Documented {
    /// The path, with its parameters in braces.
    pub path: String,
    /// Who serves it.
    pub handler: MethodRouter<App>,
    /// What the document says of it.
    pub describe: Describe,
}

/// Tells what the document says of a method of a path.
pub type Describe = fn() -> UtoipaMethodRouter<App>;

/// Documented routes.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    described: Vec<(String, Describe)>,
}

impl Routes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// With those of a path, or of several.
    pub fn routes(mut self, routes: impl IntoIterator<Item = Documented>) -> Self {
        for Documented { path, handler, describe } in routes {
            self.router = self.router.route(&path, handler);
            self.described.push((path, describe));
        }
        self
    }

    /// With all of another resource.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.described.extend(other.described);
        self
    }

    /// With another limit of bytes of a body, for those that were added so far.
    pub fn body_max(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(DefaultBodyLimit::max(bytes));
        self
    }

    /// What they say of themselves, added to what is not said at a route.
    pub fn document(&self, base: OpenApi) -> OpenApi {
        let told = OpenApiRouter::with_openapi(base);
        self.described.iter().fold(told, |told, (_, describe)| told.routes(describe())).into_openapi()
    }

    /// Who serves, and what could be told: for each path one entry a method.
    pub fn split(self) -> (Router<App>, Vec<(String, Describe)>) {
        (self.router, self.described)
    }
}

/// Handlers with an `#[utoipa::path]`, by their names here or in a module.
macro_rules! routes {
    ($($handler:ident),+) => {
        utoipa_axum::paste! { [$($crate::routes::routes!(@ $handler, [<__path_ $handler>])),+] }
    };
    ($module:ident::$handler:ident) => {
        utoipa_axum::paste! { [$crate::routes::routes!(@ $module::$handler, $module::[<__path_ $handler>])] }
    };
    (@ $handler:path, $said:path) => {
        $crate::routes::Documented {
            path: <$said as utoipa::Path>::path(),
            handler: <$said as utoipa::Path>::methods().iter().fold(
                axum::routing::MethodRouter::new(),
                |router, method| router.on(utoipa_axum::PathItemExt::to_method_filter(method), $handler),
            ),
            describe: || utoipa_axum::routes!($handler),
        }
    };
}
pub(crate) use routes;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use utoipa::openapi::{RefOr, Schema};

    #[test]
    fn no_two_schemas_share_a_name() {
        let mut known: HashMap<String, RefOr<Schema>> = HashMap::new();
        let routes = crate::routes::all(true);
        for (path, describe) in routes.described {
            for (name, schema) in describe().0 {
                let first = known.entry(name.clone()).or_insert_with(|| schema.clone());
                assert!(*first == schema, "{path}: rename {name}, or `#[schema(as = …)]`");
            }
        }
        assert!(known.len() > 100);
    }
}
