//! Things to store.

use std::{collections::BTreeMap, time::Duration};

use shared::{
    domain::{
        Answer, Attempt, Availability, Bloom, Difficulty, Edition, Generation, Given, Id, Job, JobError,
        JobId, JobPriority, JobResult, Key, Method, NewJob, Pairs, Phase, Plan, PlanBrief, PlanDay, PlanTask,
        Priority, Progress, Provider, Question, QuestionResult, QuestionType, Quiz, QuizStatus, Session,
        SessionType, Settings, Source, SourceSize, StudySession, Subject, SubjectDifficulty, Submission,
        TaskKind, Timestamp, User,
    },
    jobs::{JobKind, noop::Noop},
};

pub fn user(id: Id, email: &str, username: Option<&str>, now: Timestamp) -> User {
    User {
        username: username.map(str::to_owned),
        password: "$2b$04$hash".to_owned(),
        ..User::new(id, "Ada Lovelace", email, now)
    }
}

pub fn session(id: Id, user_id: Id, now: Timestamp) -> Session {
    let expires_at = now + Duration::from_secs(3600);
    Session { id, user_id, generation: 1, created_at: now, expires_at, revoked_at: None }
}

/// An open study session.
pub fn study_session(id: Id, user_id: Id, start_time: Timestamp) -> StudySession {
    StudySession {
        id,
        user_id,
        start_time,
        end_time: None,
        duration_minutes: 0,
        planned_minutes: None,
        default_minutes: 25,
        session_type: SessionType::Focus,
        subject: None,
        topic: None,
        task_id: None,
        notes: None,
        created_at: start_time,
        updated_at: start_time,
        rev: 0,
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(left, right)| (left.to_owned(), right.to_owned())).collect()
}

pub fn question(id: &str, kind: QuestionType, answer: Answer) -> Question {
    let options = match kind {
        QuestionType::MultipleChoice | QuestionType::MultipleSelect | QuestionType::Ordering => {
            texts(&["one", "two", "three", "four"])
        }
        QuestionType::TrueFalse => texts(&["True", "False"]),
        _ => Vec::new(),
    };
    Question {
        id: id.to_owned(),
        question: format!("What is {id}? «π ≈ 3» \u{1F600} \"quoted\"\nnew line"),
        kind,
        options,
        pairs: None,
        difficulty: Difficulty::Medium,
        bloom: None,
        points: 1.0,
        source: None,
        key: Some(Key {
            correct_answer: answer,
            accepted: Vec::new(),
            tolerance: None,
            explanation: String::new(),
        }),
    }
}

/// A question of each type, with every field in use somewhere.
pub fn questions() -> Vec<Question> {
    let text = |text: &str| Answer::Text(text.to_owned());
    let mut cloze = question("q$5.x", QuestionType::Cloze, text("mitochondrion"));
    cloze.key.as_mut().unwrap().accepted = texts(&["mitochondria", "chondriosome"]);
    cloze.source = Some(Source { page: None, start: 0, end: 13, quote: None });
    let mut numeric = question("6", QuestionType::Numeric, Answer::Number(42.0));
    numeric.key.as_mut().unwrap().tolerance = Some(0.05);
    numeric.points = 2.5;
    let mut matching = question(
        "match",
        QuestionType::Matching,
        Answer::Pairs(pairs(&[("$set", "an.operator"), ("b.c", "$path"), ("", "nothing")])),
    );
    matching.pairs =
        Some(Pairs { left: texts(&["$set", "b.c", ""]), right: texts(&["nothing", "an.operator", "$path"]) });
    let mut choice = question("1", QuestionType::MultipleChoice, text("two"));
    choice.bloom = Some(Bloom::Analyze);
    choice.difficulty = Difficulty::Hard;
    choice.source = Some(Source { page: Some(3), start: 17, end: 40, quote: Some("Two is the one.".into()) });
    choice.key.as_mut().unwrap().explanation = "Because it is.".to_owned();
    vec![
        choice,
        question("2", QuestionType::MultipleSelect, Answer::Texts(texts(&["one", "three"]))),
        question("3", QuestionType::TrueFalse, text("True")),
        question("4", QuestionType::ShortAnswer, text("été")),
        cloze,
        numeric,
        matching,
        question("8", QuestionType::Ordering, Answer::Texts(texts(&["four", "three", "two", "one"]))),
    ]
}

pub fn quiz(id: Id, owner: Id, title: &str, topic: &str, now: Timestamp) -> Quiz {
    Quiz {
        id,
        created_by: Some(owner),
        title: title.to_owned(),
        topic: topic.to_owned(),
        description: Some("About cells.".to_owned()),
        difficulty: Difficulty::Medium,
        status: QuizStatus::Active,
        is_ai_generated: true,
        generation: Generation {
            provider: Provider::Deepseek,
            model: Some("deepseek-chat".to_owned()),
            method: Method::Ai,
            prompt_version: Some("2026-11".to_owned()),
        },
        settings: Settings { time_limit: Some(600), max_attempts: Some(3), ..Settings::default() },
        questions: questions(),
        total_attempts: 0,
        average_score: 0.0,
        edition: Edition::default(),
        source_content: Some("The mitochondrion is the powerhouse of the cell.".to_owned()),
        source_size: Some(SourceSize { words: 8, characters: 48, pages: Some(2) }),
        created_at: now,
        updated_at: now,
    }
}

pub fn attempt(id: Id, quiz_id: Id, user_id: Id, now: Timestamp) -> Attempt {
    Attempt {
        id,
        quiz_id,
        user_id,
        attempt_number: 1,
        started_at: now,
        expires_at: Some(now + Duration::from_secs(600)),
        answers: BTreeMap::new(),
        order: texts(&["2", "1", "q$5.x"]),
        rev: 0,
    }
}

