//! What each document of the old backends would get, and what is wrong with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use bson::{Bson, Document, RawDocumentBuf, doc};

use super::super::{
    Mongo, Result,
    convert::bson_of,
    fields::Fields,
    notes::{category_of, tags_of},
    ported::{COPIED_FROM, NotCopied, copy},
    quizzes::{KEYS, Keys, option_meant, questions},
    submissions::totals,
};
use super::{
    NOTES, PERFORMANCES, PORTED, QUIZZES, Reason, STUDY_SESSIONS, SUBMITTED, USERS, emails::Emails,
    names::Names, pass::Stored, statistics::STATISTICS,
};
use crate::domain::{Answer, Id, Question, Settings, Timestamp, email_key, tag_key};

/// Most bytes of a document to which fields are added, or that is made of one, with the fields: MongoDB holds no
/// document of more than 16 MiB.
const BYTES_MAX: usize = (16 << 20) - (64 << 10);
/// Below this nothing that is derived from a document can come near that.
const SMALL: usize = 1 << 20;

/// A field that a document is to have beside its own.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: Value,
}

/// What is to be in a field.
#[derive(Debug, PartialEq)]
pub(super) enum Value {
    /// This, or nothing if the other fields do not say.
    Now(Option<Bson>),
    /// What follows from other documents and is computed when it is written.
    Later,
}

impl Field {
    fn new(name: &'static str, value: impl Into<Bson>) -> Self {
        Self { name, value: Value::Now(Some(value.into())) }
    }

    /// One of several that are computed together, if they are yet.
    fn of(name: &'static str, computed: Option<&Document>) -> Self {
        let value = computed.map_or(Value::Later, |fields| Value::Now(fields.get(name).cloned()));
        Self { name, value }
    }
}

/// What is known of a document.
#[derive(Debug, Default)]
pub(super) struct Inspected {
    pub(super) reasons: Vec<Reason>,
    pub(super) fields: Vec<Field>,
    /// The document that is to be made of it in another collection.
    pub(super) copy: Option<Made>,
}

/// What is made of a document in another collection.
#[derive(Debug)]
pub(super) enum Made {
    /// The keys of a quiz.
    Keys(Keys),
    /// An attempt of the port as the old backend would have stored it.
    Attempt(Document),
}

impl Made {
    /// As it is to be stored.
    pub(super) fn raw(&self) -> Result<RawDocumentBuf> {
        Ok(match self {
            Self::Keys(keys) => bson::serialize_to_raw_document_buf(keys)?,
            Self::Attempt(attempt) => RawDocumentBuf::try_from(attempt)?,
        })
    }
}

impl Inspected {
    fn left(reason: Reason) -> Self {
        Self { reasons: vec![reason], ..Self::default() }
    }

    /// Whether the document stays as it is because of what is wrong with it.
    pub(super) fn is_left(&self) -> bool {
        self.reasons.iter().any(|reason| reason.is_left())
    }

    /// Whether the document is to have a field.
    pub(super) fn is_to_have(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name && field.value != Value::Now(None))
    }

    /// Whether what is to be written fits, beside what a document has.
    fn fits(&self, bytes: usize) -> Result<bool> {
        let mut added = 0;
        for field in &self.fields {
            if let Value::Now(Some(value)) = &field.value {
                added += doc! { field.name: value }.to_vec()?.len();
            }
        }
        let copied = self.copy.as_ref().map(Made::raw).transpose()?.map_or(0, |raw| raw.as_bytes().len());
        Ok(bytes + added <= BYTES_MAX && copied <= BYTES_MAX)
    }

    fn note(&mut self, is_so: bool, reason: Reason) {
        if is_so {
            self.reasons.push(reason);
        }
    }
}

/// How much is to be found out.
#[derive(Clone, Copy)]
pub(super) enum Depth<'a> {
    /// All that can be seen without the indexes that the migration builds.
    Outline(&'a Emails),
    /// Everything, as of an instant.
    Whole(&'a Emails, Timestamp),
}

impl<'a> Depth<'a> {
    fn emails(self) -> &'a Emails {
        match self {
            Self::Outline(emails) | Self::Whole(emails, _) => emails,
        }
    }
}

