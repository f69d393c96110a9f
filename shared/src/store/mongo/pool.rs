//! How many connections there are, counted from what the driver tells of its pool.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use mongodb::event::{EventHandler, cmap::CmapEvent};

use crate::store::Connections;

/// The connections of one client.
#[derive(Debug, Default)]
pub(super) struct Pool {
    open: AtomicU64,
    in_use: AtomicU64,
}

impl Pool {
    /// Counts what the driver tells.
    pub(super) fn into_handler(self: Arc<Self>) -> EventHandler<CmapEvent> {
        EventHandler::callback(move |event| match event {
            CmapEvent::ConnectionCreated(_) => add(&self.open),
            CmapEvent::ConnectionClosed(_) => take(&self.open),
            CmapEvent::ConnectionCheckedOut(_) => add(&self.in_use),
            CmapEvent::ConnectionCheckedIn(_) => take(&self.in_use),
            _ => {}
        })
    }

    pub(super) fn now(&self) -> Connections {
        Connections { open: self.open.load(Ordering::Relaxed), in_use: self.in_use.load(Ordering::Relaxed) }
    }
}

fn add(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

fn take(count: &AtomicU64) {
    count.fetch_sub(1, Ordering::Relaxed);
}
