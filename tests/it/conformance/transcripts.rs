//! What was said between us and providers.

use std::time::Duration;

use shared::domain::{Exchange, JobId, Said, Timestamp, Transcript};

use crate::bench::{Bench, at_once};

on_every_store![
    what_was_kept_is_read_as_it_was_and_a_later_try_takes_its_place,
    jobs_do_not_see_each_others_transcripts,
    old_transcripts_are_removed_in_portions,
    of_two_kept_at_once_one_stays_whole,
];

fn transcript(bench: &Bench, job: JobId, attempt: u32, recorded_at: Timestamp) -> Transcript {
    let exchange = Exchange {
        purpose: "questions".to_owned(),
        model: "model".to_owned(),
        began_at: recorded_at,
        took_ms: 1234,
        messages: vec![Said { role: "user".to_owned(), content: "Why? ü 💡 $a.b \u{0}".to_owned() }],
        answer: "{\"questions\": [".to_owned(),
        finish_reason: Some("length".to_owned()),
        error: None,
    };
    Transcript { job, user_id: Some(bench.id()), attempt, recorded_at, exchanges: vec![exchange; 3] }
}

async fn what_was_kept_is_read_as_it_was_and_a_later_try_takes_its_place(bench: &Bench) {
    let job = bench.job_id();
    assert_eq!(bench.store.transcript(job).await.unwrap(), None);
    for attempt in 1..=2 {
        let kept = transcript(bench, job, attempt, bench.now());
        bench.store.put_transcript(&kept).await.unwrap();
        assert_eq!(bench.store.transcript(job).await.unwrap(), Some(kept));
    }
    bench.store.delete_transcript(job).await.unwrap();
    bench.store.delete_transcript(job).await.unwrap();
    assert_eq!(bench.store.transcript(job).await.unwrap(), None);
}

async fn jobs_do_not_see_each_others_transcripts(bench: &Bench) {
    let (one, other) = (bench.job_id(), bench.job_id());
    let kept = transcript(bench, other, 1, bench.now());
    bench.store.put_transcript(&transcript(bench, one, 1, bench.now())).await.unwrap();
    bench.store.put_transcript(&kept).await.unwrap();
    bench.store.delete_transcript(one).await.unwrap();
    assert_eq!(bench.store.transcript(other).await.unwrap(), Some(kept));
}

async fn old_transcripts_are_removed_in_portions(bench: &Bench) {
    let now = bench.now();
    let second = Duration::from_secs(1);
    let mut jobs = Vec::new();
    for age in 0..5 {
        let job = bench.job_id();
        bench.store.put_transcript(&transcript(bench, job, 1, now - age * second)).await.unwrap();
        jobs.push(job);
    }
    let before = now - second;
    let mut removed = Vec::new();
    for _ in 0..3 {
        removed.push(bench.store.remove_transcripts(before, 2).await.unwrap());
    }
    assert_eq!(removed, [2, 1, 0]);
    let mut left = Vec::new();
    for job in &jobs {
        left.push(bench.store.transcript(*job).await.unwrap().is_some());
    }
    assert_eq!(left, [true, true, false, false, false]);
}

async fn of_two_kept_at_once_one_stays_whole(bench: &Bench) {
    let job = bench.job_id();
    let kept = [transcript(bench, job, 1, bench.now()), transcript(bench, job, 2, bench.now())];
    let put = kept.clone();
    at_once(2, |number| {
        let (store, transcript) = (bench.store.clone(), put[number].clone());
        async move { store.put_transcript(&transcript).await.unwrap() }
    })
    .await;
    let found = bench.store.transcript(job).await.unwrap().unwrap();
    assert!(kept.contains(&found));
}
