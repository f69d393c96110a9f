//! Access and refresh tokens. Both are HS256 JWTs; refresh tokens are signed with a key of their own, and so are
//! the keys of jobs,
//! so that no other service that knows the secret takes one for an access token.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use shared::domain::{Id, JobId, Session, Timestamp, User};

/// How far ahead another server's clock may be, in seconds.
const SKEW_SECONDS: i64 = 60;

/// What an access token says. Tokens of the old backends lack `sid`, and some lack `email` and `iat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The user's id.
    pub sub: String,
    /// The user's e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// When it was issued, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// When it ends, in seconds.
    pub exp: i64,
    /// The login it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

/// What a refresh token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    /// The login it belongs to.
    pub sid: String,
    /// Its place in the login's family of tokens.
    pub generation: i64,
    /// When it ends, in seconds.
    pub exp: i64,
}

/// What a job's key says: whoever has it may look at the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct JobKey {
    job: JobId,
    exp: i64,
}

/// How long a job's key is good.
const JOB_KEY_LASTS: Duration = Duration::from_secs(3600);

/// A token cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Forged, damaged, or from the future.
    #[error("the token is not valid")]
    Invalid,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It could not be made.
    #[error("the token could not be signed")]
    Unsigned,
}

/// The keys of the process.
pub struct Tokens {
    sign_access: EncodingKey,
    sign_refresh: EncodingKey,
    sign_job: EncodingKey,
    verify_access: Vec<DecodingKey>,
    verify_refresh: Vec<DecodingKey>,
    verify_job: Vec<DecodingKey>,
    lifetime: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

/// A key of its own for one use of the secret.
fn key_for(usage: &[u8], secret: &SecretString) -> Vec<u8> {
    Sha256::new().chain_update(usage).chain_update(secret.expose_secret()).finalize().to_vec()
}

const REFRESH: &[u8] = b"smartstudy refresh token\0";
const JOB: &[u8] = b"smartstudy job key\0";

impl Tokens {
    /// Signs with `secret`; verifies with it and with `previous`. Access tokens live for `lifetime`.
    pub fn new(secret: &SecretString, previous: Option<&SecretString>, lifetime: Duration) -> Self {
        let all = || std::iter::once(secret).chain(previous);
        Self {
            sign_access: EncodingKey::from_secret(secret.expose_secret().as_bytes()),
            sign_refresh: EncodingKey::from_secret(&key_for(REFRESH, secret)),
            sign_job: EncodingKey::from_secret(&key_for(JOB, secret)),
            verify_access: all()
                .map(|key| DecodingKey::from_secret(key.expose_secret().as_bytes()))
                .collect(),
            verify_refresh: all().map(|key| DecodingKey::from_secret(&key_for(REFRESH, key))).collect(),
            verify_job: all().map(|key| DecodingKey::from_secret(&key_for(JOB, key))).collect(),
            lifetime,
        }
    }

    /// How long an access token lives.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// An access token of a login.
    pub fn access(&self, user: &User, session: Id, now: Timestamp) -> Result<String, TokenError> {
        let claims = Access {
            sub: user.id.to_string(),
            email: Some(user.email.clone()),
            iat: Some(now.seconds()),
            exp: (now + self.lifetime).seconds(),
            sid: Some(session.to_string()),
        };
        sign(&claims, &self.sign_access)
    }

    /// The refresh token that is good for a login.
    pub fn refresh(&self, session: &Session) -> Result<String, TokenError> {
        let claims = Refresh {
            sid: session.id.to_string(),
            generation: session.generation,
            exp: session.expires_at.seconds(),
        };
        sign(&claims, &self.sign_refresh)
    }

    /// A key to look at a job with, for an hour and without a login.
    pub fn job_key(&self, job: JobId, now: Timestamp) -> Result<String, TokenError> {
        sign(&JobKey { job, exp: (now + JOB_KEY_LASTS).seconds() }, &self.sign_job)
    }

    /// Reads a job's key.
    pub fn read_job_key(&self, key: &str, now: Timestamp) -> Result<JobId, TokenError> {
        let claims: JobKey = verify(key, &self.verify_job)?;
        if claims.exp <= now.seconds() { Err(TokenError::Expired) } else { Ok(claims.job) }
    }

    /// Reads an access token.
    pub fn read_access(&self, token: &str, now: Timestamp) -> Result<Access, TokenError> {
        let claims: Access = verify(token, &self.verify_access)?;
        if claims.iat.is_some_and(|iat| iat > now.seconds() + SKEW_SECONDS) {
            return Err(TokenError::Invalid);
        }
        if claims.exp <= now.seconds() { Err(TokenError::Expired) } else { Ok(claims) }
    }

    /// Reads a refresh token.
    pub fn read_refresh(&self, token: &str, now: Timestamp) -> Result<Refresh, TokenError> {
        let claims: Refresh = verify(token, &self.verify_refresh)?;
        if claims.exp <= now.seconds() { Err(TokenError::Expired) } else { Ok(claims) }
    }
}

fn sign(claims: &impl Serialize, key: &EncodingKey) -> Result<String, TokenError> {
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, key).map_err(|_| TokenError::Unsigned)
}

/// Checks the signature alone; times are compared with our own clock.
fn verify<T: DeserializeOwned>(token: &str, keys: &[DecodingKey]) -> Result<T, TokenError> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp"]);
    let claims = keys.iter().find_map(|key| jsonwebtoken::decode::<T>(token, key, &validation).ok());
    claims.map(|data| data.claims).ok_or(TokenError::Invalid)
}

#[cfg(test)]
mod tests;
