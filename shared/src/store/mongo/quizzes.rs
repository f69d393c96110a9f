//! Quizzes. The old backend's `quizzes` holds what students may see and what it needs to mark; the rest
//! of each question stands in `quiz_keys`, which it does not know.

use std::collections::{BTreeMap, BTreeSet};

use bson::{Bson, Document, bson, doc};
use serde::{Deserialize, Serialize};

use super::{
    Mongo, RACES, Result, StoreError,
    convert::{Plain, bson_of, number},
    defect,
    fields::{Fields, either, escaped, readable, text},
    inserted,
};
use crate::{
    domain::{
        Answer, Edition, Generation, Id, Key, Method, Provider, Question, QuestionType, Quiz, Settings,
        Timestamp,
    },
    store::{Listing, QuizFilter, QuizSummary, Window},
};

pub(super) const QUIZZES: &str = "quizzes";
pub(super) const KEYS: &str = "quiz_keys";

/// The questions of a quiz as we know them. An edit first adds its own beside them; then the quiz names the edit that
/// is in force, in the same write that changes what it shows; then they take the place of the old ones. Whoever dies in
/// between leaves a quiz whose keys are found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Keys {
    #[serde(rename = "_id")]
    id: Id,
    questions: Vec<Question>,
    /// The edit they come from; absent while they are as the quiz was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edit: Option<Id>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    edits: Vec<Edit>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Edit {
    id: Id,
    questions: Vec<Question>,
}

impl Keys {
    /// Those of a quiz as it was made.
    pub(super) fn new(id: Id, questions: Vec<Question>) -> Self {
        Self { id, questions, edit: None, edits: Vec::new() }
    }

    /// The questions of the edit in force; none if a later one took their place since the quiz was read.
    fn of(self, edit: Option<Id>) -> Option<Vec<Question>> {
        if self.edit == edit {
            return Some(self.questions);
        }
        self.edits.into_iter().find(|other| Some(other.id) == edit).map(|edit| edit.questions)
    }
}

impl Mongo {
    /// Adds a quiz; one that is there already stays as it is. Should keys be left of a try that broke
    /// off, its questions are taken with them.
    pub async fn insert_quiz(&self, quiz: &Quiz) -> Result<()> {
        let keys = Keys::new(quiz.id, quiz.questions.clone());
        let written = if inserted(self.run(self.of::<Keys>(KEYS).insert_one(&keys)).await)? {
            write(quiz, &keys.questions)?
        } else {
            let first = self.run(self.of::<Keys>(KEYS).find_one(doc! { "_id": quiz.id })).await?;
            let first = first.ok_or_else(|| defect(format!("the keys of quiz {} vanished", quiz.id)))?;
            write(quiz, &first.questions)?
        };
        inserted(self.run(self.docs(QUIZZES).insert_one(written)).await).map(drop)
    }

    /// A quiz with its keys.
    pub async fn quiz(&self, id: Id) -> Result<Option<Quiz>> {
        for _ in 0..RACES {
            let found = self.run(self.of::<Plain>(QUIZZES).find_one(doc! { "_id": id })).await?;
            let Some(Plain(doc)) = found else { return Ok(None) };
            let keys = self.run(self.of::<Keys>(KEYS).find_one(doc! { "_id": id })).await?;
            if let Some(quiz) = read_with(&doc, keys)? {
                return Ok(Some(quiz));
            }
        }
        Err(StoreError::Corrupt(format!("quiz {id} names an edit that its keys do not have")))
    }

    /// Those of these quizzes that there are, without `source_content`.
    pub async fn quizzes_by_id(&self, ids: &[Id]) -> Result<Vec<Quiz>> {
        let listed = doc! { "_id": { "$in": ids } };
        let shape = doc! { "sourceContent": 0, "source_content": 0 };
        let docs = self.of::<Plain>(QUIZZES);
        let docs = docs.find(listed.clone()).projection(shape).sort(doc! { "_id": 1 });
        let docs: Vec<Plain> = self.all(docs).await?;
        // After the quizzes, as in `quiz`: keys change place only behind them.
        let keys: Vec<Keys> = self.all(self.of::<Keys>(KEYS).find(listed)).await?;
        let mut keys: BTreeMap<Id, Keys> = keys.into_iter().map(|keys| (keys.id, keys)).collect();
        let mut quizzes = Vec::with_capacity(docs.len());
        for Plain(doc) in &docs {
            let id = Fields(doc).own_id()?;
            let quiz = match read_with(doc, keys.remove(&id))? {
                Some(quiz) => Some(quiz),
                None => self.quiz(id).await?.map(|quiz| Quiz { source_content: None, ..quiz }),
            };
            quizzes.extend(quiz);
        }
        Ok(quizzes)
    }

