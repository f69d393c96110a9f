//! Which jobs there are: for their owners, the dispatcher and the metrics.

use std::time::Duration;

use harness::Mongod;
use mongodb::bson::{Document, doc};
use shared::{
    clock::Clock,
    domain::{Id, Job, JobId, JobPriority, JobStatus, NewJob, Timestamp},
    jobs::{JobKind, noop::Noop},
    store::{JobFilter, Listing, Store, Window},
};

use crate::{
    bench::{Bench, LEASE, first, windows_of_seven},
    make,
};

on_every_store![
    every_window_of_a_list_shows_its_part_and_the_whole_length,
    every_window_of_a_narrowed_list_shows_its_part_and_the_whole_length,
    lists_are_narrowed_by_owner_state_and_kind,
    overdue_are_due_jobs_that_wait_and_running_ones_whose_lease_ended,
    overdue_jobs_come_up_to_a_limit,
    unclaimed_jobs_are_queued_ones_of_the_kind_rung_before,
    unclaimed_jobs_come_oldest_ring_first_up_to_a_limit,
    unclaimed_jobs_can_be_walked_through_and_say_whose_they_are,
    a_job_that_was_rung_again_is_not_unclaimed,
];

const OTHER: &str = "test.other";

async fn write(bench: &Bench, mut job: Job) -> JobId {
    bench.store.insert_job(&mut job).await.unwrap();
    job.id
}

async fn add(bench: &Bench, owner: Option<Id>) -> JobId {
    write(bench, Job::new(make::new_job(bench.job_id(), owner, None), bench.now())).await
}

fn other_kind(bench: &Bench) -> Job {
    Job::new(NewJob { kind: OTHER, ..make::new_job(bench.job_id(), None, None) }, bench.now())
}

fn scheduled(bench: &Bench, due: Timestamp) -> Job {
    Job::new(make::new_job(bench.job_id(), None, Some(due)), bench.now())
}

fn running(bench: &Bench, lease: Duration) -> Job {
    let mut job = make::job(bench.job_id(), bench.now());
    job.claim("worker", lease, bench.now()).unwrap();
    job
}

fn retrying(bench: &Bench, delay: Duration) -> Job {
    let mut job = running(bench, LEASE);
    job.fail(job.token, make::passing(), delay, bench.now()).unwrap();
    job
}

fn cancelled(bench: &Bench) -> Job {
    let mut job = make::job(bench.job_id(), bench.now());
    job.cancel(bench.now()).unwrap();
    job
}

async fn listed(bench: &Bench, filter: &JobFilter) -> Vec<JobId> {
    let listed = bench.store.jobs(filter, &first(100)).await.unwrap();
    assert_eq!(listed.total, listed.items.len() as u64, "{filter:?}");
    listed.items.into_iter().map(|job| job.id).collect()
}

async fn overdue(bench: &Bench, now: Timestamp, limit: u32) -> Vec<JobId> {
    let mut ids: Vec<JobId> =
        bench.store.overdue_jobs(now, limit).await.unwrap().into_iter().map(|job| job.id).collect();
    ids.sort_unstable();
    ids
}

async fn every_window_of_a_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    check_windows(bench, |_| JobFilter::default()).await;
}

async fn every_window_of_a_narrowed_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    check_windows(bench, |owner| JobFilter {
        user_id: Some(owner),
        status: Some(JobStatus::Queued),
        kind: Some(Noop::KIND.to_owned()),
        ..JobFilter::default()
    })
    .await;
}

async fn check_windows(bench: &Bench, filter: impl Fn(Id) -> JobFilter) {
    let owner = bench.id();
    let mut all = Vec::new();
    for _ in 0..7 {
        let id = add(bench, Some(owner)).await;
        all.push(bench.store.job(id).await.unwrap().unwrap());
    }
    for (window, places, more) in windows_of_seven(&all[3].id.to_string()) {
        let listed = bench.store.jobs(&filter(owner), &window).await.unwrap();
        let wanted: Vec<Job> = places.into_iter().map(|place| all[place].clone()).collect();
        assert_eq!((listed.items, listed.total, listed.more), (wanted, 7, more), "{window:?}");
    }
}

