//! Cards of questions to be reviewed.

use bson::{Document, doc};
use serde::Deserialize;

use super::{Mongo, Result, convert::document, defect, quizzes::QUIZZES};
use crate::domain::{Card, Id, Timestamp};

const CARDS: &str = "review_cards";
/// The server's code for a key that another writer was faster with.
const DUPLICATE: i32 = 11000;

impl Mongo {
    /// A student's cards of a quiz.
    pub async fn cards(&self, user_id: Id, quiz_id: Id) -> Result<Vec<Card>> {
        let cards = self.of::<Card>(CARDS);
        let own = doc! { "userId": user_id, "quizId": quiz_id };
        self.all(cards.find(own).sort(doc! { "questionId": 1 })).await
    }

    /// The card of one question.
    pub async fn card(&self, user_id: Id, quiz_id: Id, question_id: &str) -> Result<Option<Card>> {
        let one = doc! { "userId": user_id, "quizId": quiz_id, "questionId": question_id };
        self.run(self.of::<Card>(CARDS).find_one(one)).await
    }

    /// Writes cards, each if it is as it was at its `rev`, and raises that; false if one was not.
    pub async fn save_cards(&self, cards: &[Card]) -> Result<bool> {
        let mut all = true;
        for new in [true, false] {
            let cards: Vec<&Card> = cards.iter().filter(|card| (card.rev == 0) == new).collect();
            let updates = cards.iter().map(|card| update(card)).collect::<Result<Vec<_>>>()?;
            if !updates.is_empty() {
                all &= self.update_cards(updates, new).await? == cards.len();
            }
        }
        Ok(all)
    }

    /// Runs updates in one command, and counts those that wrote.
    async fn update_cards(&self, updates: Vec<Document>, new: bool) -> Result<usize> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Outcome {
            n: usize,
            #[serde(default)]
            upserted: Vec<Document>,
            #[serde(default)]
            write_errors: Vec<WriteError>,
            #[serde(default)]
            write_concern_error: Option<Document>,
        }
        #[derive(Deserialize)]
        struct WriteError {
            code: i32,
            errmsg: String,
        }
        let command = doc! {
            "update": CARDS,
            "updates": updates,
            "ordered": false,
            "writeConcern": self.write_concern(),
        };
        let outcome = self.run(self.db.run_command(command)).await?;
        let outcome: Outcome = bson::deserialize_from_document(outcome)?;
        if let Some(error) = outcome.write_errors.iter().find(|error| error.code != DUPLICATE) {
            return Err(defect(format!("cards cannot be written: {}", error.errmsg)));
        }
        if let Some(error) = outcome.write_concern_error {
            return Err(super::StoreError::Unavailable(error.to_string().into()));
        }
        Ok(if new { outcome.upserted.len() } else { outcome.n })
    }

    /// Cards due at `now`, those due longest first.
    pub async fn due_cards(&self, user_id: Id, now: Timestamp) -> Result<Vec<Card>> {
        let cards = self.of::<Card>(CARDS);
        let order = doc! { "due": 1, "quizId": 1, "questionId": 1 };
        self.all(cards.find(due(user_id, now)).sort(order)).await
    }

    /// How many cards are due at `now`, those apart whose quiz is gone.
    pub async fn due_reviews(&self, user_id: Id, now: Timestamp) -> Result<u64> {
        #[derive(Deserialize)]
        struct Count {
            count: i64,
        }
        let stages = [
            doc! { "$match": due(user_id, now) },
            doc! { "$group": { "_id": "$quizId", "count": { "$sum": 1 } } },
            doc! { "$lookup": {
                "from": QUIZZES, "localField": "_id", "foreignField": "_id", "as": "quiz",
                "pipeline": [{ "$project": { "_id": 1 } }],
            } },
            doc! { "$match": { "quiz": { "$ne": [] } } },
            doc! { "$group": { "_id": null, "count": { "$sum": "$count" } } },
        ];
        let counts: Vec<Count> = self.all(self.docs(CARDS).aggregate(stages).with_type()).await?;
        Ok(counts.first().map_or(0, |counted| counted.count.unsigned_abs()))
    }
}

fn due(user_id: Id, now: Timestamp) -> Document {
    doc! { "userId": user_id, "due": { "$lte": now } }
}

/// A new card is written if there is none, an old one if it is as it was.
fn update(card: &Card) -> Result<Document> {
    let mut key = doc! { "userId": card.user_id, "quizId": card.quiz_id, "questionId": &card.question_id };
    let mut written = document(&Card { rev: card.rev + 1, ..card.clone() })?;
    if card.rev > 0 {
        key.insert("rev", card.rev);
        return Ok(doc! { "q": key, "u": { "$set": written } });
    }
    for name in key.keys() {
        written.remove(name);
    }
    Ok(doc! { "q": key, "u": { "$setOnInsert": written }, "upsert": true })
}
