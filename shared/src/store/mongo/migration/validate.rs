//! `validate`: whether everything is as it is to be. Writes nothing but what the API writes as it reads.

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::{StreamExt, stream};

use super::super::{
    Mongo, StoreError,
    fields::Fields,
    ported::{PORTED, is_submitted},
};
use super::{
    Checked, Counted, Event, Migration, MigrationError, NOTES, PERFORMANCES, QUIZZES, Reason, Report, Result,
    STUDY_SESSIONS, SUBMITTED, USERS,
    emails::Emails,
    inspect::{Depth, Inspected},
    journal::journal_of,
    pass::Stored,
    plan::{ids, report},
    shown,
    state::Stage,
};
use crate::domain::{Id, email_key};

const OTHER_BYTES: &str = "its legacy fields have other bytes than before, at the same time of change";
/// Documents read at once.
const AT_ONCE: usize = 8;

impl Migration {
    /// Compares every document with what it was, and reads it as the API does.
    pub async fn validate<T: FnMut(Event)>(&self, mut tell: T) -> Result<Report<Checked>> {
        if self.state().await?.is_none_or(|state| state.stage != Stage::Applied) {
            return Err(MigrationError::Refused(
                "there is nothing to validate before `migrate apply` has come to its end: run it first",
            ));
        }
        let emails = self.mongo.shared_emails().await?;
        let mut collections = Vec::new();
        for (name, documents) in self.sizes().await? {
            tell(Event::Collection { name, documents });
            let mut checked = Checked::default();
            let step = async |batch: Vec<Stored>, tell: &mut T| {
                self.check(name, &batch, &emails, &mut checked, tell).await
            };
            self.go_through(name, name, None, &mut tell, step).await?;
            checked.removed = self.removed(name).await?;
            collections.push(Counted { collection: name.to_owned(), counts: checked });
        }
        Ok(Report { collections, indexes: self.missing_indexes().await? })
    }

    async fn check(
        &self,
        name: &'static str,
        batch: &[Stored],
        emails: &Emails,
        checked: &mut Checked,
        tell: &mut impl FnMut(Event),
    ) -> Result<()> {
        let inspected = self.mongo.inspect(name, batch, Depth::Outline(emails)).await?;
        let noted = self.mongo.entries(name, &ids(batch)).await?;
        let mut problems: Vec<(&Stored, String)> = Vec::new();
        for (stored, inspected) in batch.iter().zip(&inspected) {
            checked.documents += 1;
            match noted.get(&shown(&stored.id)) {
                None => checked.new += 1,
                Some(entry) if entry.is_changed(&stored.doc) => checked.changed_since += 1,
                Some(entry) if !entry.is_identical(stored) => problems.push((stored, OTHER_BYTES.to_owned())),
                Some(entry) => {
                    checked.identical += 1;
                    let is_lost =
                        |name: &&String| inspected.is_to_have(name) && !stored.doc.contains_key(name);
                    if let Some(lost) = entry.added.keys().find(is_lost) {
                        problems.push((stored, format!("it lacks {lost}, which it was given")));
                    }
                }
            }
        }
        let is_readable = |inspected: &Inspected| {
            let is_unusual = inspected.reasons.contains(&Reason::ReferenceUnusual);
            !inspected.is_left() && !is_unusual && name != PERFORMANCES
        };
        let readable = batch.iter().zip(&inspected).filter(|(_, inspected)| is_readable(inspected));
        let read = readable.map(|(stored, inspected)| async move {
            (stored, self.mongo.read_as_the_api_does(name, stored, inspected).await)
        });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).collect().await;
        for (stored, outcome) in read {
            match outcome {
                Ok(None) => checked.read += 1,
                Ok(Some(problem)) => problems.push((stored, problem.to_owned())),
                Err(StoreError::Corrupt(problem)) => problems.push((stored, problem)),
                Err(error) => return Err(error.into()),
            }
        }
        for (stored, problem) in problems {
            // Somebody may have written it since it was read.
            let this = doc! { "_id": &stored.id };
            let now: Vec<RawDocumentBuf> = self.mongo.found(name, this, Document::new()).await?;
            if now.first() == Some(&stored.raw) {
                checked.failed += 1;
                tell(Event::Failure { collection: name, id: shown(&stored.id), problem });
            }
        }
        for (stored, inspected) in batch.iter().zip(&inspected) {
            checked.left += u64::from(inspected.is_left());
            report(name, stored, inspected, tell);
        }
        Ok(())
    }

    /// How many documents are in the journal and no longer in their collection.
    async fn removed(&self, name: &'static str) -> Result<u64> {
        let mut removed = 0;
        let step = async |entries: Vec<Stored>, _: &mut _| {
            let these = doc! { "_id": { "$in": ids(&entries) } };
            let there = self.mongo.run(self.mongo.docs(name).count_documents(these)).await?;
            removed += (entries.len() as u64).saturating_sub(there);
            Ok(())
        };
        self.go_through(name, &journal_of(name), None, &mut |_| {}, step).await?;
        Ok(removed)
    }
}

impl Mongo {
    /// What is wrong with a document as the API reads it.
    async fn read_as_the_api_does(
        &self,
        collection: &str,
        stored: &Stored,
        inspected: &Inspected,
    ) -> std::result::Result<Option<&'static str>, StoreError> {
        let fields = Fields(&stored.doc);
        let id = fields.own_id()?;
        let owner = |names: &[&str]| fields.id(names).unwrap_or(Id([0; 12]));
        let missing = |is_there: bool| (!is_there).then_some("the API does not find it");
        Ok(match collection {
            USERS => match self.user(id).await? {
                None => missing(false),
                Some(user) => self.found_by_email(&user.email, id, inspected).await?,
            },
            QUIZZES => match self.quiz(id).await? {
                None => missing(false),
                Some(quiz) => {
                    let listed = fields.list(&["questions"]).iter().filter_map(Bson::as_document).count();
                    (quiz.questions.len() != listed).then_some("the API shows other questions")
                }
            },
            SUBMITTED => missing(self.submission(id).await?.is_some()),
            PORTED if is_submitted(&stored.doc) => missing(self.submission(id).await?.is_some()),
            NOTES => missing(self.note(owner(&["user"]), id).await?.is_some()),
            STUDY_SESSIONS => missing(self.study_session(id).await?.is_some()),
            _ => None,
        })
    }

    /// Who logs in with an account's e-mail.
    async fn found_by_email(
        &self,
        email: &str,
        id: Id,
        inspected: &Inspected,
    ) -> std::result::Result<Option<&'static str>, StoreError> {
        let found = self.user_by_email(email).await?;
        let is_shared = inspected.reasons.contains(&Reason::UserEmailShared);
        Ok(match found {
            Some(found) if found.id == id => None,
            // Another account has it exactly as it is.
            Some(found) if is_shared && email_key(&found.email) == email_key(email) => None,
            Some(_) => Some("its e-mail leads to another account"),
            None => Some("its e-mail leads to no account"),
        })
    }
}
