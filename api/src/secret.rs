//! The secret that tokens are signed with.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::Context as _;
use rand::Rng;
use secrecy::SecretString;
use shared::{
    clock::Clock,
    config::{Backends, Config},
};

const FILE: &str = "jwt_secret";
const BYTES: usize = 32;

/// The configured secret; when embedded and none is set, one of its own, made at the first start and kept.
pub fn of(config: &Config, clock: &Clock) -> anyhow::Result<SecretString> {
    match (&config.jwt_secret, &config.backends) {
        (Some(secret), _) => Ok(secret.clone()),
        (None, Backends::Embedded { data_dir }) => kept(&data_dir.join(FILE), clock),
        (None, Backends::Services { .. }) => anyhow::bail!("JWT_SECRET is missing"),
    }
}

fn kept(path: &Path, clock: &Clock) -> anyhow::Result<SecretString> {
    if let Ok(secret) = std::fs::read_to_string(path)
        && !secret.trim().is_empty()
    {
        return Ok(secret.trim().into());
    }
    let mut bytes = [0; BYTES];
    clock.rng().fill_bytes(&mut bytes);
    let secret = hex::encode(bytes);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    file.write_all(secret.as_bytes())?;
    Ok(secret.into())
}
