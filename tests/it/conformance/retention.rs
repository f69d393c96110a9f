//! What is kept, and for how long.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use shared::{
    config::Retention,
    domain::{Export, Id, Job, JobId, JobStatus, MailPurpose, MailToken, NewJob, Refusal, Timestamp, User},
    jobs::{JobKind, LedgerError, Sweeper, account_erase::AccountErase, noop::Noop},
    store::{BlobUse, Idempotency, JobFilter, StoreError},
};

use crate::{
    bench::{Bench, LEASE, at_once},
    lifecycle::{in_state, log},
    make,
};

on_every_store![
    an_upload_goes_thirty_days_after_its_last_use,
    an_upload_that_an_unfinished_job_reads_stays,
    what_is_no_upload_stays,
    a_picture_goes_that_no_account_has,
    a_report_goes_after_seven_days,
    events_go_seven_days_after_the_end_and_the_job_stays,
    a_log_that_is_gone_goes_on_when_the_job_is_retried,
    a_finished_job_goes_after_ninety_days_with_all_that_is_its,
    a_job_is_removed_whole_or_retried_whole,
    what_is_about_to_be_removed_is_not_retried,
    idempotency_keys_go_after_a_day,
    logins_go_thirty_days_after_their_end,
    mailed_tokens_go_after_their_end,
    exports_and_the_trash_go_when_their_time_is_over,
    study_sessions_left_open_are_closed,
    guests_go_that_nobody_can_get_at_any_more,
    a_guest_that_was_shut_and_never_erased_is_erased,
    more_than_a_portion_goes_however_many_sweep_at_once,
    how_long_things_are_kept_can_be_set,
];

const DAY: Duration = Duration::from_secs(24 * 3600);
const MILLISECOND: Duration = Duration::from_millis(1);

fn sweeper(bench: &Bench) -> Sweeper {
    Sweeper::new(bench.ledger.clone(), Retention::default())
}

async fn upload(bench: &Bench) -> Id {
    let id = bench.id();
    bench.store.note_blob_use(id, BlobUse::Upload, bench.now()).await.unwrap();
    bench.store.put_blob(id, b"text".to_vec()).await.unwrap();
    id
}

async fn is_there(bench: &Bench, blob: Id) -> bool {
    bench.store.blob(blob).await.unwrap().is_some()
}

/// A job that reads an upload.
async fn reading(bench: &Bench, blob: Id, not_before: Option<Timestamp>) -> Job {
    let payload = json!({ "source": { "type": "text", "blob": blob } });
    let new = NewJob { payload, ..make::new_job(bench.job_id(), None, not_before) };
    let mut job = Job::new(new, bench.now());
    bench.store.insert_job(&mut job).await.unwrap();
    job
}

async fn finish(bench: &Bench, id: JobId) {
    let (_, token) = bench.ledger.update(id, |job, now| job.claim("worker", LEASE, now)).await.unwrap();
    let done = bench.ledger.update(id, |job, now| job.succeed(token, make::job_result(), now));
    done.await.unwrap();
}

async fn stands(bench: &Bench, id: JobId) -> Option<Job> {
    bench.store.job(id).await.unwrap()
}

async fn an_upload_goes_thirty_days_after_its_last_use(bench: &Bench) {
    let (unused, used) = (upload(bench).await, upload(bench).await);
    bench.clock.advance(20 * DAY);
    bench.store.note_blob_use(used, BlobUse::Upload, bench.now()).await.unwrap();
    bench.clock.advance(10 * DAY - Duration::from_secs(1));
    sweeper(bench).sweep().await;
    assert!(is_there(bench, unused).await && is_there(bench, used).await);
    bench.clock.advance(Duration::from_secs(2));
    sweeper(bench).sweep().await;
    assert!(!is_there(bench, unused).await && is_there(bench, used).await);
    bench.clock.advance(20 * DAY);
    sweeper(bench).sweep().await;
    assert!(!is_there(bench, used).await);
    assert_eq!(bench.store.unused_blobs(BlobUse::Upload, bench.now(), 9).await.unwrap(), []);
}