/// What is around the documents of a batch.
#[derive(Default)]
struct Around {
    users: HashSet<Id>,
    quizzes: HashSet<Id>,
    /// Quizzes that have keys.
    keyed: HashSet<Id>,
    /// Attempts in `quizattempts`, and whether they are copies.
    submitted: HashMap<Id, bool>,
    /// Questions of the quizzes that attempts of the port are at.
    questions: BTreeMap<Id, Vec<Question>>,
    totals: Option<BTreeMap<Id, Document>>,
    names: Names,
    /// E-mails in normal form, with the accounts that have them.
    taken: HashMap<String, Id>,
    statistics: Option<HashMap<Id, Document>>,
}

/// Whether a document names its owner as the queries look for it: by an id, its text or a link that is nothing more.
fn is_usual(collection: &str, fields: Fields<'_>) -> bool {
    let (names, _) = references(collection);
    let Some(id) = fields.id(names) else { return true };
    // The port's name for it is not looked for among the old backend's attempts.
    let is_looked_for = collection != SUBMITTED || fields.get(&["userId"]).is_some();
    match fields.get(names) {
        Some(Bson::ObjectId(_)) => is_looked_for,
        Some(Bson::String(text)) => is_looked_for && *text == id.to_string(),
        Some(Bson::Document(link)) => *link == doc! { "$ref": USERS, "$id": id },
        _ => false,
    }
}

/// Where a document of a collection names its user and its quiz.
fn references(collection: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match collection {
        PORTED => (&["user"], &["quiz"]),
        SUBMITTED => (&["userId", "user"], &["quizId", "quiz"]),
        QUIZZES => (&["createdBy", "created_by"], &[]),
        NOTES => (&["user"], &[]),
        STUDY_SESSIONS => (&["userId", "user_id"], &[]),
        _ => (&[], &[]),
    }
}

impl Mongo {
    /// Inspects documents of one collection.
    pub(super) async fn inspect(
        &self,
        collection: &str,
        batch: &[Stored],
        depth: Depth<'_>,
    ) -> Result<Vec<Inspected>> {
        if collection == PERFORMANCES {
            return Ok(batch.iter().map(|_| Inspected::default()).collect());
        }
        let around = self.around(collection, batch, depth).await?;
        batch.iter().map(|stored| inspect(collection, stored, &around, depth.emails())).collect()
    }

    async fn around(&self, collection: &str, batch: &[Stored], depth: Depth<'_>) -> Result<Around> {
        let (user, quiz) = references(collection);
        let named = |names: &[&str]| {
            let ids: HashSet<Id> = batch.iter().filter_map(|stored| Fields(&stored.doc).id(names)).collect();
            ids.into_iter().map(Bson::from).collect::<Vec<_>>()
        };
        let own: Vec<Id> = batch.iter().filter_map(|stored| Some(stored.id.as_object_id()?.into())).collect();
        let ids: Vec<Bson> = own.iter().map(|id| (*id).into()).collect();
        let (users, quizzes) = (named(user), named(quiz));
        let (users, quizzes) =
            futures::try_join!(self.present(USERS, &users), self.present(QUIZZES, &quizzes))?;
        let mut around = Around { users, quizzes, ..Around::default() };
        match collection {
            PORTED => {
                let found: Vec<Document> =
                    self.found(SUBMITTED, doc! { "_id": { "$in": ids } }, doc! { COPIED_FROM: 1 }).await?;
                for doc in found {
                    around
                        .submitted
                        .extend(Fields(&doc).id(&["_id"]).map(|id| (id, doc.contains_key(COPIED_FROM))));
                }
                around.questions = self.questions_of(batch.iter().map(|stored| &stored.doc)).await?;
            }
            QUIZZES => {
                around.keyed = self.present(KEYS, &ids).await?;
                if let Depth::Whole(..) = depth {
                    around.totals = Some(self.totals_of(&own).await?);
                }
            }
            USERS => {
                if let Depth::Whole(_, now) = depth {
                    let statistics;
                    (around.names, around.taken, statistics) = futures::try_join!(
                        self.usernames(batch),
                        self.emails_taken(batch),
                        self.statistics(batch, now)
                    )?;
                    around.statistics = Some(statistics);
                }
            }
            _ => {}
        }
        Ok(around)
    }

