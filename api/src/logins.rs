//! Who is logged in: accounts and logins as access tokens name them, cached for a few seconds so that not
//! every request asks the store twice. What this process changes it forgets at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use shared::{
    clock::Clock,
    domain::{Id, Session, User},
    store::Store,
};

use crate::{extract::invalid, problem::Result};

/// How long a change made by another process may go unnoticed; the contract allows 30 s.
const FRESH_FOR: Duration = Duration::from_secs(10);
const ENTRIES_MAX: u64 = 10_000;
/// How long a login lasts without being used.
const LOGIN_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Accounts and logins.
#[derive(Debug, Clone)]
pub struct Logins {
    store: Store,
    clock: Clock,
    users: Cache<Id, Option<User>>,
    sessions: Cache<Id, Option<Id>>,
    /// Raised by every change, so that what was read before one is not kept after it.
    changes: Arc<AtomicU64>,
}

impl Logins {
    /// Over this store.
    pub fn new(store: Store, clock: Clock) -> Self {
        let users = Cache::builder().max_capacity(ENTRIES_MAX).time_to_live(FRESH_FOR).build();
        let sessions = Cache::builder().max_capacity(ENTRIES_MAX).time_to_live(FRESH_FOR).build();
        Self { store, clock, users, sessions, changes: Arc::default() }
    }

    /// An account.
    pub async fn user(&self, id: Id) -> Result<Option<User>> {
        if let Some(known) = self.users.get(&id).await {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let user = self.store.user(id).await?;
        if self.changes.load(Ordering::Acquire) == changes {
            self.users.insert(id, user.clone()).await;
        }
        Ok(user)
    }

    /// Whose login it is, if it has not ended.
    pub async fn session(&self, id: Id) -> Result<Option<Id>> {
        if let Some(known) = self.sessions.get(&id).await {
            return Ok(known);
        }
        let changes = self.changes.load(Ordering::Acquire);
        let session = self.store.session(id).await?.filter(|session| session.revoked_at.is_none());
        let owner = session.map(|session| session.user_id);
        if self.changes.load(Ordering::Acquire) == changes {
            self.sessions.insert(id, owner).await;
        }
        Ok(owner)
    }

    /// Begins a login.
    pub async fn begin(&self, user: Id) -> Result<Session> {
        let now = self.clock.now();
        let session = Session {
            id: self.clock.id(),
            user_id: user,
            generation: 0,
            created_at: now,
            expires_at: now + LOGIN_LASTS,
            revoked_at: None,
        };
        self.store.insert_session(&session).await?;
        Ok(session)
    }

    /// Moves a login to its next refresh token; none if the presented one was used before, which ends the login.
    pub async fn rotate(&self, session: Session, generation: i64) -> Result<Option<Session>> {
        let expires_at = self.clock.now() + LOGIN_LASTS;
        if self.store.rotate_session(session.id, generation, expires_at).await? {
            return Ok(Some(Session { generation: generation + 1, expires_at, ..session }));
        }
        self.end(session.id).await?;
        Ok(None)
    }

    /// Ends a login.
    pub async fn end(&self, session: Id) -> Result<()> {
        self.store.revoke_session(session, self.clock.now()).await?;
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.sessions.insert(session, None).await;
        Ok(())
    }

    /// Ends all logins of an account but the one to keep.
    pub async fn end_all(&self, user: Id, kept: Option<Id>) -> Result<()> {
        self.store.revoke_sessions(user, kept, self.clock.now()).await?;
        self.changes.fetch_add(1, Ordering::AcqRel);
        let ended = |(id, owner): &(Arc<Id>, Option<Id>)| *owner == Some(user) && Some(**id) != kept;
        for (id, _) in self.sessions.iter().filter(ended) {
            self.sessions.insert(*id, None).await;
        }
        Ok(())
    }

    /// Changes an account by a pure transition and forgets what was cached of it; see [`Store::change_user`]. An
    /// account that is gone counts as a login that is not valid any more.
    pub async fn change(&self, id: Id, transition: impl FnMut(&mut User) -> Result<()>) -> Result<User> {
        let changed = self.store.change_user(id, self.clock.now(), transition).await;
        self.changes.fetch_add(1, Ordering::AcqRel);
        self.users.invalidate(&id).await;
        changed?.ok_or_else(invalid)
    }
}
