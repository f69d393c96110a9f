//! Many jobs at once: found by all that operators ask for, and retried as one by one.

use std::time::Duration;

use shared::{
    domain::{Id, Job, JobId, JobPriority, JobStatus, NewJob, Ring},
    jobs::{JobKind, noop::Noop},
    store::{JobFilter, JobGroup, JobHead},
};

use crate::{
    bench::{Bench, LEASE, at_once, first},
    lifecycle::{in_state, log},
    make,
};

on_every_store![
    jobs_are_found_by_every_combination_of_what_operators_ask_for,
    jobs_after_an_id_come_oldest_first_up_to_a_limit,
    jobs_are_retried_in_portions,
    all_that_match_are_retried_and_nothing_else,
    more_than_a_batch_is_retried_once_each_however_many_ask,
    a_job_that_was_retried_too_often_is_left_alone,
];

const OTHER: &str = "test.other";

fn failed(bench: &Bench, owner: Option<Id>, kind: &'static str, code: &str) -> Job {
    let new = NewJob { kind, ..make::new_job(bench.job_id(), owner, None) };
    let mut job = Job::new(new, bench.now());
    let token = job.claim("worker", LEASE, bench.now()).unwrap();
    let error = shared::domain::JobError::fatal(code, "It failed.");
    job.fail(token, error, LEASE, bench.now()).unwrap();
    job
}

async fn write(bench: &Bench, mut job: Job) -> Job {
    bench.store.insert_job(&mut job).await.unwrap();
    job
}

/// Whether a job matches, said once more.
fn matches(filter: &JobFilter, job: &Job) -> bool {
    filter.user_id.is_none_or(|user| job.user_id == Some(user))
        && filter.status.is_none_or(|status| job.status == status)
        && filter.kind.as_ref().is_none_or(|kind| job.kind == *kind)
        && filter.error_code.as_ref().is_none_or(|code| job.error.as_ref().is_some_and(|e| e.code == *code))
        && filter.made_before.is_none_or(|instant| job.created_at < instant)
        && filter.made_from.is_none_or(|instant| job.created_at >= instant)
}

/// The jobs that match by kind and error code, said once more.
fn grouped(filter: &JobFilter, all: &[Job]) -> Vec<JobGroup> {
    let mut groups: Vec<JobGroup> = Vec::new();
    for job in all.iter().filter(|job| matches(filter, job)) {
        let code = job.error.as_ref().map(|error| error.code.clone());
        match groups.iter_mut().find(|group| group.kind == job.kind && group.error_code == code) {
            Some(group) => {
                group.jobs += 1;
                group.oldest = group.oldest.min(job.id);
                group.newest = group.newest.max(job.id);
            }
            None => groups.push(JobGroup {
                kind: job.kind.clone(),
                error_code: code,
                jobs: 1,
                oldest: job.id,
                newest: job.id,
            }),
        }
    }
    groups.sort_by(|one, other| {
        let last = |group: &JobGroup| (group.kind.clone(), group.error_code.clone());
        other.jobs.cmp(&one.jobs).then_with(|| last(one).cmp(&last(other)))
    });
    groups
}

async fn jobs_are_found_by_every_combination_of_what_operators_ask_for(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    let mut all = Vec::new();
    let mut middle = bench.now();
    for round in 0..2 {
        for owner in [Some(ada), Some(bob), None] {
            for kind in [Noop::KIND, OTHER] {
                for code in ["pdf.damaged", "provider.down"] {
                    all.push(write(bench, failed(bench, owner, kind, code)).await);
                }
                let waits =
                    Job::new(NewJob { kind, ..make::new_job(bench.job_id(), owner, None) }, bench.now());
                all.push(write(bench, waits).await);
            }
        }
        if round == 0 {
            bench.clock.advance(LEASE);
            middle = bench.now();
        }
    }
    let text = |text: &str| Some(text.to_owned());
    let mut tried = 0;
    for user_id in [None, Some(ada), Some(bench.id())] {
        for status in [None, Some(JobStatus::Failed), Some(JobStatus::Queued), Some(JobStatus::Succeeded)] {
            for kind in [None, text(OTHER), text("test.%")] {
                for error_code in [None, text("pdf.damaged"), text("$pdf\0")] {
                    for (made_before, made_from) in [(None, None), (Some(middle), None), (None, Some(middle))]
                    {
                        let (kind, error_code) = (kind.clone(), error_code.clone());
                        let filter = JobFilter { user_id, status, kind, error_code, made_before, made_from };
                        let wanted: Vec<JobId> =
                            all.iter().filter(|job| matches(&filter, job)).map(|job| job.id).collect();
                        let listed = bench.store.jobs(&filter, &first(100)).await.unwrap();
                        let ids: Vec<JobId> = listed.items.iter().map(|job| job.id).collect();
                        assert_eq!(ids, wanted, "{filter:?}");
                        assert_eq!(listed.total, wanted.len() as u64, "{filter:?}");
                        assert_eq!(
                            bench.store.count_jobs(&filter).await.unwrap(),
                            listed.total,
                            "{filter:?}"
                        );
                        let groups = bench.store.job_groups(&filter).await.unwrap();
                        assert_eq!(groups, grouped(&filter, &all), "{filter:?}");
                        tried += usize::from(!ids.is_empty());
                    }
                }
            }
        }
    }
    assert!(tried > 30, "{tried} filters found something");
}