async fn an_upload_that_an_unfinished_job_reads_stays(bench: &Bench) {
    let mut kept = Vec::new();
    for _ in 0..3 {
        let blob = upload(bench).await;
        kept.push((blob, reading(bench, blob, Some(bench.now() + 100 * DAY)).await.id));
    }
    let blob = upload(bench).await;
    let failed = reading(bench, blob, None).await.id;
    finish(bench, failed).await;
    bench.clock.advance(31 * DAY);
    sweeper(bench).sweep().await;
    assert!(!is_there(bench, blob).await);
    for (blob, _) in &kept {
        assert!(is_there(bench, *blob).await);
    }
    // From when it was seen in use it is kept for as long again.
    bench.ledger.update(kept[0].1, Job::cancel).await.unwrap();
    bench.clock.advance(29 * DAY);
    sweeper(bench).sweep().await;
    assert!(is_there(bench, kept[0].0).await);
    bench.clock.advance(2 * DAY);
    sweeper(bench).sweep().await;
    assert!(!is_there(bench, kept[0].0).await && is_there(bench, kept[1].0).await);
}

async fn what_is_no_upload_stays(bench: &Bench) {
    let picture = bench.id();
    bench.store.put_blob(picture, b"picture".to_vec()).await.unwrap();
    bench.clock.advance(1000 * DAY);
    sweeper(bench).sweep().await;
    assert!(is_there(bench, picture).await);
    // And what somebody deletes is not looked for any more.
    let deleted = upload(bench).await;
    bench.store.delete_blob(deleted).await.unwrap();
    bench.clock.advance(DAY);
    assert_eq!(bench.store.unused_blobs(BlobUse::Upload, bench.now(), 9).await.unwrap(), []);
}

async fn a_picture_goes_that_no_account_has(bench: &Bench) {
    let picture = async || {
        let id = bench.id();
        bench.store.note_blob_use(id, BlobUse::Picture, bench.now()).await.unwrap();
        bench.store.put_blob(id, b"picture".to_vec()).await.unwrap();
        id
    };
    let (left, shown, hidden) = (picture().await, picture().await, picture().await);
    for (email, avatar, is_active) in [("ada@example.com", shown, true), ("bob@example.com", hidden, false)] {
        let user = make::user(bench.id(), email, None, bench.now());
        let user = User { avatar: Some(avatar), is_active, ..user };
        bench.store.insert_user(&user).await.unwrap();
    }
    bench.clock.advance(6 * DAY);
    sweeper(bench).sweep().await;
    assert!(is_there(bench, left).await, "somebody may still be at setting it");
    for _ in 0..3 {
        bench.clock.advance(8 * DAY);
        sweeper(bench).sweep().await;
        assert!(!is_there(bench, left).await);
        assert!(is_there(bench, shown).await && is_there(bench, hidden).await);
    }
    // One that was replaced and could not be removed then.
    let change = |user: &mut User| {
        user.avatar = None;
        Ok::<_, StoreError>(())
    };
    let ada = bench.store.user_by_email("ada@example.com").await.unwrap().unwrap();
    bench.store.change_user(ada.id, bench.now(), change).await.unwrap();
    bench.clock.advance(8 * DAY);
    sweeper(bench).sweep().await;
    assert!(!is_there(bench, shown).await && is_there(bench, hidden).await);
}

async fn a_report_goes_after_seven_days(bench: &Bench) {
    let report = bench.id();
    bench.store.note_blob_use(report, BlobUse::Report, bench.now()).await.unwrap();
    bench.store.put_blob(report, b"%PDF-".to_vec()).await.unwrap();
    let document = upload(bench).await;
    bench.clock.advance(7 * DAY - Duration::from_secs(1));
    sweeper(bench).sweep().await;
    assert!(is_there(bench, report).await);
    bench.clock.advance(Duration::from_secs(2));
    sweeper(bench).sweep().await;
    assert!(!is_there(bench, report).await && is_there(bench, document).await);
}

