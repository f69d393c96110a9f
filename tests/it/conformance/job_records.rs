//! Job records, their events, and who may write them.

use std::time::Duration;

use shared::{
    domain::{Cost, Event, EventBody, Job, JobStatus, Usage},
    jobs::LedgerError,
    store::StoreError,
};

use crate::{
    bench::{Bench, LEASE, at_once},
    make,
};

on_every_store![
    a_job_is_read_as_it_was_written,
    an_unknown_job_has_neither_record_nor_events,
    a_job_with_a_known_id_is_refused_and_the_first_stays,
    a_saved_job_is_read_with_every_field,
    a_job_is_saved_only_over_what_was_read,
    one_of_twenty_concurrent_saves_wins_and_only_its_events_are_kept,
    an_unknown_job_is_not_saved,
    events_follow_after_a_number_up_to_a_limit,
    events_of_every_kind_are_read_as_they_were_written,
    ten_concurrent_writers_leave_no_gap_in_the_events,
    noting_a_ring_is_no_transition,
];

async fn add(bench: &Bench) -> Job {
    let mut job = make::job(bench.job_id(), bench.now());
    bench.store.insert_job(&mut job).await.unwrap();
    job
}

async fn a_job_is_read_as_it_was_written(bench: &Bench) {
    let later = bench.now() + Duration::from_secs(3600);
    let plain = make::new_job(bench.job_id(), None, None);
    let scheduled = make::new_job(bench.job_id(), Some(bench.id()), Some(later));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
    for (new, trace) in [(plain, None), (scheduled, Some(trace))] {
        let mut job = Job::new(new, bench.now());
        job.trace = trace;
        bench.store.insert_job(&mut job).await.unwrap();
        assert!(job.fresh.is_empty(), "its events are written");
        assert_eq!(bench.store.job(job.id).await.unwrap(), Some(job));
    }
}

async fn an_unknown_job_has_neither_record_nor_events(bench: &Bench) {
    let id = bench.job_id();
    assert_eq!(bench.store.job(id).await.unwrap(), None);
    assert_eq!(bench.store.events(id, 0, 100).await.unwrap(), vec![]);
    let change = bench.ledger.update(id, |job, now| job.cancel(now)).await;
    assert!(matches!(change, Err(LedgerError::NotFound)), "{change:?}");
}

async fn a_job_with_a_known_id_is_refused_and_the_first_stays(bench: &Bench) {
    let job = add(bench).await;
    let mut second = Job::new(make::new_job(job.id, Some(bench.id()), None), bench.now());
    let refused = bench.store.insert_job(&mut second).await;
    assert!(matches!(refused, Err(StoreError::Taken("id"))), "{refused:?}");
    assert_eq!(bench.store.events(job.id, 0, 100).await.unwrap().len(), 1);
    assert_eq!(bench.store.job(job.id).await.unwrap(), Some(job));
}

async fn a_saved_job_is_read_with_every_field(bench: &Bench) {
    let mut job = add(bench).await;
    let token = job.claim("worker-1", LEASE, bench.now()).unwrap();
    job.advance(token, make::progress(30, "generating"), make::questions(), bench.now()).unwrap();
    job.fail(token, make::passing(), Duration::from_secs(2), bench.now()).unwrap();
    job.promote(bench.now() + Duration::from_secs(2));
    let token = job.claim("worker-2", LEASE, bench.now()).unwrap();
    job.notices = vec!["Only 3 of 10 questions could be proven. «ü» $x.y".to_owned()];
    let cost = Some(Cost { amount: 0.001_25, currency: "USD".to_owned() });
    job.usage = Some(Usage { prompt_tokens: 5_000_000_000, completion_tokens: 7, cached_tokens: 0, cost });
    assert!(bench.store.save_job(&mut job).await.unwrap());
    assert_eq!((job.rev, job.fresh.len()), (1, 0));
    assert_eq!(bench.store.job(job.id).await.unwrap().as_ref(), Some(&job));
    job.succeed(token, make::job_result(), bench.now()).unwrap();
    assert!(bench.store.save_job(&mut job).await.unwrap());
    assert_eq!(bench.store.job(job.id).await.unwrap(), Some(job));
}

async fn a_job_is_saved_only_over_what_was_read(bench: &Bench) {
    let mut job = add(bench).await;
    let mut stale = job.clone();
    job.claim("winner", LEASE, bench.now()).unwrap();
    assert!(bench.store.save_job(&mut job).await.unwrap());
    stale.cancel(bench.now()).unwrap();
    let unsaved = stale.clone();
    assert!(!bench.store.save_job(&mut stale).await.unwrap());
    assert_eq!(stale, unsaved, "what was not written is still to be written");
    assert_eq!(bench.store.job(job.id).await.unwrap().as_ref(), Some(&job));
    let events = bench.store.events(job.id, 0, 100).await.unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    stale.rev = job.rev + 1;
    assert!(!bench.store.save_job(&mut stale).await.unwrap(), "nor over what is not yet written");
}