    /// The accounts that have the e-mails of these, in normal form.
    async fn emails_taken(&self, batch: &[Stored]) -> Result<HashMap<String, Id>> {
        let keys: Vec<String> = batch.iter().filter_map(|stored| key_of(Fields(&stored.doc))).collect();
        let wanted = doc! { "emailNormalized": { "$in": keys } };
        let found: Vec<Document> = self.found(USERS, wanted, doc! { "emailNormalized": 1 }).await?;
        let holder =
            |doc: &Document| Some((Fields(doc).text(&["emailNormalized"])?, Fields(doc).id(&["_id"])?));
        Ok(found.iter().filter_map(holder).collect())
    }
}

/// An account's e-mail in normal form.
fn key_of(fields: Fields<'_>) -> Option<String> {
    fields.text(&["email"]).map(|email| email_key(&email)).filter(|key| !key.is_empty())
}

fn inspect(collection: &str, stored: &Stored, around: &Around, emails: &Emails) -> Result<Inspected> {
    let Some(id) = stored.id.as_object_id().map(Id::from) else {
        return Ok(Inspected::left(Reason::IdNotObjectid));
    };
    if stored.raw.as_bytes().len() > BYTES_MAX {
        return Ok(Inspected::left(Reason::DocumentTooLarge));
    }
    let fields = Fields(&stored.doc);
    let mut inspected = match collection {
        USERS => user(id, fields, around, emails),
        QUIZZES => quiz(id, fields, around)?,
        NOTES => note(fields, around),
        // What is wrong with a copy was said of its source.
        SUBMITTED if stored.doc.contains_key(COPIED_FROM) => Inspected::default(),
        SUBMITTED => attempt(collection, fields, around),
        PORTED => ported(id, &stored.doc, around),
        _ => study_session(fields, around),
    };
    inspected.note(!inspected.is_left() && !is_usual(collection, fields), Reason::ReferenceUnusual);
    let bytes = stored.raw.as_bytes().len();
    if bytes > SMALL && !inspected.fits(bytes)? {
        return Ok(Inspected::left(Reason::DocumentTooLarge));
    }
    Ok(inspected)
}

fn user(id: Id, fields: Fields<'_>, around: &Around, emails: &Emails) -> Inspected {
    let mut inspected = Inspected::default();
    let password = fields.text(&["password"]).unwrap_or_default();
    inspected.note(!is_bcrypt(&password), Reason::UserPasswordUnusable);
    let Some(key) = key_of(fields) else {
        inspected.reasons.push(Reason::UserNoEmail);
        return inspected;
    };
    let is_held = around.taken.get(&key).is_some_and(|holder| *holder != id);
    let is_shared = is_held || emails.is_shared(&key, id);
    inspected.note(is_shared, Reason::UserEmailShared);
    let is_active = fields.flag(&["is_active"]).unwrap_or(true);
    inspected.fields = vec![
        Field::new("username", around.names.of(id, &key)),
        Field { name: "emailNormalized", value: Value::Now((!is_shared).then(|| key.into())) },
        Field::new("role", "student"),
        Field::new("isActive", is_active),
    ];
    let statistics = around.statistics.as_ref().map(|all| all.get(&id).cloned().unwrap_or_default());
    inspected.fields.extend(STATISTICS.map(|name| Field::of(name, statistics.as_ref())));
    inspected
}

/// Whether a hash is one that bcrypt can verify.
fn is_bcrypt(hash: &str) -> bool {
    let bytes = hash.as_bytes();
    bytes.len() == 60
        && bytes.starts_with(b"$2")
        && b"abxy".contains(&bytes[2])
        && bytes[3] == b'$'
        && bytes[4..6].iter().all(u8::is_ascii_digit)
        && bytes[6] == b'$'
}

