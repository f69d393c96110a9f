//! Study sessions and the lists of them.

use std::time::Duration;

use shared::{
    domain::{CLOSED_AFTER, Id, SessionType, StudySession, Timestamp, minutes},
    store::{StudySessionFilter, Window},
};

use crate::{
    bench::{Bench, at_once, first, newest, windows_of_seven},
    make,
};

on_every_store![
    a_session_is_read_as_it_was_written,
    an_unknown_session_is_none,
    a_change_is_written_unless_somebody_wrote_meanwhile,
    of_changes_at_once_one_wins,
    a_session_is_deleted_unless_somebody_wrote_meanwhile,
    every_window_of_a_list_shows_its_part_and_the_whole_length,
    a_list_by_start_is_walked_by_its_cursors,
    lists_are_narrowed_by_time_type_and_subject,
    sessions_left_open_are_closed,
];

async fn add(bench: &Bench, session: StudySession) -> StudySession {
    bench.store.insert_study_session(&session).await.unwrap();
    session
}

async fn read(bench: &Bench, id: Id) -> Option<StudySession> {
    bench.store.study_session(id).await.unwrap()
}

async fn a_session_is_read_as_it_was_written(bench: &Bench) {
    let open = add(bench, make::study_session(bench.id(), bench.id(), bench.now())).await;
    assert_eq!(read(bench, open.id).await, Some(open.clone()));
    let mut full = StudySession {
        id: bench.id(),
        planned_minutes: Some(50),
        default_minutes: 40,
        session_type: SessionType::Practice,
        subject: Some("Biology «ü»".to_owned()),
        topic: Some("$cells.x".to_owned()),
        task_id: Some("task-1".to_owned()),
        notes: Some("a\0b\n\u{1F600}".to_owned()),
        ..open
    };
    full.set_times(full.start_time, Some(full.start_time + minutes(60)), Some(45)).unwrap();
    let full = add(bench, full).await;
    assert_eq!(read(bench, full.id).await, Some(full));
}

async fn an_unknown_session_is_none(bench: &Bench) {
    let session = make::study_session(bench.id(), bench.id(), bench.now());
    assert_eq!(read(bench, session.id).await, None);
    assert!(!bench.store.save_study_session(&session).await.unwrap());
    assert!(!bench.store.delete_study_session(session.id, 0).await.unwrap());
    assert_eq!(read(bench, session.id).await, None);
}

async fn a_change_is_written_unless_somebody_wrote_meanwhile(bench: &Bench) {
    let mut session = make::study_session(bench.id(), bench.id(), bench.now());
    session.subject = Some("Biology".to_owned());
    let mut session = add(bench, session).await;
    session.subject = None;
    session.notes = Some("Mitosis".to_owned());
    session.finish(bench.now() + minutes(30));
    session.updated_at = bench.now() + minutes(30);
    assert!(bench.store.save_study_session(&session).await.unwrap());
    let written = StudySession { rev: 1, ..session.clone() };
    assert_eq!(read(bench, session.id).await.as_ref(), Some(&written));
    let late = StudySession { notes: None, ..session };
    assert!(!bench.store.save_study_session(&late).await.unwrap());
    assert_eq!(read(bench, written.id).await.as_ref(), Some(&written));
    assert!(bench.store.save_study_session(&written).await.unwrap());
    assert_eq!(read(bench, written.id).await, Some(StudySession { rev: 2, ..written }));
}

async fn of_changes_at_once_one_wins(bench: &Bench) {
    let session = add(bench, make::study_session(bench.id(), bench.id(), bench.now())).await;
    let won = at_once(10, |number| {
        let (store, mut session) = (bench.store.clone(), session.clone());
        session.notes = Some(number.to_string());
        async move { store.save_study_session(&session).await.unwrap() }
    })
    .await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = won.iter().position(|won| *won).unwrap();
    assert_eq!(read(bench, session.id).await.unwrap().notes, Some(winner.to_string()));
}

async fn a_session_is_deleted_unless_somebody_wrote_meanwhile(bench: &Bench) {
    let session = add(bench, make::study_session(bench.id(), bench.id(), bench.now())).await;
    let other = add(bench, make::study_session(bench.id(), session.user_id, bench.now())).await;
    assert!(bench.store.save_study_session(&session).await.unwrap());
    assert!(!bench.store.delete_study_session(session.id, 0).await.unwrap());
    assert!(bench.store.delete_study_session(session.id, 1).await.unwrap());
    assert_eq!(read(bench, session.id).await, None);
    assert_eq!(read(bench, other.id).await, Some(other));
}

/// Seven sessions, recorded in the order of their ids and begun in another, two of them at once.
async fn seven(bench: &Bench, student: Id) -> Vec<StudySession> {
    let start = bench.now();
    let mut sessions = Vec::new();
    for hour in [5, 3, 8, 3, 1, 9, 2] {
        let at = start + Duration::from_secs(hour * 3600);
        sessions.push(add(bench, make::study_session(bench.id(), student, at)).await);
    }
    sessions
}

