//! What the submissions of a quiz add up to.

use bson::{Bson, Document, bson, doc};
use serde::Deserialize;

use super::{
    Mongo, Result,
    convert::{Plain, value_of},
    fields::{Fields, either},
    submissions::{SUBMITTED, converted},
};
use crate::{
    domain::{AnswerGroup, Quiz, Responses},
    store::statistics::counted,
};

impl Mongo {
    /// The submissions of a quiz by percentage, and their answers to each question.
    pub async fn responses(&self, quiz: &Quiz) -> Result<Responses> {
        self.adopt_at(quiz.id).await?;
        let (percentages, answers) = futures::try_join!(self.percentages(quiz), self.answers(quiz))?;
        Ok(Responses { percentages, answers })
    }

    async fn percentages(&self, quiz: &Quiz) -> Result<Vec<(f64, u64)>> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(rename = "_id")]
            percentage: f64,
            count: i64,
        }
        // Read from the index alone.
        let stages = [
            doc! { "$match": { "quizId": either(quiz.id) } },
            doc! { "$group": {
                "_id": converted("$percentage".into(), "double", 0.0),
                "count": { "$sum": 1_i64 },
            } },
            doc! { "$sort": { "_id": 1 } },
        ];
        let groups: Vec<Group> = self.all(self.docs(SUBMITTED).aggregate(stages).with_type()).await?;
        Ok(groups.iter().map(|group| (group.percentage, group.count.unsigned_abs())).collect())
    }

    async fn answers(&self, quiz: &Quiz) -> Result<Vec<AnswerGroup>> {
        let result = "$questionResults";
        let of = |field: &str| format!("{result}.{field}");
        let counted = bson!({ "$in": [of("questionId"), { "$literal": counted(quiz) }] });
        let one = bson!({ "$cond": ["$_id.correct", 1, 0] });
        // Old results have no points.
        let points = bson!({ "$ifNull": ["$_id.points", one.clone()] });
        let times = |value: &str| bson!({ "$multiply": ["$count", value] });
        let stages = [
            doc! { "$match": { "quizId": either(quiz.id) } },
            doc! { "$project": {
                "_id": 0, "score": 1,
                "questionResults.questionId": 1, "questionResults.userAnswer": 1,
                "questionResults.isCorrect": 1, "questionResults.points": 1,
            } },
            doc! { "$unwind": result },
            // Many answers are alike in all that is added up, so they are counted first and computed with once.
            doc! { "$group": {
                "_id": {
                    "question": of("questionId"),
                    "answer": { "$cond": [counted, of("userAnswer"), null] },
                    "correct": { "$eq": [of("isCorrect"), true] },
                    "points": of("points"),
                    "score": "$score",
                },
                "count": { "$sum": 1_i64 },
            } },
            doc! { "$set": {
                "correct": one,
                "rest": { "$subtract": [hundredths("$_id.score".into()), hundredths(points)] },
            } },
            doc! { "$group": {
                "_id": { "question": "$_id.question", "answer": "$_id.answer" },
                "count": { "$sum": "$count" },
                "correct": { "$sum": times("$correct") },
                "rest": { "$sum": times("$rest") },
                "restSquares": { "$sum": { "$multiply": ["$count", "$rest", "$rest"] } },
                "correctRest": { "$sum": { "$multiply": ["$count", "$correct", "$rest"] } },
            } },
        ];
        let groups: Vec<Plain> = self.all(self.docs(SUBMITTED).aggregate(stages).with_type()).await?;
        Ok(groups.iter().filter_map(|Plain(group)| answer_group(group)).collect())
    }
}

/// An amount of points, also where it was written as text.
fn hundredths(points: Bson) -> Bson {
    let number = converted(points, "double", 0.0);
    bson!({ "$round": [{ "$multiply": [number, 100] }, 0] })
}

/// None for results without a question.
fn answer_group(group: &Document) -> Option<AnswerGroup> {
    let fields = Fields(group);
    let key = fields.part(&["_id"])?;
    let count = |name: &str| fields.number(&[name]).unwrap_or_default() as u64;
    let sum = |name: &str| fields.number(&[name]).unwrap_or_default();
    Some(AnswerGroup {
        question_id: key.text(&["question"])?,
        answer: key.get(&["answer"]).and_then(|answer| value_of(answer).ok()),
        count: count("count"),
        correct: count("correct"),
        rest: sum("rest"),
        rest_squares: sum("restSquares"),
        correct_rest: sum("correctRest"),
    })
}