fn quiz(id: Id, fields: Fields<'_>, around: &Around) -> Result<Inspected> {
    let mut inspected = Inspected::default();
    let owner = fields.id(&["createdBy", "created_by"]);
    inspected.note(owner.is_some_and(|owner| !around.users.contains(&owner)), Reason::QuizOwnerGone);
    let asked = questions(fields, Vec::new());
    inspected.note(asked.is_empty(), Reason::QuizNoQuestions);
    inspected.note(asked.iter().any(|question| question.key.is_none()), Reason::QuizKeyMissing);
    inspected.note(asked.iter().any(is_unmatched), Reason::QuizKeyUnmatched);
    let title = fields.text(&["topic"]).filter(|topic| !topic.trim().is_empty());
    inspected.fields.extend(title.map(|topic| Field::new("title", topic)));
    inspected.fields.extend([
        Field::new("difficulty", "medium"),
        Field::new("isAiGenerated", true),
        Field::new("settings", bson_of(&Settings::default())?),
    ]);
    let counted = around.totals.as_ref().map(|all| all.get(&id).cloned().unwrap_or_else(|| totals(0, 0.0)));
    inspected.fields.extend(["totalAttempts", "averageScore"].map(|name| Field::of(name, counted.as_ref())));
    // Where an edit of ours is in force, the keys are its own.
    if !asked.is_empty() && !around.keyed.contains(&id) && fields.get(&["keysEdit"]).is_none() {
        inspected.copy = Some(Made::Keys(Keys::new(id, asked)));
    }
    Ok(inspected)
}

/// Whether a question's correct answer is none of its options.
fn is_unmatched(question: &Question) -> bool {
    match question.key.as_ref().map(|key| &key.correct_answer) {
        Some(Answer::Text(answer)) => {
            !question.options.contains(&option_meant(&question.options, answer.clone()))
        }
        _ => false,
    }
}

fn note(fields: Fields<'_>, around: &Around) -> Inspected {
    let Some(owner) = fields.id(&["user"]) else { return Inspected::left(Reason::NoteNoUser) };
    let mut inspected = Inspected::default();
    inspected.note(!around.users.contains(&owner), Reason::NoteOwnerGone);
    let lifted = fields.part(&["metadata"]).and_then(|metadata| category_of(Fields(metadata.0)));
    let tags: Vec<String> = tags_of(fields).iter().map(|tag| tag_key(tag)).collect();
    inspected.fields = vec![
        Field { name: "category", value: Value::Now(lifted.map(Bson::from)) },
        Field::new("tagsNormalized", tags),
    ];
    inspected
}

fn study_session(fields: Fields<'_>, around: &Around) -> Inspected {
    let (user, _) = references(STUDY_SESSIONS);
    let Some(owner) = fields.id(user) else { return Inspected::left(Reason::SessionNoUser) };
    let mut inspected = Inspected::default();
    inspected.note(!around.users.contains(&owner), Reason::SessionOwnerGone);
    inspected
}

fn attempt(collection: &str, fields: Fields<'_>, around: &Around) -> Inspected {
    let (user, quiz) = references(collection);
    let (user, quiz) = (fields.id(user), fields.id(quiz));
    let mut inspected = Inspected::default();
    inspected.note(user.is_none(), Reason::AttemptNoUser);
    inspected.note(quiz.is_none(), Reason::AttemptNoQuiz);
    inspected.note(user.is_some_and(|user| !around.users.contains(&user)), Reason::AttemptUserGone);
    inspected.note(quiz.is_some_and(|quiz| !around.quizzes.contains(&quiz)), Reason::AttemptQuizGone);
    inspected
}

fn ported(id: Id, doc: &Document, around: &Around) -> Inspected {
    let copied = copy(doc, &around.questions);
    if copied == Err(NotCopied::Open) {
        return Inspected::default();
    }
    let mut inspected = attempt(PORTED, Fields(doc), around);
    match around.submitted.get(&id) {
        Some(false) => inspected.reasons.push(Reason::AttemptIdTaken),
        Some(true) => {}
        None => inspected.copy = copied.ok().map(Made::Attempt),
    }
    inspected
}
