//! A job's life through the ledger.

use std::{convert::Infallible, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use shared::{
    domain::{Job, JobId, JobStatus, Refusal, Timestamp},
    jobs::{JobKind, LedgerError, noop::Noop},
};

use crate::{
    bench::{Bench, LEASE, listen, soon},
    make,
};

on_every_store![
    a_job_that_succeeds_leaves_just_this_log,
    an_enqueued_job_is_rung_for_and_recorded_whole,
    a_retry_is_a_state_with_its_time,
    a_job_whose_tries_are_used_up_fails,
    an_error_that_will_not_pass_fails_the_first_try,
    an_unfinished_job_can_be_cancelled_and_a_finished_one_not,
    a_failed_cancelled_or_waiting_job_can_be_retried_and_no_other,
    a_retried_job_has_all_its_tries_again,
    a_released_job_is_queued_again_and_the_try_does_not_count,
    a_change_is_announced_and_a_renewed_lease_is_not,
];

const SECOND: Duration = Duration::from_secs(1);

async fn enqueue(bench: &Bench) -> Job {
    bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), None).await.unwrap()
}

async fn act<T>(
    bench: &Bench,
    id: JobId,
    transition: impl FnMut(&mut Job, Timestamp) -> Result<T, Refusal>,
) -> Result<T, LedgerError> {
    bench.ledger.update(id, transition).await.map(|(_, value)| value)
}

pub async fn claim(bench: &Bench, id: JobId) -> i64 {
    act(bench, id, |job, now| job.claim("worker", LEASE, now)).await.unwrap()
}

async fn stands(bench: &Bench, id: JobId) -> Job {
    bench.store.job(id).await.unwrap().unwrap()
}

/// What the events say, short.
pub async fn log(bench: &Bench, id: JobId) -> Vec<String> {
    let events = bench.store.events(id, 0, 1000).await.unwrap();
    let wanted: Vec<i64> = (1..=events.len() as i64).collect();
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), wanted);
    let word = |event: Value| match event["type"].as_str() {
        Some("status") => event["data"]["status"].as_str().unwrap().to_owned(),
        Some("progress") => format!("{} %", event["data"]["percent"]),
        Some("error") => format!("error {}", event["data"]["error"]["code"].as_str().unwrap()),
        other => other.unwrap().to_owned(),
    };
    events.iter().map(|event| word(json!(event))).collect()
}

/// A job in a state, by the way that leads there.
pub async fn in_state(bench: &Bench, status: JobStatus) -> Job {
    let later = (status == JobStatus::Scheduled).then(|| bench.now() + 3600 * SECOND);
    let id = bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), later).await.unwrap().id;
    if !matches!(status, JobStatus::Scheduled | JobStatus::Queued | JobStatus::Cancelled) {
        let token = claim(bench, id).await;
        let went = |job: &mut Job, now| match status {
            JobStatus::Running => Ok(()),
            JobStatus::Retrying => job.fail(token, make::passing(), 60 * SECOND, now),
            JobStatus::Succeeded => job.succeed(token, make::job_result(), now),
            _ => job.fail(token, make::fatal(), SECOND, now),
        };
        act(bench, id, went).await.unwrap();
    }
    let goes = |job: &mut Job, now| match status {
        JobStatus::Cancelled => job.cancel(now),
        JobStatus::Discarded => job.discard(now),
        _ => Ok(()),
    };
    act(bench, id, goes).await.unwrap();
    let job = stands(bench, id).await;
    assert_eq!(job.status, status);
    job
}

async fn a_job_that_succeeds_leaves_just_this_log(bench: &Bench) {
    let id = enqueue(bench).await.id;
    let token = claim(bench, id).await;
    for percent in [10, 60] {
        act(bench, id, |job, now| job.advance(token, make::progress(percent, "working"), vec![], now))
            .await
            .unwrap();
    }
    let questions = || make::questions().iter().map(|question| question.without_answers()).collect();
    act(bench, id, |job, now| job.advance(token, make::progress(90, "working"), questions(), now))
        .await
        .unwrap();
    bench.clock.advance(SECOND);
    act(bench, id, |job, now| job.succeed(token, make::job_result(), now)).await.unwrap();
    let wanted = ["queued", "running", "10 %", "60 %", "questions", "90 %", "succeeded", "done"];
    assert_eq!(log(bench, id).await, wanted);
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.attempt, job.progress.percent), (JobStatus::Succeeded, 1, 100));
    assert_eq!((job.finished_at, job.result, job.error), (Some(bench.now()), Some(make::job_result()), None));
    assert_eq!((job.lease, job.attempts.len()), (None, 1));
}

