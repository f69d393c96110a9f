//! Edits of quizzes: each is one write to `quizzes`, made only if nobody edited the quiz since it was read.

use bson::{Bson, Document, bson, doc};

use super::{
    Mongo, Result,
    convert::bson_of,
    fields::{Fields, either},
    quizzes::{KEYS, QUIZZES, shown},
    submissions::SUBMITTED,
};
use crate::domain::{Id, Question, Quiz};

impl Mongo {
    /// Writes what is no question; false if the quiz was edited since its revision.
    pub async fn edit_quiz(&self, quiz: &Quiz) -> Result<bool> {
        self.change_quiz(at(quiz), changes(quiz, Document::new())?).await
    }

    /// Writes the questions as well; false also if an attempt was begun since.
    pub async fn replace_questions(&self, quiz: &Quiz, edit: Id) -> Result<bool> {
        self.settle(quiz.id).await?;
        self.add_edit(quiz.id, edit, &quiz.questions).await?;
        let mut unattempted = at(quiz);
        unattempted.insert("attempted", doc! { "$ne": true });
        let mut set = shown(&quiz.questions);
        let quizzes = self.docs(QUIZZES);
        let stored = quizzes.find_one(doc! { "_id": quiz.id }).projection(doc! { "questions": 1 });
        if let Some(stored) = self.run(stored).await? {
            keep_unknown(Fields(&stored).list(&["questions"]), &mut set);
        }
        set.insert("keysEdit", edit);
        if self.change_quiz(unattempted, changes(quiz, set)?).await? {
            self.settle(quiz.id).await?;
            return Ok(true);
        }
        let forget = doc! { "$pull": { "edits": { "id": edit } } };
        self.run(self.docs(KEYS).update_one(doc! { "_id": quiz.id }, forget)).await?;
        Ok(false)
    }

    /// Makes the questions of a quiz final; false if it was edited since `revision` or is gone.
    pub async fn begin_attempts(&self, id: Id, revision: i64) -> Result<bool> {
        let unchanged = doc! { "_id": id, "revision": at_revision(revision) };
        self.change_quiz(unchanged, doc! { "$set": { "attempted": true } }).await
    }

    /// Whether anybody ever attempted a quiz, here or at the old backend.
    pub async fn has_attempts(&self, id: Id) -> Result<bool> {
        if self.is_ported(id).await? {
            return Ok(true);
        }
        let (open, submitted) = (self.docs(super::attempts::OPEN), self.docs(SUBMITTED));
        let (open, submitted) = futures::try_join!(
            self.run(open.find_one(doc! { "quizId": id }).projection(doc! { "_id": 1 })),
            self.run(submitted.find_one(doc! { "quizId": either(id) }).projection(doc! { "_id": 1 })),
        )?;
        Ok(open.is_some() || submitted.is_some())
    }

    async fn change_quiz(&self, unchanged: Document, change: Document) -> Result<bool> {
        Ok(self.run(self.docs(QUIZZES).update_one(unchanged, change)).await?.matched_count == 1)
    }

    /// Puts an edit's questions beside those in force.
    async fn add_edit(&self, quiz: Id, edit: Id, questions: &[Question]) -> Result<()> {
        let add = doc! {
            "$push": { "edits": { "id": edit, "questions": bson_of(&questions)? } },
            // An old quiz has no keys yet: its questions stand in `quizzes` alone.
            "$setOnInsert": { "questions": [] },
        };
        self.run(self.docs(KEYS).update_one(doc! { "_id": quiz }, add).upsert(true)).await.map(drop)
    }

    /// Lets the questions of the edit in force take the place of the old ones. It must be done before another edit
    /// comes into force, and may be done again.
    async fn settle(&self, quiz: Id) -> Result<()> {
        let named = doc! { "_id": quiz, "keysEdit": { "$exists": true } };
        let found = self.run(self.docs(QUIZZES).find_one(named).projection(doc! { "keysEdit": 1 })).await?;
        let Some(edit) = found.and_then(|doc| doc.get("keysEdit").cloned()) else { return Ok(()) };
        let its = bson!({ "$first": { "$filter": { "input": "$edits", "cond": { "$eq": ["$$this.id", edit.clone()] } } } });
        let others =
            bson!({ "$filter": { "input": "$edits", "cond": { "$ne": ["$$this.id", edit.clone()] } } });
        let steps = vec![
            doc! { "$set": { "settled": its } },
            doc! { "$set": { "questions": "$settled.questions", "edit": edit.clone(), "edits": others } },
            doc! { "$unset": "settled" },
        ];
        let pending = doc! { "_id": quiz, "edits.id": edit };
        self.run(self.docs(KEYS).update_one(pending, steps)).await.map(drop)
    }
}

/// Keeps what others wrote into questions that stay.
fn keep_unknown(stored: &[Bson], set: &mut Document) {
    let id = |question: &Bson| question.as_document().and_then(|fields| Fields(fields).text(&["id"]));
    let Ok(questions) = set.get_array_mut("questions") else { return };
    for question in questions {
        let old = stored.iter().find(|old| id(old).is_some() && id(old) == id(question));
        if let (Some(old), Some(new)) = (old.and_then(Bson::as_document), question.as_document_mut()) {
            let mut merged = old.clone();
            merged.extend(new.clone());
            *new = merged;
        }
    }
}

fn at(quiz: &Quiz) -> Document {
    doc! { "_id": quiz.id, "revision": at_revision(quiz.edition.revision) }
}

/// A quiz that was never edited has no revision.
fn at_revision(revision: i64) -> Bson {
    if revision == 0 { bson!({ "$in": [0, null] }) } else { revision.into() }
}

/// What an edit writes beside `set`.
fn changes(quiz: &Quiz, mut set: Document) -> Result<Document> {
    set.extend(doc! {
        "title": &quiz.title,
        "topic": &quiz.topic,
        "difficulty": bson_of(&quiz.difficulty)?,
        "settings": bson_of(&quiz.settings)?,
        "updatedAt": quiz.updated_at,
        "revision": quiz.edition.revision + 1,
    });
    Ok(match &quiz.description {
        Some(description) => {
            set.insert("description", description);
            doc! { "$set": set }
        }
        None => doc! { "$set": set, "$unset": { "description": "" } },
    })
}