async fn one_of_twenty_concurrent_saves_wins_and_only_its_events_are_kept(bench: &Bench) {
    let job = add(bench).await;
    let saves = at_once(20, |number| {
        let (store, mut job) = (bench.store.clone(), job.clone());
        job.claim(&format!("worker-{number}"), LEASE, bench.now()).unwrap();
        async move { (store.save_job(&mut job).await.unwrap(), job) }
    })
    .await;
    let winners: Vec<&Job> = saves.iter().filter(|(saved, _)| *saved).map(|(_, job)| job).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(bench.store.job(job.id).await.unwrap().as_ref(), Some(winners[0]));
    let numbers: Vec<i64> =
        bench.store.events(job.id, 0, 100).await.unwrap().into_iter().map(|event| event.seq).collect();
    assert_eq!(numbers, [1, 2]);
}

async fn an_unknown_job_is_not_saved(bench: &Bench) {
    let mut job = make::job(bench.job_id(), bench.now());
    assert!(!bench.store.save_job(&mut job).await.unwrap());
    assert_eq!(bench.store.job(job.id).await.unwrap(), None);
    assert_eq!(bench.store.events(job.id, 0, 100).await.unwrap(), vec![]);
}

async fn events_follow_after_a_number_up_to_a_limit(bench: &Bench) {
    let job = add(bench).await;
    add(bench).await;
    let claim = |job: &mut Job, now| job.claim("worker", LEASE, now);
    let (_, token) = bench.ledger.update(job.id, claim).await.unwrap();
    for percent in 1..=8 {
        let advance =
            |job: &mut Job, now| job.advance(token, make::progress(percent, "generating"), vec![], now);
        bench.ledger.update(job.id, advance).await.unwrap();
    }
    for (after, limit, wanted) in [
        (0, 100, (1..=10).collect::<Vec<i64>>()),
        (-1, 100, (1..=10).collect()),
        (0, 3, vec![1, 2, 3]),
        (3, 3, vec![4, 5, 6]),
        (9, 3, vec![10]),
        (10, 3, vec![]),
        (99, 3, vec![]),
        (0, 0, vec![]),
        (i64::MAX, u32::MAX, vec![]),
    ] {
        let events = bench.store.events(job.id, after, limit).await.unwrap();
        let numbers: Vec<i64> = events.into_iter().map(|event| event.seq).collect();
        assert_eq!(numbers, wanted, "after {after}, at most {limit}");
    }
}

async fn events_of_every_kind_are_read_as_they_were_written(bench: &Bench) {
    let mut job = make::job(bench.job_id(), bench.now());
    let token = job.claim("worker", LEASE, bench.now()).unwrap();
    let shown = make::questions().iter().map(|question| question.without_answers()).collect();
    job.advance(token, make::progress(30, "generating"), shown, bench.now()).unwrap();
    job.fail(token, make::fatal(), Duration::ZERO, bench.now()).unwrap();
    job.retry(bench.now()).unwrap();
    let token = job.claim("worker", LEASE, bench.now()).unwrap();
    job.succeed(token, make::job_result(), bench.now()).unwrap();
    let events = job.fresh.clone();
    bench.store.insert_job(&mut job).await.unwrap();
    assert_eq!(bench.store.events(job.id, 0, 100).await.unwrap(), events);
}

async fn ten_concurrent_writers_leave_no_gap_in_the_events(bench: &Bench) {
    let job = add(bench).await;
    let (_, token) = bench.ledger.update(job.id, |job, now| job.claim("worker", LEASE, now)).await.unwrap();
    at_once(10, |number| {
        let (ledger, id) = (bench.ledger.clone(), job.id);
        async move {
            for step in 0..5 {
                let stage = format!("writer {number}, step {step}");
                let advance =
                    |job: &mut Job, now| job.advance(token, make::progress(50, &stage), vec![], now);
                ledger.update(id, advance).await.unwrap();
            }
        }
    })
    .await;
    let events = bench.store.events(job.id, 0, 1000).await.unwrap();
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=52).collect::<Vec<i64>>());
    for number in 0..10 {
        let own = format!("writer {number}, ");
        let steps: Vec<String> =
            events.iter().filter_map(stage).filter(|stage| stage.starts_with(&own)).collect();
        let wanted: Vec<String> = (0..5).map(|step| format!("{own}step {step}")).collect();
        assert_eq!(steps, wanted, "each writer's events are there, in its order");
    }
    let stands = bench.store.job(job.id).await.unwrap().unwrap();
    assert_eq!((stands.last_event, stands.rev), (52, 51));
}

fn stage(event: &Event) -> Option<String> {
    match &event.body {
        EventBody::Progress(progress) => Some(progress.stage.clone()),
        _ => None,
    }
}

async fn noting_a_ring_is_no_transition(bench: &Bench) {
    let (mut job, other) = (add(bench).await, add(bench).await);
    let now = bench.now() + Duration::from_secs(5);
    bench.store.mark_rung(&[job.id], now).await.unwrap();
    bench.store.mark_rung(&[], now + LEASE).await.unwrap();
    bench.store.mark_rung(&[bench.job_id()], now).await.unwrap();
    let rung = bench.store.job(job.id).await.unwrap().unwrap();
    assert_eq!(rung, Job { rung_at: now, ..job.clone() });
    assert_eq!(bench.store.job(other.id).await.unwrap(), Some(other));
    // Who read the job before may still write it.
    job.claim("worker", LEASE, bench.now()).unwrap();
    assert!(bench.store.save_job(&mut job).await.unwrap());
    assert_eq!(bench.store.job(job.id).await.unwrap().unwrap().status, JobStatus::Running);
}
