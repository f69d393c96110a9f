//! Study sessions, in the old backend's `studysessions`.

use bson::{Bson, Document, bson, doc};

use super::{
    Mongo, Result, StoreError,
    convert::{Plain, bson_of, number},
    fields::{Fields, either, readable},
    listing::By,
    submissions::converted,
};
use crate::{
    domain::{
        CLOSED_AFTER, Id, SESSION_MINUTES_MAX, SessionType, StudySession, Timestamp, minutes, minutes_between,
    },
    store::{Listing, StudySessionFilter, Window},
};

pub(super) const STUDY_SESSIONS: &str = "studysessions";
/// Minutes with which an open session is closed; the first of them that it has.
const OPEN_MINUTES: [&str; 2] = ["$plannedMinutes", "$defaultMinutes"];

impl Mongo {
    /// Adds a study session.
    pub async fn insert_study_session(&self, session: &StudySession) -> Result<()> {
        let mut doc = doc! { "_id": session.id };
        doc.extend(present(session)?);
        doc.extend(doc! { "createdAt": session.created_at, "rev": session.rev, "__v": 0 });
        self.run(self.docs(STUDY_SESSIONS).insert_one(doc)).await.map(drop)
    }

    /// A study session as it is stored.
    pub async fn study_session(&self, id: Id) -> Result<Option<StudySession>> {
        let found = self.run(self.of::<Plain>(STUDY_SESSIONS).find_one(doc! { "_id": id })).await?;
        found.map(|Plain(doc)| read(&doc)).transpose()
    }

    /// Study sessions as they are stored.
    pub async fn study_sessions(
        &self,
        filter: &StudySessionFilter,
        window: &Window,
    ) -> Result<Listing<StudySession>> {
        let mut wanted = vec![of_student(filter.user_id)];
        wanted.extend(filter.subject.as_ref().map(|subject| doc! { "subject": subject }));
        let bounds = [
            filter.from.map(|from| bson!({ "$gte": [start(), from] })),
            filter.until.map(|until| bson!({ "$lt": [start(), until] })),
            filter.session_type.map(|session_type| bson!({ "$eq": [kind(), session_type.as_str()] })),
        ];
        wanted.extend(bounds.into_iter().flatten().map(|bound| doc! { "$expr": bound }));
        let wanted = doc! { "$and": wanted };
        let by = if filter.by_start { By::Key(start()) } else { By::Id };
        let whole = doc! { "__v": "$$REMOVE" };
        let docs = self.list_by(STUDY_SESSIONS, wanted, by, window, whole).await?;
        Ok(docs.filter_map(|Plain(doc)| readable(read(&doc))))
    }

    /// Writes a study session and raises its `rev`; false if it was written or deleted since it was read.
    pub async fn save_study_session(&self, session: &StudySession) -> Result<bool> {
        let mut set = present(session)?;
        set.insert("rev", session.rev + 1);
        let mut update = doc! { "$set": set };
        let gone = absent(session);
        if !gone.is_empty() {
            update.insert("$unset", gone);
        }
        let unchanged = at_rev(session.id, session.rev);
        Ok(self.run(self.docs(STUDY_SESSIONS).update_one(unchanged, update)).await?.matched_count == 1)
    }

    /// Deletes a study session; false if it was written or deleted since it had this `rev`.
    pub async fn delete_study_session(&self, id: Id, rev: i64) -> Result<bool> {
        Ok(self.run(self.docs(STUDY_SESSIONS).delete_one(at_rev(id, rev))).await?.deleted_count == 1)
    }

    /// Closes the sessions left open. Old ones with times of other types are closed by whoever reads them.
    pub async fn close_stale_sessions(&self, now: Timestamp) -> Result<u64> {
        let stale = doc! {
            "endTime": null,
            "durationMinutes": { "$in": [null, 0] },
            "startTime": { "$lte": now - CLOSED_AFTER },
            "end_time": null,
            "duration_minutes": { "$in": [null, 0] },
        };
        let [planned, usual] = OPEN_MINUTES;
        let length = bson!({ "$ifNull": [planned, usual, StudySession::default_minutes()] });
        let close = doc! { "$set": {
            "endTime": { "$add": ["$startTime", { "$multiply": [length.clone(), 60_000] }] },
            "durationMinutes": length,
            "completed": true,
            "updatedAt": now,
            "rev": { "$add": [{ "$ifNull": ["$rev", 0] }, 1] },
        } };
        Ok(self.run(self.docs(STUDY_SESSIONS).update_many(stale, vec![close])).await?.modified_count)
    }
}

/// A student's sessions.
fn of_student(user_id: Id) -> Document {
    doc! { "$or": [
        { "userId": either(user_id) },
        { "user_id.$id": user_id, "userId": null },
        { "user_id": either(user_id), "userId": null },
    ] }
}

/// A session that nobody wrote since it had this `rev`; old ones have none.
fn at_rev(id: Id, rev: i64) -> Document {
    let rev = if rev == 0 { bson!({ "$in": [0, null] }) } else { rev.into() };
    doc! { "_id": id, "rev": rev }
}