async fn jobs_after_an_id_come_oldest_first_up_to_a_limit(bench: &Bench) {
    let filter = JobFilter { status: Some(JobStatus::Failed), ..JobFilter::default() };
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(write(bench, failed(bench, None, Noop::KIND, "pdf.damaged")).await.id);
        in_state(bench, JobStatus::Queued).await;
    }
    for (after, limit, wanted) in [
        (None, 100, &ids[..]),
        (None, 2, &ids[..2]),
        (Some(ids[1]), 2, &ids[2..4]),
        (Some(ids[4]), 2, &[]),
        (None, 0, &[]),
    ] {
        let found = bench.store.jobs_after(&filter, after, limit).await.unwrap();
        assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), wanted);
    }
    let before =
        JobFilter { made_before: bench.store.job(ids[3]).await.unwrap().map(|job| job.created_at), ..filter };
    let found = bench.store.jobs_after(&before, Some(ids[0]), 9).await.unwrap();
    assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), ids[1..3]);
}

async fn jobs_are_retried_in_portions(bench: &Bench) {
    let owner = bench.id();
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(write(bench, failed(bench, Some(owner), Noop::KIND, "provider.down")).await);
    }
    let queued = write(bench, make::job(bench.job_id(), bench.now())).await;
    let filter = JobFilter { kind: Some(Noop::KIND.to_owned()), ..JobFilter::default() };
    let failed = JobFilter { status: Some(JobStatus::Failed), ..filter.clone() };
    let heads = async |after, limit| bench.store.job_heads(&filter, after, limit).await.unwrap();
    let retried =
        async |heads: &[JobHead], filter| bench.store.retry_jobs(heads, filter, bench.now()).await.unwrap();
    let all = heads(None, 9).await;
    let head = |job: &Job| JobHead {
        id: job.id,
        kind: job.kind.clone(),
        user_id: job.user_id,
        last_event: job.last_event,
    };
    assert_eq!(all, jobs.iter().chain([&queued]).map(head).collect::<Vec<_>>());
    assert_eq!(heads(None, 2).await, all[..2]);
    assert_eq!(heads(Some(jobs[2].id), 2).await, all[3..5]);
    assert_eq!(heads(Some(queued.id), 9).await, []);
    assert_eq!(heads(None, 0).await, []);

    assert_eq!(retried(&all[..2], &filter).await, 2);
    // What went on since is left as it is, even where it may be retried again.
    let mut gone_on = bench.store.job(jobs[0].id).await.unwrap().unwrap();
    gone_on.cancel(bench.now()).unwrap();
    assert!(bench.store.save_job(&mut gone_on).await.unwrap());
    assert_eq!(retried(&all[..3], &filter).await, 1);
    assert_eq!(bench.store.job(gone_on.id).await.unwrap().as_ref(), Some(&gone_on));
    assert_eq!(retried(&heads(None, 1).await, &filter).await, 1);
    // What does not match, too, and what waits already.
    let nobodys = JobFilter { user_id: Some(bench.id()), ..filter.clone() };
    assert_eq!(retried(&all[3..], &nobodys).await, 0);
    assert_eq!(retried(&all[3..], &failed).await, 2);
    assert_eq!(retried(&heads(None, 9).await, &filter).await, 0);
    assert_eq!(retried(&[], &filter).await, 0);
    assert_eq!(bench.store.job(queued.id).await.unwrap(), Some(queued));
    let mut retries = Vec::new();
    for job in jobs {
        retries.push(bench.store.job(job.id).await.unwrap().unwrap().retries);
    }
    assert_eq!(retries, [2, 1, 1, 1, 1]);
}

