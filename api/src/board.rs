//! What somebody looks at, kept up to date for all who look at the same: one task renders each view again when jobs
//! have changed, one view after the other, and rests in between. Nobody looks, nothing is done.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use shared::{domain::JobId, notify::Notifier};
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// Shortest time between two rounds.
const REST: Duration = Duration::from_secs(1);
/// A round that took long is followed by a rest of so many times its length, so that looking never is what the store
/// is busy with.
const REST_FACTOR: u32 = 9;
/// When to look even if no change was heard of: what passes with time alone, or was not announced.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Renders a view; none when it cannot be rendered for the present.
pub type Render = Arc<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// The views that are looked at.
#[derive(Clone)]
pub struct Board {
    views: Arc<Mutex<Views>>,
    notifier: Notifier,
    stopping: CancellationToken,
    rest: Duration,
    look_every: Duration,
}

#[derive(Default)]
struct Views {
    by_name: HashMap<String, View>,
    /// Whether the task runs.
    runs: bool,
}

struct View {
    render: Render,
    shown: watch::Sender<Arc<str>>,
}

impl std::fmt::Debug for Board {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Board").finish_non_exhaustive()
    }
}

impl Board {
    /// Nobody looks yet.
    pub fn new(notifier: Notifier, stopping: CancellationToken) -> Self {
        Self { views: Arc::default(), notifier, stopping, rest: REST, look_every: LOOK_EVERY }
    }

    /// Looks at the view of this name: what it shows, empty until it was rendered, and each change.
    pub fn watch(&self, name: String, render: Render) -> watch::Receiver<Arc<str>> {
        let mut views = self.lock();
        let view = views
            .by_name
            .entry(name)
            .or_insert_with(|| View { render, shown: watch::Sender::new("".into()) });
        let receiver = view.shown.subscribe();
        if !views.runs {
            views.runs = true;
            tokio::spawn(self.clone().run());
        }
        receiver
    }

    async fn run(self) {
        let mut changes = self.notifier.subscribe();
        let mut looked = None;
        while let Some(views) = self.watched() {
            let due = looked.is_none_or(|looked: Instant| looked.elapsed() >= self.look_every);
            let changed = heard(&mut changes);
            let began = Instant::now();
            for (render, shown) in views {
                if changed || due || shown.borrow().is_empty() {
                    if let Some(html) = render().await {
                        shown.send_if_modified(|shown| {
                            let differs = **shown != *html;
                            if differs {
                                *shown = html.into();
                            }
                            differs
                        });
                    }
                    looked = Some(began);
                }
            }
            let rest = self.rest.max(began.elapsed() * REST_FACTOR);
            tokio::select! { () = sleep(rest) => {}, () = self.stopping.cancelled() => {} }
        }
    }

    /// The views that somebody looks at; none when the task is to end.
    fn watched(&self) -> Option<Vec<(Render, watch::Sender<Arc<str>>)>> {
        let mut views = self.lock();
        views.by_name.retain(|_, view| view.shown.receiver_count() > 0);
        if views.by_name.is_empty() || self.stopping.is_cancelled() {
            views.runs = false;
            return None;
        }
        Some(views.by_name.values().map(|view| (view.render.clone(), view.shown.clone())).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether any job was said to have changed since this was asked.
fn heard(changes: &mut broadcast::Receiver<JobId>) -> bool {
    let mut any = false;
    loop {
        match changes.try_recv() {
            Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_)) => any = true,
            Err(_) => return any,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counting() -> (Arc<AtomicUsize>, Render) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let render: Render = Arc::new(move || {
            let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move { Some(number.to_string()) })
        });
        (count, render)
    }

    fn hasty() -> Board {
        let live = Board::new(Notifier::local(), CancellationToken::new());
        Board { rest: Duration::from_millis(20), look_every: Duration::from_millis(20), ..live }
    }

    #[tokio::test]
    async fn all_who_look_at_the_same_share_one_rendering_a_round() {
        let (live, began) = (hasty(), Instant::now());
        let (count, render) = counting();
        let mut lookers: Vec<_> = (0..50).map(|_| live.watch("view".into(), render.clone())).collect();
        for number in 1..=3 {
            for looker in &mut lookers {
                looker
                    .wait_for(|shown| shown.parse().is_ok_and(|shown: usize| shown >= number))
                    .await
                    .unwrap();
            }
        }
        let rounds = began.elapsed().as_millis() / 20 + 1;
        assert!(count.load(Ordering::Relaxed) as u128 <= rounds, "{count:?} in {rounds} rounds");
    }

    #[tokio::test]
    async fn nothing_is_rendered_when_nobody_looks_and_it_begins_again() {
        let live = hasty();
        let (count, render) = counting();
        let mut looker = live.watch("view".into(), render.clone());
        looker.changed().await.unwrap();
        drop(looker);
        while live.lock().runs {
            tokio::task::yield_now().await;
        }
        assert!(live.lock().by_name.is_empty());
        let before = count.load(Ordering::Relaxed);
        let mut again = live.watch("view".into(), render);
        again.changed().await.unwrap();
        assert_eq!(**again.borrow(), (before + 1).to_string());
    }

    #[tokio::test]
    async fn a_view_is_rendered_again_as_soon_as_a_change_is_heard_of() {
        let live = Board { look_every: Duration::from_secs(3600), ..hasty() };
        let mut looker = live.watch("view".into(), counting().1);
        looker.changed().await.unwrap();
        live.notifier.announce(JobId::first_at(shared::domain::Timestamp(0)));
        looker.changed().await.unwrap();
        assert_eq!(&**looker.borrow(), "2");
    }

    #[tokio::test]
    async fn it_ends_with_the_process() {
        let live = hasty();
        let mut looker = live.watch("view".into(), counting().1);
        looker.changed().await.unwrap();
        live.stopping.cancel();
        while live.lock().runs {
            tokio::task::yield_now().await;
        }
    }
}