/// Stages that give a student's sessions that count, begun from `from` until before `until`, as they are at
/// `now`: `at` (a date), `minutes`, `subject`, `topic`. They do with the shapes of all backends what [`read`] does.
pub(super) fn counted_sessions(
    user_id: Id,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<Document> {
    let studied = converted(bson!({ "$ifNull": ["$durationMinutes", "$duration_minutes"] }), "double", 0.0);
    let end = converted(bson!({ "$ifNull": ["$endTime", "$end_time"] }), "date", Bson::Null);
    let [planned, usual] = OPEN_MINUTES;
    let passed = bson!({ "$subtract": ["$end", "$at"] });
    let whole = |millis: Bson| bson!({ "$floor": { "$divide": [{ "$add": [millis, 30_000] }, 60_000] } });
    let most = i64::from(SESSION_MINUTES_MAX);
    let minutes = bson!({ "$switch": { "branches": [
        { "case": { "$gt": ["$studied", 0] },
          "then": { "$min": [{ "$floor": { "$add": ["$studied", 0.5] } }, most] } },
        { "case": { "$ne": ["$end", null] },
          "then": { "$min": [{ "$max": [whole(passed), 0] }, most] } },
        { "case": { "$lte": ["$at", now - CLOSED_AFTER] },
          "then": { "$ifNull": ["$open", StudySession::default_minutes()] } },
    ], "default": null } });
    vec![
        doc! { "$match": of_student(user_id) },
        doc! { "$project": {
            "_id": 0,
            "at": start(),
            "end": end,
            "studied": studied,
            "open": { "$ifNull": [planned, usual] },
            "type": kind(),
            "subject": 1,
            "topic": 1,
        } },
        doc! { "$match": {
            "at": { "$gte": from, "$lt": until },
            "type": { "$ne": SessionType::Break.as_str() },
        } },
        doc! { "$project": { "at": 1, "subject": 1, "topic": 1, "minutes": minutes } },
        doc! { "$match": { "minutes": { "$ne": null } } },
    ]
}

/// When a session began, as a date, whatever wrote it.
fn start() -> Bson {
    let begun = converted(bson!({ "$ifNull": ["$startTime", "$start_time"] }), "date", Bson::Null);
    let made = converted(bson!({ "$ifNull": ["$createdAt", "$created_at"] }), "date", Bson::Null);
    bson!({ "$ifNull": [begun, made, converted("$_id".into(), "date", Bson::Null)] })
}

/// A session's type, whatever wrote it.
fn kind() -> Bson {
    let said = converted(bson!({ "$ifNull": ["$sessionType", "$session_type"] }), "string", "");
    let others = [SessionType::Review, SessionType::Practice, SessionType::Break].map(SessionType::as_str);
    bson!({ "$let": {
        "vars": { "said": { "$toLower": { "$trim": { "input": said } } } },
        "in": { "$cond": [{ "$in": ["$$said", others.to_vec()] }, "$$said", SessionType::Focus.as_str()] },
    } })
}

/// The fields that a session has.
fn present(session: &StudySession) -> Result<Document> {
    let mut doc = doc! {
        "userId": session.user_id,
        "startTime": session.start_time,
        "durationMinutes": number(session.duration_minutes.into()),
        "defaultMinutes": number(session.default_minutes.into()),
        "sessionType": bson_of(&session.session_type)?,
        "completed": session.is_finished(),
        "updatedAt": session.updated_at,
    };
    doc.extend(optional(session).into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Ok(doc)
}

/// The fields that a session does not have.
fn absent(session: &StudySession) -> Document {
    let gone = optional(session).into_iter().filter(|(_, value)| value.is_none());
    gone.map(|(name, _)| (name.to_owned(), Bson::String(String::new()))).collect()
}

fn optional(session: &StudySession) -> [(&'static str, Option<Bson>); 6] {
    let text = |text: &Option<String>| text.as_ref().map(Bson::from);
    [
        ("endTime", session.end_time.map(Bson::from)),
        ("plannedMinutes", session.planned_minutes.map(|count| number(count.into()))),
        ("subject", text(&session.subject)),
        ("topic", text(&session.topic)),
        ("taskId", text(&session.task_id)),
        ("notes", text(&session.notes)),
    ]
}

pub(super) fn read(doc: &Document) -> Result<StudySession> {
    let fields = Fields(doc);
    let id = fields.own_id()?;
    let created_at = fields.created_at(id);
    let start = fields.date(&["startTime", "start_time"]).unwrap_or(created_at);
    let end = fields.date(&["endTime", "end_time"]).map(|end| end.max(start));
    let studied = fields.number(&["durationMinutes", "duration_minutes"]).filter(|studied| *studied > 0.0);
    let passed = || end.map_or(0, |end| minutes_between(start, end));
    let duration = studied.map_or_else(passed, |studied| (studied + 0.5) as u32).min(SESSION_MINUTES_MAX);
    let text = |name| fields.text(&[name]).filter(|text| !text.is_empty());
    let missing = || StoreError::Corrupt(format!("study session {id} lacks userId"));
    Ok(StudySession {
        id,
        user_id: fields.id(&["userId", "user_id"]).ok_or_else(missing)?,
        start_time: start,
        end_time: end.or_else(|| studied.map(|_| start + minutes(duration))),
        duration_minutes: duration,
        planned_minutes: fields.count(&["plannedMinutes"]),
        default_minutes: fields.count(&["defaultMinutes"]).unwrap_or_else(StudySession::default_minutes),
        session_type: fields.named(&["sessionType", "session_type"]).unwrap_or_default(),
        subject: text("subject"),
        topic: text("topic"),
        task_id: text("taskId"),
        notes: text("notes"),
        created_at,
        updated_at: fields.date(&["updatedAt", "updated_at"]).unwrap_or(created_at),
        rev: fields.number(&["rev"]).unwrap_or_default() as i64,
    })
}
