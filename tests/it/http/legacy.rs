//! Old frontend mode: what the old frontend calls, and what the switch changes for others.

mod modes;
mod recorded;
mod tasks;

use harness::App;
use tokio::sync::OnceCell;

use crate::mix::Mix;

/// The app in this mode that the cases here share.
pub async fn app(mix: Mix) -> &'static App {
    static EMBEDDED: OnceCell<App> = OnceCell::const_new();
    static PRODUCTION: OnceCell<App> = OnceCell::const_new();
    let shared = match mix {
        Mix::Embedded => &EMBEDDED,
        Mix::Production => &PRODUCTION,
    };
    shared.get_or_init(|| mix.start(Mix::options().env("LEGACY_COMPAT", 1))).await
}
