//! The old backends: the programs of `tests/old`, over a database that they share with the product.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::client::Client;
use crate::process::Process;

/// A running old backend; it ends with the value.
#[derive(Debug)]
pub struct Old {
    /// Where it listens, without a slash at the end.
    pub url: String,
    /// The process.
    pub process: Process,
}

impl Old {
    /// The backend on NestJS and Mongoose.
    pub async fn nest(mongodb_url: &str, database: &str, secret: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(prepared("SMARTSTUDY_TEST_NEST", "node/nest/build/main.js"));
        Self::start("nest", command, mongodb_url, database, secret).await
    }

    /// The port on FastAPI and Beanie.
    pub async fn beanie(mongodb_url: &str, database: &str, secret: &str) -> Self {
        let mut command = Command::new(prepared("SMARTSTUDY_TEST_BEANIE", "venvs/beanie/bin/python"));
        // Without a cache in the checkout.
        command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("old/beanie/app.py"));
        Self::start("beanie", command, mongodb_url, database, secret).await
    }

    async fn start(
        name: &str,
        mut command: Command,
        mongodb_url: &str,
        database: &str,
        secret: &str,
    ) -> Self {
        let uri = mongodb_url.replacen("/?", &format!("/{database}?"), 1);
        command.env("PORT", "0").env("MONGODB_URI", uri).env("JWT_SECRET", secret);
        let process = Process::spawn(name, command);
        let port = |line: &str| line.strip_prefix("listening on ")?.trim().parse::<u16>().ok();
        let Some(port) = process.line(port).await else {
            panic!("{name} ended before it listened:\n{}", process.log().text());
        };
        Self { url: format!("http://127.0.0.1:{port}"), process }
    }

    /// A client that is not logged in.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }
}

/// What `tests/run.py` makes ready, from the environment or from its cache.
fn prepared(variable: &str, cached: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return path.into();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache").join(cached);
    assert!(
        path.is_file(),
        "the old backends are not ready: run `python3 tests/run.py --only old-backends`, or set {variable}"
    );
    path
}
