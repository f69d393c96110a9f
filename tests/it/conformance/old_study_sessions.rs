//! Study sessions that the old backends left in MongoDB, in both shapes, clean and not.

use harness::{Mongod, services::DatabaseName};
use mongodb::{
    Collection,
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
};
use shared::{
    domain::{CLOSED_AFTER, EVER, Id, SessionType, StudySession, StudyTotals, Timestamp, Zone, minutes},
    store::{Store, StudySessionFilter},
};

use crate::bench::{first, newest};

const START: Timestamp = Timestamp(1_700_000_000_000);

struct Old {
    store: Store,
    sessions: Collection<Document>,
    student: ObjectId,
    _database: DatabaseName,
}

async fn old() -> Old {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let sessions = client.database(&database).collection("studysessions");
    let student = ObjectId::parse_str("64b0c0ffee64b0c0ffee64b0").unwrap();
    Old { store, sessions, student, _database: database }
}

fn date(at: Timestamp) -> Bson {
    Bson::DateTime(DateTime::from_millis(at.0))
}

impl Old {
    fn student(&self) -> Id {
        self.student.into()
    }

    /// Stores a document under the number's id and reads the session.
    async fn put(&self, number: u8, mut doc: Document) -> StudySession {
        let id = Id([number; 12]);
        doc.insert("_id", ObjectId::from(id));
        self.sessions.insert_one(doc).await.unwrap();
        self.store.study_session(id).await.unwrap().expect("the session")
    }

    fn mongoose(&self, more: Document) -> Document {
        let mut doc = doc! {
            "userId": self.student, "startTime": date(START), "durationMinutes": 25, "sessionType": "focus",
            "createdAt": date(START), "updatedAt": date(START), "__v": 0,
        };
        doc.extend(more);
        doc
    }

    fn beanie(&self, more: Document) -> Document {
        let mut doc = doc! {
            "user_id": { "$ref": "users", "$id": self.student }, "start_time": date(START),
            "end_time": Bson::Null, "duration_minutes": 25.0, "session_type": "review", "notes": Bson::Null,
            "created_at": date(START), "updated_at": date(START),
        };
        doc.extend(more);
        doc
    }

    async fn totals(&self, now: Timestamp) -> StudyTotals {
        self.store.study_totals(self.student(), &[EVER], now).await.unwrap()[0]
    }
}

#[tokio::test]
async fn both_shapes_are_read() {
    let old = old().await;
    let first =
        old.put(1, old.mongoose(doc! { "subject": "Biology", "taskId": "t1", "completed": true })).await;
    let second = old.put(2, old.beanie(doc! { "notes": "Mitosis" })).await;
    for session in [&first, &second] {
        assert_eq!(session.user_id, old.student());
        assert_eq!((session.start_time, session.duration_minutes), (START, 25));
        assert_eq!(session.end_time, Some(START + minutes(25)), "with a duration it is finished");
        assert_eq!((session.created_at, session.updated_at, session.default_minutes), (START, START, 25));
    }
    assert_eq!((first.session_type, second.session_type), (SessionType::Focus, SessionType::Review));
    assert_eq!((first.subject.as_deref(), first.task_id.as_deref()), (Some("Biology"), Some("t1")));
    assert_eq!((second.notes.as_deref(), second.subject), (Some("Mitosis"), None));
}

#[tokio::test]
async fn dirty_values_are_read_and_counted_alike() {
    let old = old().await;
    let text = |at: Timestamp| Bson::String(at.to_string());
    let half_hour = date(START + minutes(30));
    let cases = [
        (old.mongoose(doc! { "durationMinutes": "40" }), Some(40)),
        (old.mongoose(doc! { "durationMinutes": 25.5 }), Some(26)),
        (old.mongoose(doc! { "durationMinutes": 2.49 }), Some(2)),
        (old.mongoose(doc! { "durationMinutes": 1e9 }), Some(1440)),
        (old.mongoose(doc! { "durationMinutes": 0, "endTime": half_hour.clone() }), Some(30)),
        (old.mongoose(doc! { "durationMinutes": Bson::Null, "endTime": half_hour.clone() }), Some(30)),
        (old.mongoose(doc! { "durationMinutes": "soon", "endTime": text(START + minutes(31)) }), Some(31)),
        (old.mongoose(doc! { "durationMinutes": 0, "endTime": date(Timestamp(START.0 - 1)) }), Some(0)),
        (old.mongoose(doc! { "startTime": "2023-11-14T22:13:20" }), Some(25)),
        (old.mongoose(doc! { "startTime": text(START), "sessionType": " Break " }), None),
        (old.mongoose(doc! { "startTime": "never", "sessionType": Bson::Null }), Some(25)),
        (old.mongoose(doc! { "sessionType": 7, "userId": old.student.to_hex() }), Some(25)),
        (old.mongoose(doc! { "durationMinutes": 0 }), None),
        (old.mongoose(doc! { "durationMinutes": -5 }), None),
        (old.beanie(doc! { "duration_minutes": "12" }), Some(12)),
        (old.beanie(doc! { "duration_minutes": Bson::Null, "end_time": text(START + minutes(9)) }), Some(9)),
        (old.beanie(doc! { "start_time": text(START) }), Some(25)),
        (old.beanie(doc! { "duration_minutes": 0.0 }), None),
    ];
    let mut wanted = StudyTotals::default();
    for ((doc, counted), number) in cases.into_iter().zip(1..) {
        let session = old.put(number, doc.clone()).await;
        assert_eq!(session.start_time, START, "{doc}");
        let counts = session.is_finished() && session.session_type != SessionType::Break;
        assert_eq!(counts.then_some(session.duration_minutes), counted, "{doc}");
        wanted.sessions += u64::from(counts);
        wanted.minutes += u64::from(counted.unwrap_or_default());
        assert_eq!(old.totals(START + minutes(60)).await, wanted, "{doc}");
    }
    // Half a day later those left open are closed, for readers and sums alike.
    let later = StudyTotals { sessions: wanted.sessions + 3, minutes: wanted.minutes + 3 * 25 };
    assert_eq!(old.totals(START + CLOSED_AFTER).await, later);
    let shifts = Zone::UTC.shifts(EVER.0, EVER.1);
    let days = old.store.active_days(old.student(), &shifts, START + CLOSED_AFTER).await.unwrap();
    assert_eq!(days, ["2023-11-14".parse().unwrap()]);
    // All are listed, in the order of their ids.
    let listed =
        old.store.study_sessions(&StudySessionFilter::of(old.student()), &newest(100)).await.unwrap();
    assert_eq!((listed.total, listed.items.len()), (18, 18));
    assert!(listed.items.is_sorted_by(|one, next| one.id > next.id));
}