async fn lists_are_narrowed_by_owner_state_and_kind(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    let adas = add(bench, Some(ada)).await;
    let bobs = add(bench, Some(bob)).await;
    let nobodys = add(bench, None).await;
    let gone = cancelled(bench);
    let gone = write(bench, Job { user_id: Some(ada), ..gone }).await;
    let other = write(bench, other_kind(bench)).await;
    let kind = |kind: &str| Some(kind.to_owned());
    let all = JobFilter::default();
    for (filter, wanted) in [
        (all.clone(), vec![adas, bobs, nobodys, gone, other]),
        (JobFilter { user_id: Some(ada), ..all.clone() }, vec![adas, gone]),
        (JobFilter { user_id: Some(bench.id()), ..all.clone() }, vec![]),
        (JobFilter { status: Some(JobStatus::Queued), ..all.clone() }, vec![adas, bobs, nobodys, other]),
        (JobFilter { status: Some(JobStatus::Cancelled), ..all.clone() }, vec![gone]),
        (JobFilter { status: Some(JobStatus::Discarded), ..all.clone() }, vec![]),
        (JobFilter { kind: kind(OTHER), ..all.clone() }, vec![other]),
        (JobFilter { kind: kind(Noop::KIND), ..all.clone() }, vec![adas, bobs, nobodys, gone]),
        (JobFilter { kind: kind("test.%"), ..all.clone() }, vec![]),
        (JobFilter { user_id: Some(ada), status: Some(JobStatus::Queued), ..all.clone() }, vec![adas]),
        (JobFilter { user_id: Some(ada), kind: kind(OTHER), ..all.clone() }, vec![]),
        (JobFilter { status: Some(JobStatus::Queued), kind: kind(OTHER), ..all.clone() }, vec![other]),
    ] {
        assert_eq!(listed(bench, &filter).await, wanted, "{filter:?}");
    }
}

async fn overdue_are_due_jobs_that_wait_and_running_ones_whose_lease_ended(bench: &Bench) {
    let (start, second) = (bench.now(), Duration::from_secs(1));
    let waits = write(bench, scheduled(bench, start + 100 * second)).await;
    let fails = write(bench, retrying(bench, 200 * second)).await;
    let fails_at = bench.now() + 200 * second;
    let runs = write(bench, running(bench, 300 * second)).await;
    let runs_until = bench.now() + 300 * second;
    write(bench, make::job(bench.job_id(), start)).await;
    write(bench, cancelled(bench)).await;
    let mut done = running(bench, second);
    done.succeed(done.token, make::job_result(), bench.now()).unwrap();
    write(bench, done).await;
    let millisecond = Duration::from_millis(1);
    for (now, wanted) in [
        (start + 100 * second - millisecond, vec![]),
        (start + 100 * second, vec![waits]),
        (fails_at - millisecond, vec![waits]),
        (fails_at, vec![waits, fails]),
        (runs_until - millisecond, vec![waits, fails]),
        (runs_until, vec![waits, fails, runs]),
        (runs_until + 1_000_000 * second, vec![waits, fails, runs]),
    ] {
        assert_eq!(overdue(bench, now, 100).await, wanted, "{now}");
    }
    // They come whole.
    for job in bench.store.overdue_jobs(runs_until, 100).await.unwrap() {
        assert_eq!(bench.store.job(job.id).await.unwrap(), Some(job));
    }
}

async fn overdue_jobs_come_up_to_a_limit(bench: &Bench) {
    let due = bench.now() + LEASE;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(write(bench, scheduled(bench, due)).await);
        all.push(write(bench, running(bench, Duration::from_secs(1))).await);
    }
    let now = due + LEASE;
    for limit in 0..=7 {
        let shown = overdue(bench, now, limit).await;
        assert_eq!(shown.len(), all.len().min(limit as usize));
        assert!(shown.iter().all(|id| all.contains(id)));
    }
    assert_eq!(overdue(bench, now, 100).await, all);
}

async fn unclaimed(bench: &Bench, kind: &str, rung_before: Timestamp, limit: u32) -> Vec<JobId> {
    let unclaimed = bench.store.unclaimed_jobs(kind, rung_before, None, limit).await.unwrap();
    unclaimed.iter().map(|unclaimed| unclaimed.ring().job).collect()
}

async fn unclaimed_jobs_are_queued_ones_of_the_kind_rung_before(bench: &Bench) {
    let queued = add(bench, None).await;
    let rung_at = bench.store.job(queued).await.unwrap().unwrap().rung_at;
    let other = write(bench, other_kind(bench)).await;
    let later = bench.now() + LEASE;
    for job in [running(bench, LEASE), retrying(bench, LEASE), scheduled(bench, later), cancelled(bench)] {
        write(bench, job).await;
    }
    let far = bench.now() + 10 * LEASE;
    for (kind, rung_before, wanted) in [
        (Noop::KIND, rung_at, vec![]),
        (Noop::KIND, rung_at + Duration::from_millis(1), vec![queued]),
        (Noop::KIND, far, vec![queued]),
        (OTHER, far, vec![other]),
        ("test.%", far, vec![]),
    ] {
        let shown = unclaimed(bench, kind, rung_before, 100).await;
        assert_eq!(shown, wanted, "{kind} before {rung_before}");
    }
}