async fn every_window_of_a_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    let student = bench.id();
    let all = seven(bench, student).await;
    add(bench, make::study_session(bench.id(), bench.id(), bench.now())).await;
    let recorded = StudySessionFilter::of(student);
    let by_start = StudySessionFilter { by_start: true, ..recorded.clone() };
    let mut begun = all.clone();
    begun.sort_by_key(|session| (session.start_time, session.id));
    for (filter, all) in [(recorded, all), (by_start, begun)] {
        for (window, places, more) in windows_of_seven(&filter.cursor(&all[3])) {
            let listed = bench.store.study_sessions(&filter, &window).await.unwrap();
            let wanted: Vec<_> = places.into_iter().map(|place| all[place].clone()).collect();
            assert_eq!((listed.items, listed.total, listed.more), (wanted, 7, more), "{filter:?} {window:?}");
        }
    }
}

async fn a_list_by_start_is_walked_by_its_cursors(bench: &Bench) {
    let student = bench.id();
    let mut all = seven(bench, student).await;
    all.sort_by_key(|session| std::cmp::Reverse((session.start_time, session.id)));
    let filter = StudySessionFilter { by_start: true, ..StudySessionFilter::of(student) };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let window = Window { after, ..newest(2) };
        let items = bench.store.study_sessions(&filter, &window).await.unwrap().items;
        let Some(last) = items.last() else { break };
        after = Some(filter.cursor(last));
        found.extend(items);
    }
    assert_eq!(found, all);
}

async fn lists_are_narrowed_by_time_type_and_subject(bench: &Bench) {
    let student = bench.id();
    let start = bench.now();
    let at = |hours: u64| start + Duration::from_secs(hours * 3600);
    let mut ids = Vec::new();
    for (hours, session_type, subject) in [
        (0, SessionType::Focus, Some("Biology")),
        (1, SessionType::Review, Some("Biology")),
        (2, SessionType::Break, None),
        (3, SessionType::Focus, Some("biology")),
        (4, SessionType::Practice, Some("B.*$")),
    ] {
        let session = make::study_session(bench.id(), student, at(hours));
        let subject = subject.map(str::to_owned);
        ids.push(add(bench, StudySession { session_type, subject, ..session }).await.id);
    }
    let all = StudySessionFilter::of(student);
    let subject = |subject: &str| Some(subject.to_owned());
    let of_type = |session_type| StudySessionFilter { session_type: Some(session_type), ..all.clone() };
    let millisecond = Duration::from_millis(1);
    for (filter, places) in [
        (all.clone(), vec![0, 1, 2, 3, 4]),
        (of_type(SessionType::Focus), vec![0, 3]),
        (of_type(SessionType::Review), vec![1]),
        (of_type(SessionType::Practice), vec![4]),
        (of_type(SessionType::Break), vec![2]),
        (StudySessionFilter { subject: subject("Biology"), ..all.clone() }, vec![0, 1]),
        (StudySessionFilter { subject: subject("B.*$"), ..all.clone() }, vec![4]),
        (StudySessionFilter { subject: subject(""), ..all.clone() }, vec![]),
        (StudySessionFilter { from: Some(at(2)), ..all.clone() }, vec![2, 3, 4]),
        (StudySessionFilter { from: Some(at(2) + millisecond), ..all.clone() }, vec![3, 4]),
        (StudySessionFilter { until: Some(at(2)), ..all.clone() }, vec![0, 1]),
        (StudySessionFilter { until: Some(at(2) + millisecond), ..all.clone() }, vec![0, 1, 2]),
        (
            StudySessionFilter {
                from: Some(at(1)),
                until: Some(at(4)),
                session_type: Some(SessionType::Focus),
                subject: subject("biology"),
                ..all.clone()
            },
            vec![3],
        ),
    ] {
        for filter in [StudySessionFilter { by_start: true, ..filter.clone() }, filter] {
            let listed = bench.store.study_sessions(&filter, &first(10)).await.unwrap();
            let shown: Vec<Id> = listed.items.iter().map(|session| session.id).collect();
            let wanted: Vec<Id> = places.iter().map(|&place: &usize| ids[place]).collect();
            assert_eq!((shown, listed.total), (wanted, places.len() as u64), "{filter:?}");
        }
    }
}

async fn sessions_left_open_are_closed(bench: &Bench) {
    let now = bench.now();
    let begun = |at: Timestamp| make::study_session(bench.id(), bench.id(), at);
    let long_ago = now - CLOSED_AFTER;
    let forgotten = add(bench, begun(long_ago)).await;
    let planned = StudySession { planned_minutes: Some(50), ..begun(long_ago - minutes(90)) };
    let planned = add(bench, planned).await;
    let fresh = add(bench, begun(long_ago + Duration::from_millis(1))).await;
    let mut finished = begun(long_ago);
    finished.finish(long_ago + minutes(3));
    let finished = add(bench, finished).await;
    let mut at_once = begun(long_ago);
    at_once.finish(long_ago);
    let at_once = add(bench, at_once).await;

    assert_eq!(bench.store.close_stale_sessions(now).await.unwrap(), 2);
    for session in [forgotten, planned] {
        let closed = StudySession { rev: 1, updated_at: now, ..session.settled(now) };
        assert_eq!(read(bench, closed.id).await, Some(closed));
    }
    for session in [fresh, finished, at_once] {
        assert_eq!(read(bench, session.id).await, Some(session));
    }
    assert_eq!(bench.store.close_stale_sessions(now).await.unwrap(), 0);
}
