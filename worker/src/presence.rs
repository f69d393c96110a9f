//! A worker among others: it announces itself, and hears which kinds are paused.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
};

use shared::{
    domain::{Timestamp, Worker},
    jobs::{ANNOUNCED_EVERY, SILENT_FOR},
    store::StoreError,
};

use crate::{Context, jobs};

/// What a worker tells and hears.
pub(crate) struct Presence {
    context: Arc<Context>,
    since: Timestamp,
    paused: RwLock<HashSet<String>>,
}

impl Presence {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        let since = context.ledger.clock.now();
        Self { context, since, paused: RwLock::default() }
    }

    /// Whether no job of this kind is to be started, as far as was heard.
    pub(crate) fn is_paused(&self, kind: &str) -> bool {
        self.paused.read().unwrap_or_else(PoisonError::into_inner).contains(kind)
    }

    /// Asks which kinds are paused.
    pub(crate) async fn listen(&self) -> Result<(), StoreError> {
        let paused = self.context.ledger.store.paused_queues().await?.into_iter().collect();
        *self.paused.write().unwrap_or_else(PoisonError::into_inner) = paused;
        Ok(())
    }

    /// Announces the worker and listens until dropped.
    pub(crate) async fn keep(&self) -> Infallible {
        let mut ticks = tokio::time::interval(ANNOUNCED_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.context.ledger.store.show_connections();
            if let Err(error) = futures::try_join!(self.announce(), self.listen()) {
                tracing::warn!(%error, "the worker could not announce itself");
            }
        }
    }

    async fn announce(&self) -> Result<(), StoreError> {
        let now = self.context.ledger.clock.now();
        let worker = Worker {
            name: self.context.name.clone(),
            kinds: jobs::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
            since: self.since,
            heard_at: now,
        };
        self.context.ledger.store.announce_worker(&worker, now - SILENT_FOR).await
    }

    /// Says goodbye.
    pub(crate) async fn leave(&self) {
        if let Err(error) = self.context.ledger.store.forget_worker(&self.context.name).await {
            tracing::debug!(%error, "the worker could not say goodbye");
        }
    }
}