/// Answers of every shape, under awkward names.
pub fn answers() -> BTreeMap<String, Given> {
    BTreeMap::from([
        ("1".to_owned(), Given::Text("two".to_owned())),
        ("2".to_owned(), Given::Texts(texts(&["one", "three"]))),
        ("6".to_owned(), Given::Number(41.5)),
        ("whole".to_owned(), Given::Number(42.0)),
        ("q$5.x".to_owned(), Given::Text("$mitochondria.\0 ü".to_owned())),
        ("$q".to_owned(), Given::Text(String::new())),
        ("match".to_owned(), Given::Pairs(pairs(&[("$set", "$path"), ("b.c", "")]))),
        ("8".to_owned(), Given::Texts(Vec::new())),
    ])
}

pub fn submission(attempt: &Attempt, percentage: f64, now: Timestamp) -> Submission {
    let result = QuestionResult {
        question_id: "1".to_owned(),
        question: "What is 1?".to_owned(),
        user_answer: Some(Given::Text("two".to_owned())),
        correct_answer: Some(Answer::Text("two".to_owned())),
        is_correct: true,
        points: 1.0,
        explanation: Some("Because it is.".to_owned()),
        source: Some(Source { page: Some(3), start: 17, end: 40, quote: Some("Two is the one.".to_owned()) }),
    };
    let unanswered = QuestionResult {
        question_id: "6".to_owned(),
        user_answer: None,
        correct_answer: Some(Answer::Number(42.0)),
        is_correct: false,
        points: 0.0,
        explanation: None,
        source: None,
        ..result.clone()
    };
    Submission {
        id: attempt.id,
        quiz_id: attempt.quiz_id,
        user_id: attempt.user_id,
        topic: "Cells".to_owned(),
        attempt_number: attempt.attempt_number,
        answers: attempt.answers.clone(),
        score: 1.0,
        max_score: 3.5,
        total_questions: 2,
        percentage,
        question_results: vec![result, unanswered],
        started_at: attempt.started_at,
        completed_at: now,
        answers_hidden: false,
    }
}

/// A plan of two days, with every field in use somewhere.
pub fn plan(id: Id, user_id: Id, exam: &str, now: Timestamp) -> Plan {
    let day = |text: &str| text.parse().unwrap();
    let task = |id: &str, kind, minutes| PlanTask {
        id: id.to_owned(),
        title: format!("Task {id} «ü» \u{1F600}"),
        description: "Read, \"then\" write.\n$set.x".to_owned(),
        subject: if kind == TaskKind::Break { String::new() } else { "Maths".to_owned() },
        topic: Some("Algebra".to_owned()).filter(|_| kind == TaskKind::Study),
        estimated_duration: minutes,
        priority: Priority::High,
        kind,
        completed: false,
        completed_at: None,
    };
    let done = PlanTask { completed: true, completed_at: Some(now), ..task("t1", TaskKind::Study, 50) };
    Plan {
        id,
        user_id,
        title: "Finals".to_owned(),
        brief: PlanBrief {
            subjects: vec![Subject {
                name: "Maths".to_owned(),
                topic: Some("Algebra".to_owned()),
                difficulty: SubjectDifficulty::Moderate,
                priority: Priority::Low,
            }],
            daily_study_hours: 1.5,
            exam_date: day(exam),
            goals: Some("Pass with «A».".to_owned()),
            availability: Some(Availability { sunday: Some(0.0), friday: Some(3.75), ..Default::default() }),
        },
        generation: Generation {
            provider: Provider::Deepseek,
            model: Some("deepseek-flash".to_owned()),
            method: Method::Ai,
            prompt_version: None,
        },
        phases: vec![Phase { name: "Foundation".to_owned(), from: day("2026-11-20"), to: day("2026-11-24") }],
        days: vec![
            PlanDay { date: day("2026-11-20"), tasks: vec![done, task("t\0.$2", TaskKind::Practice, 30)] },
            PlanDay {
                date: day("2026-11-21"),
                tasks: vec![
                    task("t3", TaskKind::Study, 50),
                    task("t4", TaskKind::Break, 10),
                    task("t5", TaskKind::Review, 25),
                    task("t6", TaskKind::Mock, 25),
                ],
            },
        ],
        feed_token: format!("feed-{id}"),
        created_at: now,
        updated_at: now,
        rev: 0,
    }
}

pub fn new_job(id: JobId, user_id: Option<Id>, not_before: Option<Timestamp>) -> NewJob {
    let payload = serde_json::json!({ "hold_ms": 0, "text": "$ü.\0", "ratio": 0.5, "none": null });
    NewJob {
        id,
        kind: Noop::KIND,
        user_id,
        payload,
        max_attempts: 3,
        priority: JobPriority::Interactive,
        when: not_before.into(),
    }
}

pub fn job(id: JobId, now: Timestamp) -> Job {
    Job::new(new_job(id, None, None), now)
}

pub fn progress(percent: u32, stage: &str) -> Progress {
    Progress {
        percent, stage: stage.to_owned(), message: format!("{stage}…"), done: percent / 10, total: 10
    }
}

pub fn job_result() -> JobResult {
    let id = "64b0c0ffee64b0c0ffee64b0".to_owned();
    JobResult { kind: "quiz".to_owned(), url: format!("/quiz/{id}"), id }
}

pub fn passing() -> JobError {
    JobError::transient("provider.busy", "The provider is busy.")
}

pub fn fatal() -> JobError {
    JobError::fatal("pdf.damaged", "The file is damaged.")
}
