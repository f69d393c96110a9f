//! What every sequence of transitions keeps, and the single transitions that need a word.

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp(1_800_000_000_000);
const LEASE: Duration = Duration::from_secs(60);

/// Whose token a caller shows.
#[derive(Debug, Clone, Copy)]
enum Token {
    Present,
    Older,
    Unheard,
}

/// Something that happens to a job.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Claim,
    Renew(Token),
    Advance(Token, u32, usize),
    Checkpoint(Token),
    Succeed(Token),
    Fail(Token, bool, u64),
    Release(Token),
    Expire,
    Promote,
    Cancel,
    Retry,
    Discard,
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![8 => Just(Token::Present), 1 => Just(Token::Older), 1 => Just(Token::Unheard)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..200_u64).prop_map(Step::Wait),
        8 => Just(Step::Claim),
        2 => token().prop_map(Step::Renew),
        6 => (token(), 0..150_u32, 0..3_usize).prop_map(|(token, percent, asked)| Step::Advance(token, percent, asked)),
        2 => token().prop_map(Step::Checkpoint),
        1 => token().prop_map(Step::Succeed),
        4 => (token(), any::<bool>(), 0..200_u64).prop_map(|(token, passes, delay)| Step::Fail(token, passes, delay)),
        2 => token().prop_map(Step::Release),
        4 => Just(Step::Expire),
        4 => Just(Step::Promote),
        1 => Just(Step::Cancel),
        2 => Just(Step::Retry),
        1 => Just(Step::Discard),
    ]
}

fn new(max_attempts: u32, not_before: Option<Timestamp>) -> Job {
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    let payload = serde_json::Value::Null;
    Job::new(
        NewJob {
            id,
            kind: "test",
            user_id: None,
            payload,
            max_attempts,
            priority: JobPriority::Interactive,
            when: not_before.into(),
        },
        START,
    )
}

