//! The people whom rights are tried on. Admins and deactivated accounts are made in the store, because no caller
//! can make them.

use harness::Client;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use shared::{
    clock::Clock,
    domain::{Id, Role, User},
    store::{Store, StoreError},
};

use crate::mix::SECRET;

/// New accounts of one server, and its visitors.
pub struct People {
    pub owner: Client,
    pub other: Client,
    pub admin: Client,
    pub anonymous: Client,
    /// The owner, with a token that was good until a while ago.
    pub expired: Client,
    pub deactivated: Client,
}

impl People {
    pub async fn new(visitor: &Client, store: &Store) -> Self {
        let (owner, other) = futures::join!(visitor.register(), visitor.register());
        let (admin, deactivated) = futures::join!(admin(visitor, store), deactivated(visitor, store));
        let expired = owner.with_token(expired_token(owner.user_id()));
        Self { owner, other, admin, anonymous: visitor.anonymous(), expired, deactivated }
    }
}

/// A new admin, logged in.
pub async fn admin(visitor: &Client, store: &Store) -> Client {
    changed(visitor, store, |user| user.role = Role::Admin).await
}

/// A login of an account that was deactivated since.
pub async fn deactivated(visitor: &Client, store: &Store) -> Client {
    changed(visitor, store, |user| user.is_active = false).await
}

/// A new account, changed before the server has looked at its token, after which it would not look again for a while.
async fn changed(visitor: &Client, store: &Store, change: impl Fn(&mut User)) -> Client {
    let client = visitor.register().await;
    let id: Id = client.user_id().parse().expect("an id");
    let changed = store.change_user(id, Clock::System.now(), |user| {
        change(user);
        Ok::<_, StoreError>(())
    });
    changed.await.expect("the store").expect("the new account");
    client
}

/// Of the old backends' form, so that nothing but its time is wrong with it.
fn expired_token(user: &str) -> String {
    let claims = json!({ "sub": user, "iat": 1_700_000_000, "exp": 1_700_000_600 });
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))
        .expect("a token")
}
