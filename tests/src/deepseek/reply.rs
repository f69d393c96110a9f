//! How one request is answered.

use std::{io, sync::Arc};

use axum::response::Response;
use futures::{FutureExt, StreamExt, stream};
use serde_json::Value;
use tokio::sync::Notify;

use super::{Flaw, Mixed, Outcome, answer, obey::Attack, obey::Obedient, wire};

/// How one request is answered.
#[derive(Debug, Clone, Default)]
pub enum Reply {
    /// As many questions as asked for and the document can prove, of the types asked for; the right answers to a check;
    /// of a plan, units for all of its subjects.
    #[default]
    Good,
    /// A good answer once notified, after its keep-alives as long as that takes.
    When(Arc<Notify>),
    /// A good answer with CRLF line ends, in network chunks of this many bytes.
    Chopped(usize),
    /// A good answer after this many keep-alives and blank lines.
    KeepAlives(usize),
    /// A good answer within prose and a code fence.
    ProseAround,
    /// This text, whatever was asked.
    Text(String),
    /// A whole answer that is wrong.
    Flawed(Flaw),
    /// What the instruction in the document asks for; a good answer where there is none.
    Obeys,
    /// One of the others, by chance.
    Mixed(Mixed),
    /// An HTTP error, with the given `Retry-After`.
    Status(u16, Option<String>),
    /// White space and `stop`.
    Blank,
    /// `length` in the middle of the item after the given number.
    Truncated(usize),
    /// The connection breaks in the middle of the item after the given number.
    CutMidStream(usize),
    /// The stream ends in good order there, but without a finish reason.
    EndsEarly(usize),
    /// Nothing more comes after the given number of items.
    HangAfter(usize),
    /// No answer at all.
    Hang,
    /// An event that is not JSON.
    Malformed,
    /// An error in the middle of the stream.
    ErrorEvent,
    /// `content_filter` after one item.
    ContentFilter,
    /// `insufficient_system_resource` after one item.
    InsufficientSystemResource,
}

/// What goes out.
pub(super) enum Given {
    /// An HTTP error.
    Refusal(Response),
    /// A stream.
    Stream(wire::Events),
    /// Nothing, for as long as the client waits.
    Silence,
}

/// What a reply makes of a request.
pub(super) struct Answered {
    pub given: Given,
    /// What the request becomes once all of it is handed over.
    pub outcome: Outcome,
    pub obeyed: Option<Attack>,
}

impl Reply {
    /// Answers a request. A mixed reply must have been decided before.
    pub(super) fn answer(self, request: &Value, obedient: &Obedient) -> Answered {
        let outcome = self.outcome();
        let mut obeyed = None;
        let good = || answer::good(request);
        let whole = |text: &str, reason: &str| wire::whole(request, text, reason);
        let broken = |count| answer::broken_off(request, count);
        let open = |count| wire::pieces(&broken(count));
        let given = match self {
            Self::Good | Self::Mixed(_) => stream_of(whole(&good(), "stop")),
            Self::When(notify) => {
                let beats = wire::beats().take_until(async move { notify.notified().await });
                Given::Stream(beats.chain(wire::ready(whole(&good(), "stop"))).boxed())
            }
            Self::KeepAlives(count) => {
                let beats = wire::beats().take(count);
                Given::Stream(beats.chain(wire::ready(whole(&good(), "stop"))).boxed())
            }
            Self::Chopped(size) => Given::Stream(wire::chopped(&whole(&good(), "stop"), size)),
            Self::ProseAround => {
                let text = format!("Here are the [questions]:\n```json\n{}\n```\nGood luck {{}}!", good());
                stream_of(whole(&text, "stop"))
            }
            Self::Text(text) => stream_of(whole(&text, "stop")),
            Self::Flawed(flaw) => stream_of(whole(&flaw.answer(request), "stop")),
            Self::Obeys => {
                let (attack, events) = obedient.answer(request);
                obeyed = attack;
                stream_of(events)
            }
            Self::Status(status, retry_after) => Given::Refusal(wire::refuse(status, retry_after.as_deref())),
            Self::Blank => stream_of(whole(" \n", "stop")),
            Self::Truncated(count) => stream_of(whole(&broken(count), "length")),
            Self::EndsEarly(count) => stream_of(open(count)),
            Self::CutMidStream(count) => {
                // What is written goes out while the body is pending, and is lost when it fails at once.
                let cut = stream::once(tokio::task::yield_now().map(|()| Err(io::Error::other("cut"))));
                Given::Stream(wire::ready(open(count)).chain(cut).boxed())
            }
            Self::HangAfter(count) => {
                Given::Stream(wire::ready(open(count)).chain(stream::pending()).boxed())
            }
            Self::Hang => Given::Silence,
            Self::Malformed => stream_of([open(1), vec![wire::Event::bare("data: {oops\n\n")]].concat()),
            Self::ErrorEvent => stream_of([open(1), vec![wire::error()]].concat()),
            Self::ContentFilter => stream_of(whole(&broken(1), "content_filter")),
            Self::InsufficientSystemResource => stream_of(whole(&broken(1), "insufficient_system_resource")),
        };
        Answered { given, outcome, obeyed }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Good
            | Self::When(_)
            | Self::Chopped(_)
            | Self::KeepAlives(_)
            | Self::ProseAround
            | Self::Mixed(_) => Outcome::Clean,
            // An answer without content is to be asked for again, as a blank one is.
            Self::Flawed(Flaw::BlankJson | Flaw::Empty) => Outcome::Faulty,
            Self::Text(_) | Self::Flawed(_) | Self::Obeys => Outcome::Flawed,
            Self::Status(400 | 401 | 402 | 403 | 404 | 413 | 422, _) | Self::ContentFilter => {
                Outcome::Refused
            }
            Self::Status(..)
            | Self::Blank
            | Self::Truncated(_)
            | Self::CutMidStream(_)
            | Self::EndsEarly(_)
            | Self::HangAfter(_)
            | Self::Hang
            | Self::Malformed
            | Self::ErrorEvent
            | Self::InsufficientSystemResource => Outcome::Faulty,
        }
    }
}

fn stream_of(events: Vec<wire::Event>) -> Given {
    Given::Stream(wire::ready(events))
}