    /// Quizzes without their questions.
    pub async fn quizzes(&self, filter: &QuizFilter, window: &Window) -> Result<Listing<QuizSummary>> {
        let mut wanted = vec![owned_by(filter.created_by)];
        wanted.extend(filter.topic.as_ref().map(|topic| doc! { "topic": topic }));
        if let Some(status) = filter.status {
            wanted.push(or_default("status", status)?);
        }
        if let Some(difficulty) = filter.difficulty {
            wanted.push(or_default("difficulty", difficulty)?);
        }
        if let Some(text) = &filter.text {
            let found = doc! { "$regex": escaped(text), "$options": "i" };
            wanted.push(doc! { "$or": [{ "title": found.clone() }, { "topic": found }] });
        }
        let after = window.after.as_deref().and_then(|id| id.parse::<Id>().ok()).map(Bson::from);
        let shape = doc! {
            "questionCount": { "$cond": [{ "$isArray": ["$questions"] }, { "$size": "$questions" }, 0] },
            "questions": "$$REMOVE",
            "correctAnswers": "$$REMOVE",
            "correct_answers": "$$REMOVE",
            "sourceContent": "$$REMOVE",
            "source_content": "$$REMOVE",
        };
        let docs = self.list(QUIZZES, doc! { "$and": wanted }, window, after, shape).await?;
        Ok(docs.filter_map(|Plain(doc)| {
            let question_count = Fields(&doc).count(&["questionCount"]).unwrap_or_default();
            Some(QuizSummary { quiz: readable(read(&doc, Vec::new()))?, question_count })
        }))
    }

    /// Closes a quiz to new attempts.
    pub async fn archive_quiz(&self, id: Id, now: Timestamp) -> Result<()> {
        let archive = doc! { "$set": { "status": "archived", "updatedAt": now } };
        self.run(self.docs(QUIZZES).update_one(doc! { "_id": id }, archive)).await.map(drop)
    }
}

/// A filter on the quizzes of an account.
pub(super) fn owned_by(owner: Id) -> Document {
    doc! { "$or": [
        { "createdBy": either(owner) },
        { "created_by.$id": owner, "createdBy": null },
        { "created_by": either(owner), "createdBy": null },
    ] }
}

/// A filter on an enumeration whose default an old document leaves out.
pub(super) fn or_default<T: Serialize + Default + PartialEq>(field: &str, value: T) -> Result<Document> {
    let name = bson_of(&value)?;
    Ok(if value == T::default() {
        doc! { field: { "$in": [name, null] } }
    } else {
        doc! { field: name }
    })
}

/// What the old backend reads of questions.
pub(super) fn shown(questions: &[Question]) -> Document {
    let shown = |question: &Question| {
        let is_choice = question.kind == QuestionType::MultipleChoice;
        let options = if is_choice { question.options.clone() } else { Vec::new() };
        bson!({ "id": &question.id, "question": &question.question, "options": options })
    };
    doc! {
        "questions": questions.iter().map(shown).collect::<Vec<_>>(),
        "correctAnswers": questions.iter().map(key_text).collect::<Vec<_>>(),
    }
}