async fn events_go_seven_days_after_the_end_and_the_job_stays(bench: &Bench) {
    let waiting = in_state(bench, JobStatus::Queued).await;
    let mut done = Vec::new();
    for status in [JobStatus::Succeeded, JobStatus::Failed, JobStatus::Cancelled, JobStatus::Discarded] {
        done.push(in_state(bench, status).await);
    }
    bench.clock.advance(5 * DAY);
    let late = in_state(bench, JobStatus::Succeeded).await;
    bench.clock.advance(2 * DAY + LEASE);
    sweeper(bench).sweep().await;
    for job in done {
        assert_eq!(log(bench, job.id).await, [""; 0]);
        assert_eq!(stands(bench, job.id).await, Some(job), "the record is as it was");
    }
    assert_eq!(log(bench, waiting.id).await, ["queued"]);
    assert_eq!(log(bench, late.id).await, ["queued", "running", "succeeded", "done"]);
}

async fn a_log_that_is_gone_goes_on_when_the_job_is_retried(bench: &Bench) {
    let job = in_state(bench, JobStatus::Failed).await;
    bench.clock.advance(8 * DAY);
    sweeper(bench).sweep().await;
    bench.ledger.update(job.id, |job, now| job.retry(now)).await.unwrap();
    let events = bench.store.events(job.id, job.last_event, 9).await.unwrap();
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [job.last_event + 1]);
    finish(bench, job.id).await;
    bench.clock.advance(8 * DAY);
    sweeper(bench).sweep().await;
    assert_eq!(bench.store.events(job.id, 0, 9).await.unwrap(), []);
}

async fn a_finished_job_goes_after_ninety_days_with_all_that_is_its(bench: &Bench) {
    let blob = upload(bench).await;
    let old = reading(bench, blob, None).await.id;
    finish(bench, old).await;
    bench.store.put_checkpoint(old, "batch", &json!(1)).await.unwrap();
    let failed = in_state(bench, JobStatus::Failed).await.id;
    let discarded = in_state(bench, JobStatus::Discarded).await.id;
    let waiting = in_state(bench, JobStatus::Queued).await.id;
    let retried = in_state(bench, JobStatus::Failed).await.id;
    bench.store.put_checkpoint(retried, "batch", &json!(2)).await.unwrap();
    bench.clock.advance(20 * DAY);
    bench.ledger.update(retried, |job, now| job.retry(now)).await.unwrap();
    // It was used until lately, but no longer than by its job.
    bench.clock.advance(69 * DAY);
    bench.store.note_blob_use(blob, BlobUse::Upload, bench.now()).await.unwrap();
    sweeper(bench).sweep().await;
    for id in [old, failed, discarded] {
        assert!(stands(bench, id).await.is_some());
    }
    bench.clock.advance(2 * DAY);
    sweeper(bench).sweep().await;
    for id in [old, failed, discarded] {
        assert_eq!(stands(bench, id).await, None);
        assert_eq!(bench.store.events(id, 0, 9).await.unwrap(), []);
    }
    assert!(!is_there(bench, blob).await);
    assert_eq!(bench.store.checkpoints(old).await.unwrap(), BTreeMap::new());
    assert!(stands(bench, waiting).await.is_some() && stands(bench, retried).await.is_some());
    assert_eq!(bench.store.checkpoints(retried).await.unwrap().len(), 1);
}