async fn an_enqueued_job_is_rung_for_and_recorded_whole(bench: &Bench) {
    let (id, owner) = (bench.job_id(), bench.id());
    let job = bench.ledger.enqueue(id, Some(owner), &Noop { hold_ms: 7 }, None).await.unwrap();
    assert_eq!((job.id, job.user_id, job.kind.as_str()), (id, Some(owner), Noop::KIND));
    assert_eq!((job.payload.clone(), job.max_attempts), (json!({ "hold_ms": 7 }), Noop::MAX_ATTEMPTS));
    assert_eq!(stands(bench, id).await, job);
    assert_eq!(bench.rung_for().await, id);

    // One for later is recorded, not rung for.
    let later = bench.now() + SECOND;
    let job = bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), Some(later)).await.unwrap();
    assert_eq!((job.status, job.not_before, job.due_at), (JobStatus::Scheduled, Some(later), later));
    assert_eq!(bench.queue.len(Noop::KIND).await.unwrap(), 0);
}

async fn a_retry_is_a_state_with_its_time(bench: &Bench) {
    let id = enqueue(bench).await.id;
    let token = claim(bench, id).await;
    bench.rung_for().await;
    act(bench, id, |job, now| job.fail(token, make::passing(), 60 * SECOND, now)).await.unwrap();
    let failed_at = bench.now();
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.due_at), (JobStatus::Retrying, failed_at + 60 * SECOND));
    assert_eq!((job.error, job.finished_at, job.lease), (Some(make::passing()), None, None));
    assert_eq!(job.attempts[0].error, Some(make::passing()));

    bench.clock.advance(60 * SECOND - Duration::from_millis(1));
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(stands(bench, id).await.status, JobStatus::Retrying);
    assert_eq!(bench.queue.len(Noop::KIND).await.unwrap(), 0);
    bench.clock.advance(Duration::from_millis(1));
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(bench.rung_for().await, id);
    claim(bench, id).await;
    assert_eq!(stands(bench, id).await.attempt, 2);
    assert_eq!(log(bench, id).await, ["queued", "running", "retrying", "queued", "running"]);
}

async fn a_job_whose_tries_are_used_up_fails(bench: &Bench) {
    let id = enqueue(bench).await.id;
    for attempt in 1..=Noop::MAX_ATTEMPTS {
        let token = claim(bench, id).await;
        assert_eq!(stands(bench, id).await.attempt, attempt);
        act(bench, id, |job, now| job.fail(token, make::passing(), SECOND, now)).await.unwrap();
        bench.clock.advance(SECOND);
        bench.dispatcher.tick().await.unwrap();
    }
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.error), (JobStatus::Failed, Some(make::passing())));
    assert_eq!(job.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(log(bench, id).await[7..], ["running", "failed", "error provider.busy"]);
}

async fn an_error_that_will_not_pass_fails_the_first_try(bench: &Bench) {
    let job = in_state(bench, JobStatus::Failed).await;
    assert_eq!((job.attempt, &job.error, job.finished_at), (1, &Some(make::fatal()), Some(bench.now())));
    assert_eq!(log(bench, job.id).await, ["queued", "running", "failed", "error pdf.damaged"]);
}

async fn an_unfinished_job_can_be_cancelled_and_a_finished_one_not(bench: &Bench) {
    for status in JobStatus::ALL {
        let before = in_state(bench, status).await;
        bench.clock.advance(SECOND);
        let outcome = act(bench, before.id, |job, now| job.cancel(now)).await;
        let after = stands(bench, before.id).await;
        if status.is_finished() {
            assert!(matches!(outcome, Err(LedgerError::Refused(Refusal::NotCancellable))), "{status:?}");
            assert_eq!(after, before);
        } else {
            outcome.unwrap();
            assert_eq!((after.status, after.finished_at), (JobStatus::Cancelled, Some(bench.now())));
            assert_eq!((&after.lease, &after.result), (&None, &None));
            let log = log(bench, before.id).await;
            assert_eq!(log[log.len() - 2..], ["cancelled", "error job.cancelled"], "{status:?}");
            // Nothing wakes it any more.
            bench.clock.advance(3601 * SECOND);
            bench.dispatcher.tick().await.unwrap();
            assert_eq!(stands(bench, before.id).await, after);
        }
    }
}

