//! Leases, and tokens of those who lost one.

use std::time::Duration;

use shared::{
    domain::{Job, JobId, JobStatus, Refusal, Timestamp},
    jobs::{LedgerError, noop::Noop},
};

use crate::{
    bench::{Bench, LEASE, at_once},
    lifecycle::{claim, log},
    make,
};

on_every_store![
    a_job_is_claimed_by_one_of_twenty_workers,
    an_old_token_does_nothing_after_another_claim,
    an_old_token_does_nothing_on_a_copy_read_before_the_other_claim,
    a_token_does_nothing_once_the_job_is_cancelled,
    a_finished_job_takes_no_second_outcome,
    a_renewed_lease_holds_from_then_on,
    a_lost_lease_queues_the_job_again_and_the_try_does_not_count,
    five_leases_lost_in_a_row_fail_the_job,
    a_checkpoint_ends_the_row_of_lost_leases,
    new_questions_end_the_row_of_lost_leases,
    tokens_rise_with_every_claim,
];

const MILLISECOND: Duration = Duration::from_millis(1);

async fn enqueue(bench: &Bench) -> JobId {
    bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), None).await.unwrap().id
}

async fn stands(bench: &Bench, id: JobId) -> Job {
    bench.store.job(id).await.unwrap().unwrap()
}

async fn lose_lease(bench: &Bench) {
    bench.clock.advance(LEASE);
    bench.dispatcher.tick().await.unwrap();
}

type Act = fn(&mut Job, i64, Timestamp) -> Result<(), Refusal>;

/// Everything the holder of a lease may do.
const ACTS: [(&str, Act); 7] = [
    ("advance", |job, token, now| job.advance(token, make::progress(99, "late"), vec![], now)),
    ("ask", |job, token, now| job.advance(token, make::progress(99, "late"), make::questions(), now)),
    ("checkpoint", |job, token, _| job.checkpointed(token)),
    ("succeed", |job, token, now| job.succeed(token, make::job_result(), now)),
    ("fail", |job, token, now| job.fail(token, make::passing(), LEASE, now)),
    ("renew", |job, token, now| job.renew(token, 10 * LEASE, now)),
    ("release", |job, token, now| job.release(token, now)),
];

/// None of it works with this token, and nothing changes.
async fn is_fenced(bench: &Bench, id: JobId, token: i64) {
    let before = (stands(bench, id).await, log(bench, id).await);
    for (name, act) in ACTS {
        let outcome = bench.ledger.update(id, |job, now| act(job, token, now)).await;
        assert!(matches!(outcome, Err(LedgerError::Refused(Refusal::LeaseLost))), "{name}: {outcome:?}");
    }
    assert_eq!((stands(bench, id).await, log(bench, id).await), before);
}

async fn a_job_is_claimed_by_one_of_twenty_workers(bench: &Bench) {
    let id = enqueue(bench).await;
    let claims = at_once(20, |number| {
        let ledger = bench.ledger.clone();
        let worker = format!("worker-{number}");
        async move { (ledger.update(id, |job, now| job.claim(&worker, LEASE, now)).await, worker) }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = claims.into_iter().partition(|(outcome, _)| outcome.is_ok());
    assert_eq!(won.len(), 1);
    for (outcome, _) in lost {
        assert!(matches!(outcome, Err(LedgerError::Refused(Refusal::NotClaimable))), "{outcome:?}");
    }
    let job = stands(bench, id).await;
    assert_eq!((job.lease.unwrap().worker, job.token, job.attempt), (won[0].1.clone(), 1, 1));
    assert_eq!(log(bench, id).await, ["queued", "running"]);
}

async fn an_old_token_does_nothing_after_another_claim(bench: &Bench) {
    let id = enqueue(bench).await;
    let old = claim(bench, id).await;
    lose_lease(bench).await;
    is_fenced(bench, id, old).await;
    let new = claim(bench, id).await;
    is_fenced(bench, id, old).await;
    is_fenced(bench, id, new + 1).await;
    bench.ledger.update(id, |job, now| job.succeed(new, make::job_result(), now)).await.unwrap();
    is_fenced(bench, id, old).await;
    assert_eq!(stands(bench, id).await.status, JobStatus::Succeeded);
}

async fn an_old_token_does_nothing_on_a_copy_read_before_the_other_claim(bench: &Bench) {
    for (name, act) in ACTS {
        let id = enqueue(bench).await;
        let old = claim(bench, id).await;
        let copy = stands(bench, id).await;
        lose_lease(bench).await;
        claim(bench, id).await;
        let before = (stands(bench, id).await, log(bench, id).await);
        let mut job = copy.clone();
        let outcome = bench.ledger.change(&mut job, |job, now| act(job, old, now)).await;
        // Nothing is to be written for a checkpoint on a copy that has lost no lease.
        if name != "checkpoint" {
            assert!(matches!(outcome, Err(LedgerError::Refused(Refusal::LeaseLost))), "{name}: {outcome:?}");
        }
        assert_eq!((stands(bench, id).await, log(bench, id).await), before, "{name}");
    }
}

async fn a_token_does_nothing_once_the_job_is_cancelled(bench: &Bench) {
    let id = enqueue(bench).await;
    let token = claim(bench, id).await;
    bench.ledger.update(id, |job, now| job.cancel(now)).await.unwrap();
    is_fenced(bench, id, token).await;
    bench.ledger.update(id, |job, now| job.retry(now)).await.unwrap();
    is_fenced(bench, id, token).await;
    claim(bench, id).await;
    is_fenced(bench, id, token).await;
}

async fn a_finished_job_takes_no_second_outcome(bench: &Bench) {
    for outcome in [3, 4] {
        let id = enqueue(bench).await;
        let token = claim(bench, id).await;
        let (_, act) = ACTS[outcome];
        bench.ledger.update(id, |job, now| act(job, token, now)).await.unwrap();
        is_fenced(bench, id, token).await;
    }
}

async fn a_renewed_lease_holds_from_then_on(bench: &Bench) {
    let id = enqueue(bench).await;
    let token = claim(bench, id).await;
    for _ in 0..3 {
        bench.clock.advance(LEASE - MILLISECOND);
        bench.dispatcher.tick().await.unwrap();
        bench.ledger.update(id, |job, now| job.renew(token, LEASE, now)).await.unwrap();
    }
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.lease.unwrap().until), (JobStatus::Running, bench.now() + LEASE));
    assert_eq!(log(bench, id).await, ["queued", "running"]);
    lose_lease(bench).await;
    assert_eq!(stands(bench, id).await.status, JobStatus::Queued);
}