fn write(quiz: &Quiz, questions: &[Question]) -> Result<Document> {
    let mut doc = doc! {
        "_id": quiz.id,
        "topic": &quiz.topic,
        "title": &quiz.title,
        "status": bson_of(&quiz.status)?,
        "difficulty": bson_of(&quiz.difficulty)?,
        "isAiGenerated": quiz.is_ai_generated,
        "generation": bson_of(&quiz.generation)?,
        "settings": bson_of(&quiz.settings)?,
        "totalAttempts": number(quiz.total_attempts as f64),
        "averageScore": number(quiz.average_score),
        "createdAt": quiz.created_at,
        "updatedAt": quiz.updated_at,
        "__v": 0,
    };
    doc.extend(shown(questions));
    if let Some(previous) = quiz.edition.previous {
        doc.extend(doc! { "version": number(quiz.edition.version.into()), "previousVersion": previous });
    }
    doc.extend(quiz.created_by.map(|id| ("createdBy".to_owned(), id.into())));
    doc.extend(quiz.description.as_ref().map(|text| ("description".to_owned(), text.into())));
    if let Some(size) = &quiz.source_size {
        doc.insert("sourceSize", bson_of(size)?);
    }
    doc.extend(quiz.source_content.as_ref().map(|text| ("sourceContent".to_owned(), text.into())));
    Ok(doc)
}

/// A key in one line, for the old backend.
fn key_text(question: &Question) -> String {
    match question.key.as_ref().map(|key| &key.correct_answer) {
        None => String::new(),
        Some(Answer::Number(number)) => number.to_string(),
        Some(Answer::Text(text)) => text.clone(),
        Some(Answer::Texts(texts)) => texts.join(", "),
        Some(Answer::Pairs(pairs)) => {
            pairs.iter().map(|(left, right)| format!("{left}: {right}")).collect::<Vec<_>>().join(", ")
        }
    }
}

/// A quiz with its keys, unless an edit since it was read took their place.
fn read_with(doc: &Document, keys: Option<Keys>) -> Result<Option<Quiz>> {
    let keys = match (keys, Fields(doc).id(&["keysEdit"])) {
        (Some(keys), edit) => keys.of(edit),
        (None, None) => Some(Vec::new()),
        (None, Some(_)) => None,
    };
    keys.map(|keys| read(doc, keys)).transpose()
}

fn read(doc: &Document, keys: Vec<Question>) -> Result<Quiz> {
    let fields = Fields(doc);
    let id = fields.own_id()?;
    let created_at = fields.created_at(id);
    let topic = fields.text(&["topic"]).unwrap_or_default();
    let is_ai_generated = fields.flag(&["isAiGenerated"]).unwrap_or(true);
    Ok(Quiz {
        id,
        created_by: fields.id(&["createdBy", "created_by"]),
        title: fields.text(&["title"]).filter(|title| !title.is_empty()).unwrap_or_else(|| topic.clone()),
        topic,
        description: fields.text(&["description"]),
        difficulty: fields.named(&["difficulty"]).unwrap_or_default(),
        status: fields.named(&["status"]).unwrap_or_default(),
        is_ai_generated,
        generation: generation(fields.part(&["generation"]), is_ai_generated),
        settings: fields.part(&["settings"]).map_or_else(Settings::default, settings),
        questions: questions(fields, keys),
        total_attempts: fields.count(&["totalAttempts"]).unwrap_or_default().into(),
        average_score: fields.number(&["averageScore"]).unwrap_or_default(),
        edition: Edition {
            revision: fields.number(&["revision"]).unwrap_or_default() as i64,
            attempted: fields.flag(&["attempted"]).unwrap_or_default(),
            version: fields.count(&["version"]).unwrap_or(1),
            previous: fields.id(&["previousVersion"]),
        },
        source_content: fields.text(&["sourceContent", "source_content"]),
        source_size: fields.value(&["sourceSize"]),
        created_at,
        updated_at: fields.date(&["updatedAt", "updated_at"]).unwrap_or(created_at),
    })
}

/// How a quiz was made; the old backend does not say, and asked models that speak OpenAI's protocol.
fn generation(fields: Option<Fields<'_>>, is_ai_generated: bool) -> Generation {
    let (provider, method) = if is_ai_generated {
        (Provider::OpenaiCompatible, Method::Ai)
    } else {
        (Provider::Local, Method::Local)
    };
    Generation {
        provider: fields.and_then(|fields| fields.named(&["provider"])).unwrap_or(provider),
        model: fields.and_then(|fields| fields.text(&["model"])),
        method: fields.and_then(|fields| fields.named(&["method"])).unwrap_or(method),
        prompt_version: fields.and_then(|fields| fields.text(&["promptVersion"])),
    }
}

