//! Password hashing on a bounded pool, so that logins cannot occupy every thread.

use std::sync::Arc;

use shared::telemetry::blocking;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Bytes of a password that bcrypt looks at.
pub const BYTES_MAX: usize = 72;

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    cost: u32,
    slots: Arc<Semaphore>,
    /// A hash that no password matches, verified where there is no account, so that both take as long.
    decoy: String,
}

impl Passwords {
    /// A pool as wide as the machine has cores, hashing at this cost.
    pub fn new(cost: u32, decoy_password: &str) -> Result<Self, bcrypt::BcryptError> {
        let slots = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { cost, slots: Arc::new(Semaphore::new(slots)), decoy: bcrypt::hash(decoy_password, cost)? })
    }

    /// A new `$2b$` hash.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let cost = self.cost;
        self.run(move || bcrypt::hash(password, cost)).await
    }

    /// Whether the password matches; without a hash it takes as long and does not. What lies beyond the
    /// 72nd byte does not count, as in the hashes of the old backend.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        let hash = hash.filter(|hash| hash.starts_with("$2"));
        let decoy = self.decoy.clone();
        self.run(move || {
            if let Some(hash) = hash {
                match bcrypt::verify(&password, &hash) {
                    Ok(matches) => return Ok(matches),
                    Err(error) => tracing::warn!(%error, "an account's hash cannot be used"),
                }
            }
            bcrypt::verify(password, &decoy).map(|_| false)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, Problem> {
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| Problem::internal())?;
        // The slot stays with the work, which goes on when whoever asked for it is gone.
        let work = move || {
            let done = work();
            drop(slot);
            done
        };
        match blocking(work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                tracing::error!(%error, "a password could not be hashed or verified");
                Err(Problem::internal())
            }
            // The crash itself was told.
            Err(_) => Err(Problem::internal()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn verifies_hashes_of_every_old_prefix() {
        let passwords = Passwords::new(4, "decoy").unwrap();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let old = format!("{prefix}{}", &hash[4..]);
            assert!(passwords.verify("correct horse".into(), Some(old.clone())).await.unwrap());
            assert!(!passwords.verify("wrong horse".into(), Some(old)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn no_hash_and_no_guest_hash_ever_match() {
        let passwords = Passwords::new(4, "decoy").unwrap();
        for hash in [None, Some(""), Some("!"), Some("$2b$04$cut short"), Some("$2x"), Some("$2b$99$")] {
            let hash = hash.map(str::to_owned);
            assert!(!passwords.verify("decoy".into(), hash).await.unwrap());
        }
    }

    #[tokio::test]
    async fn work_nobody_waits_for_any_more_keeps_its_slot() {
        let passwords =
            Passwords { slots: Arc::new(Semaphore::new(1)), ..Passwords::new(4, "decoy").unwrap() };
        let (started, begun) = tokio::sync::oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let work = passwords.run(move || {
            started.send(()).ok();
            finished.recv().ok();
            Ok(())
        });
        tokio::select! { _ = work => panic!("it cannot have ended"), _ = begun => {} }
        assert_eq!(passwords.slots.available_permits(), 0);
        finish.send(()).unwrap();
        assert!(passwords.slots.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn old_passwords_verify_as_they_were_truncated() {
        let passwords = Passwords::new(4, "decoy").unwrap();
        let hash = passwords.hash("x".repeat(72)).await.unwrap();
        assert!(passwords.verify("x".repeat(100), Some(hash)).await.unwrap());
    }
}