async fn a_job_is_removed_whole_or_retried_whole(bench: &Bench) {
    let mut jobs = Vec::new();
    for _ in 0..60 {
        let blob = upload(bench).await;
        let job = reading(bench, blob, None).await.id;
        bench.store.put_checkpoint(job, "batch", &json!(1)).await.unwrap();
        bench.ledger.update(job, Job::cancel).await.unwrap();
        jobs.push((job, blob));
    }
    bench.clock.advance(91 * DAY);
    for (_, blob) in &jobs {
        bench.store.note_blob_use(*blob, BlobUse::Upload, bench.now()).await.unwrap();
    }
    at_once(2, |task| {
        let (sweeper, ledger, jobs) = (sweeper(bench), bench.ledger.clone(), jobs.clone());
        async move {
            if task == 0 {
                return sweeper.sweep().await;
            }
            for (job, _) in jobs.into_iter().rev() {
                let retried = ledger.update(job, |job, now| job.retry(now)).await;
                assert!(
                    matches!(
                        retried,
                        Ok(_) | Err(LedgerError::NotFound | LedgerError::Refused(Refusal::NotRetryable))
                    ),
                    "{retried:?}"
                );
            }
        }
    })
    .await;
    for (job, blob) in jobs {
        let kept = stands(bench, job).await.is_some();
        assert_eq!(is_there(bench, blob).await, kept);
        assert_eq!(bench.store.checkpoints(job).await.unwrap().len(), usize::from(kept));
    }
}

async fn what_is_about_to_be_removed_is_not_retried(bench: &Bench) {
    let mut seen = Vec::new();
    for status in [JobStatus::Failed, JobStatus::Cancelled, JobStatus::Succeeded, JobStatus::Discarded] {
        seen.push(in_state(bench, status).await);
    }
    let retried = in_state(bench, JobStatus::Failed).await;
    bench.clock.advance(DAY);
    bench.ledger.update(retried.id, |job, now| job.retry(now)).await.unwrap();
    let retired = bench.store.retire_jobs(bench.now(), 9).await.unwrap();
    let mut ids: Vec<JobId> = retired.iter().map(|(id, _)| *id).collect();
    ids.sort_unstable();
    assert_eq!(ids, seen.iter().map(|job| job.id).collect::<Vec<_>>());
    for mut job in seen {
        // Also by somebody who read it before.
        let refused = bench.ledger.change(&mut job, |job, now| job.retry(now)).await;
        assert!(matches!(refused, Err(LedgerError::Refused(Refusal::NotRetryable))), "{refused:?}");
    }
    // A sweep that breaks off here leaves them to the next one.
    assert_eq!(bench.store.retire_jobs(bench.now(), 9).await.unwrap().len(), 4);
    assert_eq!(bench.store.remove_jobs(&ids, bench.now()).await.unwrap(), 4);
    assert_eq!(stands(bench, retried.id).await.unwrap().status, JobStatus::Queued);
}

async fn idempotency_keys_go_after_a_day(bench: &Bench) {
    let begin = |key: &'static str| async move {
        let now = bench.now();
        bench.store.begin_idempotent(key, "print", now, now - LEASE).await.unwrap()
    };
    assert_eq!(begin("old").await, Idempotency::Fresh);
    bench.clock.advance(DAY / 2);
    assert_eq!(begin("new").await, Idempotency::Fresh);
    bench.clock.advance(DAY / 2 + MILLISECOND);
    sweeper(bench).sweep().await;
    assert_eq!(begin("old").await, Idempotency::Fresh);
    bench.store.forget_key("old").await.unwrap();
    // The other one is still known, as another request's.
    let now = bench.now();
    let known = bench.store.begin_idempotent("new", "other", now, now - LEASE).await.unwrap();
    assert_eq!(known, Idempotency::Mismatch);
}

async fn logins_go_thirty_days_after_their_end(bench: &Bench) {
    let user = bench.id();
    let mut sessions = Vec::new();
    for lasts in [1, 2] {
        let session = shared::domain::Session {
            expires_at: bench.now() + lasts * DAY,
            ..make::session(bench.id(), user, bench.now())
        };
        bench.store.insert_session(&session).await.unwrap();
        sessions.push(session.id);
    }
    assert!(bench.store.has_login(user, bench.now()).await.unwrap());
    bench.clock.advance(31 * DAY + LEASE);
    sweeper(bench).sweep().await;
    assert_eq!(bench.store.session(sessions[0]).await.unwrap(), None);
    assert!(bench.store.session(sessions[1]).await.unwrap().is_some());
    assert!(!bench.store.has_login(user, bench.now()).await.unwrap());
}

