//! The one HTTP client of the process.

use std::time::Duration;

/// A client for outgoing calls. It has no total timeout: answers are streamed, and their readers watch for silence.
#[expect(clippy::disallowed_methods, reason = "the one place that builds a client")]
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    // A process that installed a provider before keeps it.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .user_agent(concat!("smartstudy/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // What is sent is for the configured address alone.
        .redirect(reqwest::redirect::Policy::none())
        .build()
}
