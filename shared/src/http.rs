//! The HTTP clients of the process.

use std::time::Duration;

/// A client for outgoing calls. It has no total timeout: answers are streamed, and their readers watch for silence.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().build()
}

/// A client for this machine and its neighbours, which no proxy stands before.
pub fn direct_client() -> Result<reqwest::Client, reqwest::Error> {
    builder().no_proxy().build()
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds clients")]
fn builder() -> reqwest::ClientBuilder {
    // A process that installed a provider before keeps it.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder()
        .user_agent(concat!("smartstudy/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        // What is sent is for the configured address alone.
        .redirect(reqwest::redirect::Policy::none())
}