async fn unclaimed_jobs_come_oldest_ring_first_up_to_a_limit(bench: &Bench) {
    let ids =
        [add(bench, None).await, add(bench, None).await, add(bench, None).await, add(bench, None).await];
    let now = bench.now() + LEASE;
    let second = Duration::from_secs(1);
    bench.store.mark_rung(&[ids[0]], now + 2 * second).await.unwrap();
    bench.store.mark_rung(&[ids[3], ids[2]], now + second).await.unwrap();
    let far = now + LEASE;
    let order = [ids[1], ids[2], ids[3], ids[0]];
    for limit in 0..=5 {
        let shown = unclaimed(bench, Noop::KIND, far, limit).await;
        assert_eq!(shown, order[..order.len().min(limit as usize)]);
    }
    assert_eq!(unclaimed(bench, Noop::KIND, now + second, 9).await, [ids[1]]);
}

async fn unclaimed_jobs_can_be_walked_through_and_say_whose_they_are(bench: &Bench) {
    let mut wanted = Vec::new();
    for number in 0..7 {
        let user_id = (number % 2 == 0).then(|| bench.id());
        let mut new = make::new_job(bench.job_id(), user_id, None);
        if number == 3 {
            new.priority = JobPriority::Background;
        }
        let job = write(bench, Job::new(new, bench.now())).await;
        wanted.push(bench.store.job(job).await.unwrap().unwrap().ring());
    }
    // Three have the same time.
    let now = bench.now() + LEASE;
    bench.store.mark_rung(&[wanted[2].job, wanted[3].job, wanted[4].job], now).await.unwrap();
    let wanted = [0, 1, 5, 6, 2, 3, 4].map(|number| wanted[number]);
    let (mut after, mut walked) = (None, Vec::new());
    loop {
        let portion = bench.store.unclaimed_jobs(Noop::KIND, now + LEASE, after, 2).await.unwrap();
        walked.extend(portion.iter().map(|unclaimed| unclaimed.ring()));
        let Some(last) = portion.last() else { break };
        after = Some((last.rung_at, last.ring().job));
    }
    assert_eq!(walked, wanted);
}

async fn a_job_that_was_rung_again_is_not_unclaimed(bench: &Bench) {
    let id = add(bench, None).await;
    bench.clock.advance(LEASE);
    let before = bench.now();
    assert_eq!(unclaimed(bench, Noop::KIND, before, 9).await, [id]);
    bench.store.mark_rung(&[id], before).await.unwrap();
    assert_eq!(unclaimed(bench, Noop::KIND, before, 9).await, []);
    // A transition into the queue rings, too.
    bench.ledger.update(id, |job, now| job.claim("worker", LEASE, now)).await.unwrap();
    bench.clock.advance(LEASE);
    let (_, expired) =
        bench.ledger.update(id, |job, now| Ok::<_, std::convert::Infallible>(job.expire(now))).await.unwrap();
    assert!(expired);
    assert_eq!(unclaimed(bench, Noop::KIND, bench.now(), 9).await, []);
    let millisecond = Duration::from_millis(1);
    assert_eq!(unclaimed(bench, Noop::KIND, bench.now() + millisecond, 9).await, [id]);
}

/// As another release may have written it.
#[tokio::test]
async fn mongodb_lists_pass_over_a_job_that_cannot_be_read() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..5 {
        let mut job = make::job(Clock::System.job_id(), Clock::System.now());
        store.insert_job(&mut job).await.unwrap();
        ids.push(job.id);
    }
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let jobs = client.database(&database).collection::<Document>("jobs");
    let strange = doc! { "$set": { "status": "pondering" } };
    jobs.update_one(doc! { "_id": ids[1].to_string() }, strange).await.unwrap();
    let all = JobFilter::default();
    let begin = store.jobs(&all, &first(3)).await.unwrap();
    let after = begin.next(|job| job.id.to_string());
    let rest = store.jobs(&all, &Window { after, ..first(3) }).await.unwrap();
    let shown = |part: &Listing<Job>| part.items.iter().map(|job| job.id).collect::<Vec<_>>();
    assert_eq!((shown(&begin), begin.total, begin.more), (vec![ids[0], ids[2]], 5, true));
    assert_eq!((shown(&rest), rest.more), (vec![ids[3], ids[4]], false));
}

/// As an earlier release left it.
#[tokio::test]
async fn mongodb_keeps_no_index_of_jobs_that_another_replaced() {
    let mongod = Mongod::shared().await;
    let (fresh, older) = (mongod.database(), mongod.database());
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let jobs = |database: &str| client.database(database).collection::<Document>("jobs");
    for keys in [
        doc! { "status": 1, "_id": 1, "kind": 1 },
        doc! { "kind": 1, "status": 1, "_id": 1 },
        doc! { "finishedAt": 1, "kind": 1 },
        doc! { "finishedAt": 1 },
    ] {
        jobs(&older).create_index(mongodb::IndexModel::builder().keys(keys).build()).await.unwrap();
    }
    let mut names = Vec::new();
    for database in [&fresh, &older] {
        Store::mongo(&mongod.url(), database, harness::process::PATIENCE).await.unwrap();
        let mut of_jobs = jobs(database).list_index_names().await.unwrap();
        of_jobs.sort();
        names.push(of_jobs);
    }
    assert_eq!(names[0], names[1]);
}