fn settings(fields: Fields<'_>) -> Settings {
    let default = Settings::default();
    Settings {
        time_limit: fields.count(&["timeLimit"]),
        max_attempts: fields.count(&["maxAttempts"]),
        show_correct_answers: fields.flag(&["showCorrectAnswers"]).unwrap_or(default.show_correct_answers),
        shuffle: fields.flag(&["shuffle"]).unwrap_or(default.shuffle),
    }
}

/// The questions that `quizzes` lists; each as its keys have it, else as an old one. Keys that say something else than
/// the list were left behind by the old backend, which changed the question and does not know them.
pub(super) fn questions(quiz: Fields<'_>, keys: Vec<Question>) -> Vec<Question> {
    let listed = quiz.list(&["questions"]);
    // The old backend gives a quiz of the port an empty list beside the one that it has.
    let answers = ["correctAnswers", "correct_answers"].map(|name| quiz.list(&[name]));
    let answers = answers.into_iter().find(|answers| !answers.is_empty()).unwrap_or_default();
    let mut keys: BTreeMap<String, Question> = keys.into_iter().map(|key| (key.id.clone(), key)).collect();
    let own = |value: &Bson| Fields(value.as_document()?).text(&["id"]).filter(|id| !id.is_empty());
    let given: BTreeSet<String> = listed.iter().filter_map(own).collect();
    let mut seen = BTreeSet::new();
    let read = |(at, value): (usize, &Bson)| {
        let fields = Fields(value.as_document()?);
        let id = own(value).filter(|id| !seen.contains(id)).unwrap_or_else(|| position(at, &given));
        seen.insert(id.clone());
        let answer = answers.get(at).and_then(text);
        let known = keys.remove(&id).filter(|known| says(known, fields, answer.as_deref()));
        Some(known.unwrap_or_else(|| old_question(id, fields, answer)))
    };
    listed.iter().enumerate().filter_map(read).collect()
}

/// Whether a question is what is listed under its id.
fn says(known: &Question, listed: Fields<'_>, answer: Option<&str>) -> bool {
    let options = if known.kind == QuestionType::MultipleChoice { known.options.as_slice() } else { &[] };
    let answer = answer.unwrap_or_default();
    let key = key_text(known);
    listed.text(&["question"]).unwrap_or_default() == known.question
        && listed.texts(&["options"]) == options
        && (answer == key || option_meant(options, answer.to_owned()) == key)
}

/// A name for the question that stands `at` this place (from 0), that no other question was given.
fn position(at: usize, given: &BTreeSet<String>) -> String {
    let mut id = (at + 1).to_string();
    while given.contains(&id) {
        id.insert(0, '_');
    }
    id
}

fn old_question(id: String, fields: Fields<'_>, answer: Option<String>) -> Question {
    let options = fields.texts(&["options"]);
    let key = answer.map(|answer| Key {
        correct_answer: Answer::Text(option_meant(&options, answer)),
        accepted: Vec::new(),
        tolerance: None,
        explanation: String::new(),
    });
    Question {
        id,
        question: fields.text(&["question"]).unwrap_or_default(),
        kind: QuestionType::MultipleChoice,
        options,
        pairs: None,
        difficulty: fields.named(&["difficulty"]).unwrap_or_default(),
        bloom: None,
        points: 1.0,
        source: None,
        key,
    }
}

/// The option that an answer means: the same, the same but for case and space, or by its letter.
pub(super) fn option_meant(options: &[String], answer: String) -> String {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let wanted = folded(&answer);
    let letter = match wanted.trim_end_matches(['.', ')', ':']).as_bytes() {
        [letter @ b'a'..=b'z'] => options.get(usize::from(letter - b'a')),
        _ => None,
    };
    let same = options.iter().find(|option| **option == answer);
    let same = same.or_else(|| options.iter().find(|option| folded(option) == wanted));
    same.or(letter).cloned().unwrap_or(answer)
}