#[tokio::test]
async fn lists_are_narrowed_in_all_shapes() {
    let old = old().await;
    old.put(1, old.mongoose(doc! { "startTime": START.to_string(), "sessionType": "REVIEW" })).await;
    old.put(2, old.beanie(doc! { "start_time": date(START + minutes(1)) })).await;
    old.put(3, old.mongoose(doc! { "startTime": date(START + minutes(2)), "sessionType": Bson::Null })).await;
    let nobodys = old.beanie(doc! { "user_id": { "$ref": "users", "$id": Bson::Null } });
    old.sessions.insert_one(nobodys).await.unwrap();
    let all = StudySessionFilter::of(old.student());
    for (filter, wanted) in [
        (StudySessionFilter { session_type: Some(SessionType::Review), ..all.clone() }, vec![1, 2]),
        (StudySessionFilter { session_type: Some(SessionType::Focus), ..all.clone() }, vec![3]),
        (StudySessionFilter { from: Some(START + minutes(1)), ..all.clone() }, vec![2, 3]),
        (StudySessionFilter { until: Some(START + minutes(1)), ..all.clone() }, vec![1]),
        (StudySessionFilter { by_start: true, ..all.clone() }, vec![1, 2, 3]),
    ] {
        let listed = old.store.study_sessions(&filter, &first(10)).await.unwrap();
        let shown: Vec<Id> = listed.items.iter().map(|session| session.id).collect();
        let wanted: Vec<Id> = wanted.into_iter().map(|number| Id([number; 12])).collect();
        assert_eq!((shown, listed.total), (wanted.clone(), wanted.len() as u64), "{filter:?}");
    }
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_know() {
    let old = old().await;
    for (number, doc) in [
        (1, old.mongoose(doc! { "mood": "good", "notes": "x" })),
        (2, old.beanie(doc! { "mood": "good", "notes": "x" })),
    ] {
        let mut session = old.put(number, doc.clone()).await;
        session.notes = None;
        session.subject = Some("Biology".to_owned());
        session.set_times(START, None, Some(50)).unwrap();
        assert!(old.store.save_study_session(&session).await.unwrap());
        let stored = old.sessions.find_one(doc! { "_id": doc_id(number) }).await.unwrap().unwrap();
        for (name, value) in doc.iter().filter(|(name, _)| stored_as_it_was(name)) {
            assert_eq!(stored.get(name), Some(value), "{name}");
        }
        assert_eq!(stored.get("notes"), None);
        // As Mongoose writes it.
        assert_eq!(stored.get("durationMinutes"), Some(&Bson::Int32(50)));
        assert_eq!(stored.get("userId"), Some(&Bson::ObjectId(old.student)));
        assert_eq!(stored.get("endTime"), Some(&date(START + minutes(50))));
        assert_eq!(stored.get("completed"), Some(&Bson::Boolean(true)));
        let read = old.store.study_session(session.id).await.unwrap().unwrap();
        assert_eq!(read, StudySession { rev: 1, ..session });
    }
}

fn doc_id(number: u8) -> ObjectId {
    Id([number; 12]).into()
}

fn stored_as_it_was(name: &str) -> bool {
    !["notes", "durationMinutes", "endTime", "updatedAt", "userId"].contains(&name)
}

#[tokio::test]
async fn a_new_session_has_the_shape_that_the_old_backend_reads() {
    let old = old().await;
    let mut session = crate::make::study_session(Id([9; 12]), old.student(), START);
    session.set_times(START, None, Some(25)).unwrap();
    old.store.insert_study_session(&session).await.unwrap();
    let stored = old.sessions.find_one(doc! {}).await.unwrap().unwrap();
    let wanted = doc! {
        "_id": doc_id(9), "userId": old.student, "startTime": date(START), "durationMinutes": 25,
        "defaultMinutes": 25, "sessionType": "focus", "completed": true, "updatedAt": date(START),
        "endTime": date(START + minutes(25)), "createdAt": date(START), "rev": 0_i64, "__v": 0,
    };
    assert_eq!(stored, wanted);
}