fn question() -> Question {
    serde_json::from_str(r#"{ "id": "1", "question": "What?" }"#).unwrap()
}

fn result() -> JobResult {
    JobResult { kind: "quiz".into(), id: "1".into(), url: "/quiz/1".into() }
}

fn progress(percent: u32) -> Progress {
    Progress { percent, stage: "generating".into(), message: String::new(), done: percent, total: 100 }
}

fn error(passes: bool) -> JobError {
    if passes { JobError::transient("passes", "") } else { JobError::fatal("stays", "") }
}

impl Step {
    /// Makes the transition; false if it was refused or did nothing.
    fn take(&self, job: &mut Job, now: Timestamp) -> bool {
        let token = |token: Token| match token {
            Token::Present => job.token,
            Token::Older => job.token - 1,
            Token::Unheard => job.token + 1,
        };
        match *self {
            Step::Wait(_) => Ok(()),
            Step::Claim => job.claim("worker", LEASE, now).map(drop),
            Step::Renew(whose) => job.renew(token(whose), LEASE, now),
            Step::Advance(whose, percent, asked) => {
                job.advance(token(whose), progress(percent), vec![question(); asked], now)
            }
            Step::Checkpoint(whose) => job.checkpointed(token(whose)),
            Step::Succeed(whose) => job.succeed(token(whose), result(), now),
            Step::Fail(whose, passes, delay) => {
                job.fail(token(whose), error(passes), Duration::from_secs(delay), now)
            }
            Step::Release(whose) => job.release(token(whose), now),
            Step::Expire => return job.expire(now),
            Step::Promote => return job.promote(now),
            Step::Cancel => job.cancel(now),
            Step::Retry => job.retry(now),
            Step::Discard => job.discard(now),
        }
        .is_ok()
    }

    /// The token shown, where one is.
    fn whose(&self) -> Option<Token> {
        match *self {
            Step::Renew(whose)
            | Step::Advance(whose, ..)
            | Step::Checkpoint(whose)
            | Step::Succeed(whose)
            | Step::Fail(whose, ..)
            | Step::Release(whose) => Some(whose),
            _ => None,
        }
    }
}

/// Which states may follow a state, as the module's picture has it.
fn may_follow(before: JobStatus, after: JobStatus) -> bool {
    use JobStatus::*;
    match before {
        Scheduled => matches!(after, Queued | Cancelled),
        Queued => matches!(after, Running | Cancelled),
        Running => matches!(after, Queued | Retrying | Succeeded | Failed | Cancelled),
        Retrying => matches!(after, Queued | Cancelled),
        Failed => matches!(after, Queued | Discarded),
        Cancelled => after == Queued,
        Succeeded | Discarded => false,
    }
}

fn check(before: &Job, job: &Job, step: &Step, took: bool) -> std::result::Result<(), TestCaseError> {
    if !took {
        prop_assert_eq!(job, before, "what is refused changes nothing");
    }
    if took && matches!(step.whose(), Some(whose) if !matches!(whose, Token::Present)) {
        prop_assert!(false, "a token that is not the present one did something");
    }
    if took && step.whose().is_some() {
        prop_assert_eq!(before.status, JobStatus::Running, "only a running job has a holder");
    }
    let claimed = took && matches!(step, Step::Claim);
    prop_assert_eq!(job.token, before.token + i64::from(claimed), "the token rises with a claim alone");
    prop_assert!(
        job.status == before.status || may_follow(before.status, job.status),
        "{:?} after {:?}",
        job.status,
        before.status
    );
    prop_assert_eq!(
        job.lease.is_some(),
        job.status == JobStatus::Running,
        "a lease while it runs, and only then"
    );
    prop_assert_eq!(job.finished_at.is_some(), job.status.is_finished());
    prop_assert_eq!(job.result.is_some(), job.status == JobStatus::Succeeded);
    prop_assert!(job.attempt <= job.max_attempts);
    prop_assert!(job.lost_leases <= LOST_LEASES_MAX);
    prop_assert!(job.attempts.len() <= ATTEMPTS_KEPT);
    prop_assert!(job.progress.percent <= 100);
    if !claimed {
        prop_assert!(job.progress.percent >= before.progress.percent, "within a try it never falls");
    }
    if job.status == JobStatus::Failed {
        prop_assert!(job.error.is_some());
    }
    let open = job.attempts.iter().filter(|attempt| attempt.finished_at.is_none()).count();
    prop_assert_eq!(open, usize::from(job.status == JobStatus::Running), "a try is open while the job runs");
    Ok(())
}

fn check_events(job: &Job) -> std::result::Result<(), TestCaseError> {
    let numbers: Vec<i64> = job.fresh.iter().map(|event| event.seq).collect();
    prop_assert_eq!(numbers, (1..=job.last_event).collect::<Vec<i64>>());
    prop_assert!(job.fresh.is_sorted_by_key(|event| event.at));
    let last_status = job.fresh.iter().rev().find_map(|event| match event.body {
        EventBody::Status { status, attempt } => Some((status, attempt)),
        _ => None,
    });
    prop_assert_eq!(last_status, Some((job.status, job.attempt)), "the log ends in the job's state");
    let mut ends =
        job.fresh.iter().map(|event| matches!(event.body, EventBody::Done { .. } | EventBody::Error { .. }));
    prop_assert_eq!(ends.next_back().unwrap_or_default(), job.status.is_finished(), "done or error is last");
    let mut percent = 0;
    for event in &job.fresh {
        match &event.body {
            EventBody::Status { status: JobStatus::Running, .. } => percent = 0,
            EventBody::Progress(progress) => {
                prop_assert!(progress.percent >= percent, "what is told never falls within a try");
                percent = progress.percent;
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_sequence_of_transitions_keeps_the_promises(
        max_attempts in 1..6_u32,
        wait in proptest::option::of(0..300_u64),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut now = START;
        let mut job = new(max_attempts, wait.map(|wait| now + Duration::from_secs(wait)));
        check_events(&job)?;
        for step in steps {
            if let Step::Wait(seconds) = step {
                now = now + Duration::from_secs(seconds);
            }
            let before = job.clone();
            let took = step.take(&mut job, now);
            check(&before, &job, &step, took)?;
            check_events(&job)?;
        }
        // And it is read as it is written.
        let written = serde_json::to_string(&job).unwrap();
        let read: Job = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(read, Job { fresh: Vec::new(), ..job });
    }
}

#[test]
fn a_try_whose_lease_was_lost_does_not_count() {
    let mut job = new(1, None);
    for _ in 1..LOST_LEASES_MAX {
        job.claim("worker", LEASE, START).unwrap();
        assert_eq!(job.attempt, 1);
        assert!(!job.expire(START + LEASE - Duration::from_millis(1)), "the lease still holds");
        assert!(job.expire(START + LEASE));
        assert_eq!((job.status, job.attempt), (JobStatus::Queued, 0));
    }
    job.claim("worker", LEASE, START).unwrap();
    assert!(job.expire(START + LEASE));
    assert_eq!((job.status, job.error.unwrap().code.as_str()), (JobStatus::Failed, "job.poisoned"));
}

#[test]
fn of_many_tries_the_latest_are_kept() {
    let mut job = new(1, None);
    let tries = ATTEMPTS_KEPT + 5;
    for number in 0..tries {
        let token = job.claim(&format!("worker-{number}"), LEASE, START).unwrap();
        job.release(token, START).unwrap();
    }
    assert_eq!(job.attempts.len(), ATTEMPTS_KEPT);
    assert_eq!(job.attempts[ATTEMPTS_KEPT - 1].worker, format!("worker-{}", tries - 1));
    assert_eq!(job.attempts[0].worker, "worker-5");
}

#[test]
fn a_job_is_retried_by_hand_so_often_and_no_more() {
    let mut job = new(1, None);
    for _ in 0..RETRIES_MAX {
        job.cancel(START).unwrap();
        job.retry(START).unwrap();
    }
    job.cancel(START).unwrap();
    let before = job.clone();
    assert_eq!(job.retry(START), Err(Refusal::RetryLimit));
    assert_eq!(job, before);
}

#[test]
fn a_record_from_before_retries_were_counted_is_read() {
    let mut written = serde_json::to_value(new(1, None)).unwrap();
    written.as_object_mut().unwrap().remove("retries").unwrap();
    assert_eq!(serde_json::from_value::<Job>(written).unwrap().retries, 0);
}

#[test]
fn progress_that_is_no_progress_is_not_told() {
    let mut job = new(1, None);
    let token = job.claim("worker", LEASE, START).unwrap();
    job.advance(token, progress(50), Vec::new(), START).unwrap();
    let told = job.last_event;
    job.advance(token, progress(50), Vec::new(), START).unwrap();
    assert_eq!(job.last_event, told);
    job.advance(token, progress(30), Vec::new(), START).unwrap();
    assert_eq!((job.progress.percent, job.progress.done), (50, 30));
    job.advance(token, progress(130), Vec::new(), START).unwrap();
    assert_eq!(job.progress.percent, 100);
}

#[test]
fn a_job_whose_time_has_come_is_queued_at_once() {
    assert_eq!(new(1, Some(START)).status, JobStatus::Queued);
    let later = START + Duration::from_millis(1);
    let mut job = new(1, Some(later));
    assert_eq!(job.status, JobStatus::Scheduled);
    assert!(!job.promote(START));
    assert!(job.promote(later));
    assert_eq!((job.status, job.rung_at), (JobStatus::Queued, later));
}

#[test]
fn the_name_of_a_status_is_the_same_everywhere() {
    for status in JobStatus::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
}

#[test]
fn uploads_are_found_in_a_payload_however_deep() {
    assert_eq!(uploads_of(&serde_json::Value::Null), []);
    let (one, two) = ("0123456789abcdef01234567", "0123456789abcdef01234568");
    let payload = serde_json::json!({
        "source": { "type": "pdf", "blob": one, "pages": "1" },
        "more": [{ "blob": two }, { "blob": 5 }, { "blob": "x" }],
        "other": "0123456789abcdef01234569",
    });
    let mut found: Vec<String> = uploads_of(&payload).iter().map(Id::to_string).collect();
    found.sort();
    assert_eq!(found, [one, two]);
}