async fn a_lost_lease_queues_the_job_again_and_the_try_does_not_count(bench: &Bench) {
    let id = enqueue(bench).await;
    assert_eq!(bench.rung_for().await, id);
    claim(bench, id).await;
    lose_lease(bench).await;
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.attempt, job.lost_leases), (JobStatus::Queued, 0, 1));
    assert_eq!((job.lease, job.error, job.finished_at), (None, None, None));
    assert_eq!(job.attempts[0].error.as_ref().unwrap().code, "job.lease_lost");
    assert_eq!(log(bench, id).await, ["queued", "running", "queued"]);
    assert_eq!(bench.rung_for().await, id, "again");
    claim(bench, id).await;
    assert_eq!(stands(bench, id).await.attempt, 1);
}

async fn five_leases_lost_in_a_row_fail_the_job(bench: &Bench) {
    let id = enqueue(bench).await;
    for lost in 1..=5 {
        assert_eq!(stands(bench, id).await.status, JobStatus::Queued);
        claim(bench, id).await;
        lose_lease(bench).await;
        assert_eq!(stands(bench, id).await.lost_leases, lost);
    }
    let job = stands(bench, id).await;
    let error = job.error.unwrap();
    assert_eq!(
        (job.status, error.code.as_str(), error.retryable),
        (JobStatus::Failed, "job.poisoned", false)
    );
    assert_eq!(job.finished_at, Some(bench.now()));
    let log = log(bench, id).await;
    assert_eq!(log[log.len() - 2..], ["failed", "error job.poisoned"]);
    // By hand it may be tried again, with all its leases.
    bench.ledger.update(id, |job, now| job.retry(now)).await.unwrap();
    claim(bench, id).await;
    lose_lease(bench).await;
    let job = stands(bench, id).await;
    assert_eq!((job.status, job.lost_leases), (JobStatus::Queued, 1));
}

async fn a_checkpoint_ends_the_row_of_lost_leases(bench: &Bench) {
    let id = enqueue(bench).await;
    for _ in 0..12 {
        let token = claim(bench, id).await;
        if stands(bench, id).await.lost_leases == 4 {
            bench.ledger.update(id, |job, _| job.checkpointed(token)).await.unwrap();
            assert_eq!(stands(bench, id).await.lost_leases, 0);
        }
        lose_lease(bench).await;
        assert_eq!(stands(bench, id).await.status, JobStatus::Queued);
    }
}

async fn new_questions_end_the_row_of_lost_leases(bench: &Bench) {
    let id = enqueue(bench).await;
    claim(bench, id).await;
    lose_lease(bench).await;
    let token = claim(bench, id).await;
    let progress = |job: &mut Job, now| job.advance(token, make::progress(10, "x"), vec![], now);
    bench.ledger.update(id, progress).await.unwrap();
    assert_eq!(stands(bench, id).await.lost_leases, 1);
    let ask = |job: &mut Job, now| job.advance(token, make::progress(20, "x"), make::questions(), now);
    bench.ledger.update(id, ask).await.unwrap();
    assert_eq!(stands(bench, id).await.lost_leases, 0);
}

async fn tokens_rise_with_every_claim(bench: &Bench) {
    let id = enqueue(bench).await;
    for wanted in 1..=4 {
        assert_eq!(claim(bench, id).await, wanted);
        lose_lease(bench).await;
        assert_eq!(stands(bench, id).await.token, wanted);
    }
}