async fn mailed_tokens_go_after_their_end(bench: &Bench) {
    let user = make::user(bench.id(), "ada@example.com", None, bench.now());
    let from = bench.now();
    let token = |hash: &str| MailToken::new(hash.to_owned(), MailPurpose::VerifyEmail, &user, bench.now());
    bench.store.insert_mail_token(&token("one")).await.unwrap();
    bench.clock.advance(MailToken::LASTS);
    bench.store.insert_mail_token(&token("two")).await.unwrap();
    let count =
        || async { bench.store.count_mail_tokens(user.id, MailPurpose::VerifyEmail, from).await.unwrap() };
    assert_eq!(count().await, 2);
    bench.clock.advance(MailToken::LASTS + MILLISECOND);
    sweeper(bench).sweep().await;
    assert_eq!(count().await, 1);
    bench.clock.advance(MailToken::LASTS);
    sweeper(bench).sweep().await;
    assert_eq!(count().await, 0);
}

async fn exports_and_the_trash_go_when_their_time_is_over(bench: &Bench) {
    let (user, blob) = (bench.id(), bench.id());
    let expires_at = bench.now() + 7 * DAY;
    let export = Export { id: blob, user_id: user, blob, size: 3, created_at: bench.now(), expires_at };
    bench.store.put_export(&export).await.unwrap();
    bench.store.put_blob(blob, b"zip".to_vec()).await.unwrap();
    let note = crate::notes::note(bench, user, json!({ "title": "Cells" }));
    bench.store.insert_note(&note).await.unwrap();
    assert!(bench.store.trash_note(user, note.id, note.updated_at, bench.now()).await.unwrap());
    bench.clock.advance(7 * DAY - LEASE);
    sweeper(bench).sweep().await;
    assert!(bench.store.export(blob).await.unwrap().is_some() && is_there(bench, blob).await);
    bench.clock.advance(2 * LEASE);
    sweeper(bench).sweep().await;
    assert!(bench.store.export(blob).await.unwrap().is_none() && !is_there(bench, blob).await);
    let trashed = || async { bench.store.trashed_notes(user, &crate::bench::first(9)).await.unwrap().total };
    assert_eq!(trashed().await, 1);
    bench.clock.advance(23 * DAY);
    sweeper(bench).sweep().await;
    assert_eq!(trashed().await, 0);
}

async fn study_sessions_left_open_are_closed(bench: &Bench) {
    let session = make::study_session(bench.id(), bench.id(), bench.now());
    bench.store.insert_study_session(&session).await.unwrap();
    sweeper(bench).sweep().await;
    assert_eq!(bench.store.study_session(session.id).await.unwrap(), Some(session.clone()));
    bench.clock.advance(DAY);
    sweeper(bench).sweep().await;
    assert!(bench.store.study_session(session.id).await.unwrap().unwrap().end_time.is_some());
}

