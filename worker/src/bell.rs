//! The apalis backend: a worker's source of tasks, each a job to look at.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::Task,
    worker::context::WorkerContext,
};
use futures::{StreamExt, stream::BoxStream};
use shared::queue::Heard;
use tower::layer::util::Identity;

/// A backend over the queue's rings. apalis asks it only while a slot is free, so a busy worker leaves
/// rings to the others. It never fails and never ends.
pub(crate) struct Bell(pub(crate) BoxStream<'static, Heard>);

impl Backend for Bell {
    type Task = Task<Heard>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        self.0.poll_next_unpin(cx).map(|heard| heard.map(|heard| Ok(Task::new(heard))))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Bell {
    type Args = Heard;
    type Id = ();
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}
