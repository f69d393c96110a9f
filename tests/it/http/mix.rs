//! The two mixes of backends, and how a case runs on both.

use harness::process::PATIENCE;
use harness::{App, AppOptions, Client, Mongod, RedisServer};
use shared::store::Store;
use tokio::sync::OnceCell;

/// What tokens are signed with in all apps of this suite.
pub const SECRET: &str = "the secret of the HTTP suite, which its tests sign with";
/// The one origin that may send cookies.
pub const ORIGIN: &str = "http://frontend.test:3000";

/// A mix of backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// One process with SQLite.
    Embedded,
    /// The API and its workers apart, over MongoDB and Redis.
    Production,
}

impl Mix {
    /// The app that the cases of this process share.
    pub async fn app(self) -> &'static App {
        static EMBEDDED: OnceCell<App> = OnceCell::const_new();
        static PRODUCTION: OnceCell<App> = OnceCell::const_new();
        let shared = match self {
            Self::Embedded => &EMBEDDED,
            Self::Production => &PRODUCTION,
        };
        shared.get_or_init(|| self.start(Self::options())).await
    }

    /// What every app of this suite gets; what a case adds comes later and wins.
    pub fn options() -> AppOptions {
        let options = AppOptions::new().env("JWT_SECRET", SECRET).env("ALLOWED_ORIGINS", ORIGIN);
        options.env("RUST_LOG", "info,api=debug")
    }

    /// An app of the case's own.
    pub async fn start(self, options: AppOptions) -> App {
        match self {
            Self::Embedded => App::embedded_with(options).await,
            Self::Production => {
                App::production_with(Mongod::shared().await, RedisServer::shared().await, 2, options).await
            }
        }
    }

    /// The store of the shared app, for what no caller can do.
    pub async fn store(self) -> Store {
        self.store_of(self.app().await).await
    }

    /// The store of an app of this mix.
    pub async fn store_of(self, app: &App) -> Store {
        let opened = match self {
            Self::Embedded => Store::sqlite(&app.dir().join("data")).await,
            Self::Production => {
                let setting = |name| app.env(name).expect("a production app");
                Store::mongo(setting("MONGODB_URL"), setting("DATABASE_NAME"), PATIENCE).await
            }
        };
        opened.expect("the app's store")
    }

    /// A new account at the shared app, logged in.
    pub async fn learner(self) -> Client {
        self.app().await.client().register().await
    }
}

/// Makes of each case a test `embedded::case` and a test `production::case`.
macro_rules! on_each_mix {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test] async fn $case() { super::$case($crate::mix::Mix::Embedded).await; })+
        }
        mod production {
            $(#[tokio::test] async fn $case() { super::$case($crate::mix::Mix::Production).await; })+
        }
    };
}