async fn guests_go_that_nobody_can_get_at_any_more(bench: &Bench) {
    let add = async |email: &str, is_guest: bool, lasts: u32| {
        let user = User { is_guest, ..make::user(bench.id(), email, None, bench.now()) };
        bench.store.insert_user(&user).await.unwrap();
        let session = shared::domain::Session {
            expires_at: bench.now() + lasts * DAY,
            ..make::session(bench.id(), user.id, bench.now())
        };
        bench.store.insert_session(&session).await.unwrap();
        user.id
    };
    let gone = add("gone@guest.invalid", true, 29).await;
    let logged_in = add("here@guest.invalid", true, 40).await;
    let learner = add("ada@example.com", false, 1).await;
    bench.clock.advance(20 * DAY);
    let fresh = add("new@guest.invalid", true, 0).await;
    bench.clock.advance(11 * DAY);
    at_once(4, |_| {
        let sweeper = sweeper(bench);
        async move { sweeper.sweep().await }
    })
    .await;
    let erasures = JobFilter { kind: Some(AccountErase::KIND.to_owned()), ..JobFilter::default() };
    let jobs = bench.store.jobs_after(&erasures, None, 9).await.unwrap();
    // Two rounds, as whenever an account is erased.
    assert_eq!(jobs.iter().map(|job| &job.payload["user"]).collect::<Vec<_>>(), [&json!(gone), &json!(gone)]);
    assert!(bench.store.user(gone).await.unwrap().unwrap().is_shut());
    for id in [logged_in, learner, fresh] {
        assert!(bench.store.user(id).await.unwrap().unwrap().is_active);
    }
    sweeper(bench).sweep().await;
    assert_eq!(bench.store.count_jobs(&erasures).await.unwrap(), 2, "once is enough");
    bench.clock.advance(40 * DAY);
    sweeper(bench).sweep().await;
    // The first one is there still, so that its erasure is asked for again.
    assert_eq!(bench.store.count_jobs(&erasures).await.unwrap(), 8);
}

async fn a_guest_that_was_shut_and_never_erased_is_erased(bench: &Bench) {
    let mut user = make::user(bench.id(), "gone@guest.invalid", None, bench.now());
    user.is_guest = true;
    bench.clock.advance(31 * DAY);
    // Whoever shut it ended before the erasure was recorded.
    user.shut(bench.now());
    bench.store.insert_user(&user).await.unwrap();
    let erasures = || async {
        let filter = JobFilter { kind: Some(AccountErase::KIND.to_owned()), ..JobFilter::default() };
        bench.store.count_jobs(&filter).await.unwrap()
    };
    sweeper(bench).sweep().await;
    assert_eq!(erasures().await, 0, "its erasure may be under way");
    bench.clock.advance(DAY);
    sweeper(bench).sweep().await;
    sweeper(bench).sweep().await;
    assert_eq!(erasures().await, 2);
}

async fn more_than_a_portion_goes_however_many_sweep_at_once(bench: &Bench) {
    const MANY: usize = 450;
    let mut uploads = Vec::new();
    for _ in 0..MANY {
        let id = bench.id();
        bench.store.note_blob_use(id, BlobUse::Upload, bench.now()).await.unwrap();
        uploads.push(id);
        let mut job = make::job(bench.job_id(), bench.now());
        job.cancel(bench.now()).unwrap();
        bench.store.insert_job(&mut job).await.unwrap();
    }
    let kept = in_state(bench, JobStatus::Queued).await.id;
    bench.clock.advance(100 * DAY);
    at_once(4, |_| {
        let sweeper = sweeper(bench);
        async move { sweeper.sweep().await }
    })
    .await;
    assert_eq!(bench.store.unused_blobs(BlobUse::Upload, bench.now(), 9).await.unwrap(), []);
    let left = bench.store.jobs_after(&Default::default(), None, 9).await.unwrap();
    assert_eq!(left.iter().map(|job| job.id).collect::<Vec<_>>(), [kept]);
    assert_eq!(log(bench, kept).await, ["queued"]);
}

async fn how_long_things_are_kept_can_be_set(bench: &Bench) {
    let short = Retention { uploads: DAY, jobs: 2 * DAY, ..Retention::default() };
    let sweeper = Sweeper::new(bench.ledger.clone(), short);
    let (blob, job) = (upload(bench).await, in_state(bench, JobStatus::Cancelled).await.id);
    assert_eq!(stands(bench, job).await.unwrap().kind, Noop::KIND);
    bench.clock.advance(DAY + LEASE);
    sweeper.sweep().await;
    assert!(!is_there(bench, blob).await && stands(bench, job).await.is_some());
    bench.clock.advance(DAY);
    sweeper.sweep().await;
    assert_eq!(stands(bench, job).await, None);
}