async fn all_that_match_are_retried_and_nothing_else(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    let wanted = [
        write(bench, failed(bench, Some(ada), Noop::KIND, "provider.down")).await,
        write(bench, failed(bench, Some(ada), Noop::KIND, "provider.down")).await,
    ];
    let others = [
        write(bench, failed(bench, Some(ada), Noop::KIND, "pdf.damaged")).await,
        write(bench, failed(bench, Some(bob), Noop::KIND, "provider.down")).await,
        write(bench, failed(bench, Some(ada), OTHER, "provider.down")).await,
    ];
    bench.clock.advance(LEASE);
    let instant = bench.now();
    let late = write(bench, failed(bench, Some(ada), Noop::KIND, "provider.down")).await;
    let filter = JobFilter {
        user_id: Some(ada),
        status: Some(JobStatus::Failed),
        kind: Some(Noop::KIND.to_owned()),
        error_code: Some("provider.down".to_owned()),
        made_before: Some(instant),
        made_from: None,
    };
    let mut told = bench.ledger.notifier.subscribe();
    assert_eq!(bench.ledger.retry_all(&filter).await.unwrap(), 2);
    for job in &wanted {
        let mut by_hand = job.clone();
        by_hand.retry_in_bulk(bench.now()).unwrap();
        let stands = bench.store.job(job.id).await.unwrap().unwrap();
        assert_eq!(stands, Job { rev: job.rev + 1, fresh: Vec::new(), ..by_hand });
        assert_eq!(
            log(bench, job.id).await,
            ["queued", "running", "failed", "error provider.down", "queued"]
        );
    }
    for job in others.iter().chain([&late]) {
        assert_eq!(bench.store.job(job.id).await.unwrap().as_ref(), Some(job));
    }
    let ids = [wanted[0].id, wanted[1].id];
    let behind = |job: &Job| Ring { priority: JobPriority::Background, ..job.ring() };
    let rings: Vec<Ring> = wanted.iter().map(behind).collect();
    assert_eq!(bench.queue.lost(Noop::KIND, &rings).await.unwrap(), []);
    assert_eq!(bench.queue.len(Noop::KIND).await.unwrap(), 2);
    for _ in 0..2 {
        assert!(ids.contains(&crate::bench::soon(told.recv()).await.unwrap()));
    }
    assert_eq!(bench.ledger.retry_all(&filter).await.unwrap(), 0);
}

async fn more_than_a_batch_is_retried_once_each_however_many_ask(bench: &Bench) {
    const MANY: usize = 1203;
    let owner = bench.id();
    for _ in 0..MANY {
        write(bench, failed(bench, Some(owner), Noop::KIND, "provider.down")).await;
    }
    let filter = JobFilter { user_id: Some(owner), status: Some(JobStatus::Failed), ..JobFilter::default() };
    let counts = at_once(3, |_| {
        let (ledger, filter) = (bench.ledger.clone(), filter.clone());
        async move { ledger.retry_all(&filter).await.unwrap() }
    })
    .await;
    assert_eq!(counts.iter().sum::<u64>(), MANY as u64, "{counts:?}");
    let queued = JobFilter { status: Some(JobStatus::Queued), ..filter.clone() };
    assert_eq!(bench.store.count_jobs(&queued).await.unwrap(), MANY as u64);
    assert_eq!(bench.store.count_jobs(&filter).await.unwrap(), 0);
    for job in bench.store.jobs_after(&queued, None, 5).await.unwrap() {
        assert_eq!((job.retries, job.rev), (1, 1));
        assert_eq!(log(bench, job.id).await.last().unwrap(), "queued");
    }
}

async fn a_job_that_was_retried_too_often_is_left_alone(bench: &Bench) {
    let mut worn = failed(bench, None, Noop::KIND, "provider.down");
    while worn.retry(bench.now()).is_ok() {
        worn.cancel(bench.now()).unwrap();
    }
    let worn = write(bench, Job { status: JobStatus::Failed, ..worn }).await;
    let fresh = write(bench, failed(bench, None, Noop::KIND, "provider.down")).await;
    let filter = JobFilter { status: Some(JobStatus::Failed), ..JobFilter::default() };
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.ledger.retry_all(&filter).await.unwrap(), 1);
    assert_eq!(bench.store.job(worn.id).await.unwrap(), Some(worn));
    assert_eq!(bench.store.job(fresh.id).await.unwrap().unwrap().status, JobStatus::Queued);
}