async fn a_failed_cancelled_or_waiting_job_can_be_retried_and_no_other(bench: &Bench) {
    for status in JobStatus::ALL {
        let before = in_state(bench, status).await;
        bench.clock.advance(SECOND);
        let outcome = act(bench, before.id, |job, now| job.retry(now)).await;
        let after = stands(bench, before.id).await;
        if matches!(status, JobStatus::Failed | JobStatus::Cancelled | JobStatus::Retrying) {
            outcome.unwrap();
            assert_eq!((after.status, after.attempt), (JobStatus::Queued, 0));
            assert_eq!((&after.error, after.finished_at, after.due_at), (&None, None, bench.now()));
            assert_eq!(after.token, before.token, "tokens never fall");
            let rings = listen(&bench.queue, &[Noop::KIND]);
            let heard = rings.filter(|id| std::future::ready(*id == before.id));
            soon(Box::pin(heard).next()).await;
            claim(bench, before.id).await;
        } else {
            assert!(matches!(outcome, Err(LedgerError::Refused(Refusal::NotRetryable))), "{status:?}");
            assert_eq!(after, before);
        }
    }
}

async fn a_retried_job_has_all_its_tries_again(bench: &Bench) {
    let id = in_state(bench, JobStatus::Failed).await.id;
    act(bench, id, |job, now| job.retry(now)).await.unwrap();
    for _ in 0..Noop::MAX_ATTEMPTS {
        assert_eq!(stands(bench, id).await.status, JobStatus::Queued);
        let token = claim(bench, id).await;
        act(bench, id, |job, now| job.fail(token, make::passing(), SECOND, now)).await.unwrap();
        bench.clock.advance(SECOND);
        bench.dispatcher.tick().await.unwrap();
    }
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.attempt, job.token), (JobStatus::Failed, 3, 4));
}

async fn a_released_job_is_queued_again_and_the_try_does_not_count(bench: &Bench) {
    let id = enqueue(bench).await.id;
    // More often than leases may be lost.
    for _ in 0..10 {
        assert_eq!(bench.rung_for().await, id);
        let token = claim(bench, id).await;
        act(bench, id, |job, now| job.release(token, now)).await.unwrap();
        let job = stands(bench, id).await;
        assert_eq!((job.status, job.attempt, job.lost_leases), (JobStatus::Queued, 0, 0));
    }
    assert_eq!(bench.rung_for().await, id);
    assert_eq!(bench.queue.len(Noop::KIND).await.unwrap(), 0);
}

async fn a_change_is_announced_and_a_renewed_lease_is_not(bench: &Bench) {
    let mut changes = bench.ledger.notifier.subscribe();
    // Between processes it takes a moment until one hears; so one job changes until it is heard of.
    let first = enqueue(bench).await.id;
    let token = claim(bench, first).await;
    let heard = async {
        loop {
            let stage = format!("step {}", stands(bench, first).await.rev);
            let advance = |job: &mut Job, now| job.advance(token, make::progress(1, &stage), vec![], now);
            act(bench, first, advance).await.unwrap();
            if let Ok(change) = tokio::time::timeout(Duration::from_millis(50), changes.recv()).await {
                return change.unwrap();
            }
        }
    };
    assert_eq!(soon(heard).await, first);

    let job = enqueue(bench).await.id;
    let token = claim(bench, job).await;
    while soon(changes.recv()).await.unwrap() != job {}
    for _ in 0..5 {
        bench.clock.advance(SECOND);
        act(bench, job, |job, now| job.renew(token, LEASE, now)).await.unwrap();
    }
    bench.ledger.update(job, |_, _| Ok::<_, Infallible>(())).await.unwrap();
    let last = enqueue(bench).await.id;
    claim(bench, last).await;
    loop {
        let change = soon(changes.recv()).await.unwrap();
        assert_ne!(change, job, "nobody need look at it");
        if change == last {
            break;
        }
    }
}
