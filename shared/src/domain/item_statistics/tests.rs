use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    Attempt, Difficulty, Edition, Generation, Id, Key, Method, Provider, QuizStatus, Settings, Submission,
    Timestamp, submit,
};

const OPTIONS: [&str; 4] = ["a", "b", "c", "d"];

fn question(id: usize, kind: QuestionType, correct_answer: Answer) -> Question {
    let options = if has_options(kind) { OPTIONS.map(str::to_owned).to_vec() } else { Vec::new() };
    Question {
        id: format!("q{id}"),
        question: "?".into(),
        kind,
        options,
        pairs: None,
        difficulty: Difficulty::Medium,
        bloom: None,
        points: 1.0 + id as f64 / 4.0,
        source: None,
        key: Some(Key { correct_answer, accepted: vec![], tolerance: None, explanation: String::new() }),
    }
}

fn quiz() -> Quiz {
    let questions = vec![
        question(0, QuestionType::MultipleChoice, Answer::Text("a".into())),
        question(1, QuestionType::MultipleSelect, Answer::Texts(vec!["a".into(), "b".into(), "c".into()])),
        question(2, QuestionType::ShortAnswer, Answer::Text("a".into())),
    ];
    Quiz {
        id: Id([1; 12]),
        created_by: None,
        title: "T".into(),
        topic: "T".into(),
        description: None,
        difficulty: Difficulty::Medium,
        status: QuizStatus::Active,
        is_ai_generated: false,
        generation: Generation {
            provider: Provider::Local,
            model: None,
            method: Method::Local,
            prompt_version: None,
        },
        settings: Settings::default(),
        questions,
        total_attempts: 0,
        average_score: 0.0,
        edition: Edition::default(),
        source_content: None,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

/// What a student answers: an option of the first question, options of the second, a text.
type Answers = (Option<usize>, BTreeSet<usize>, Option<usize>);

fn submitted(quiz: &Quiz, (one, many, text): &Answers) -> Submission {
    let attempt = Attempt {
        id: Id([2; 12]),
        quiz_id: quiz.id,
        user_id: Id([3; 12]),
        attempt_number: 1,
        started_at: Timestamp(0),
        expires_at: None,
        answers: BTreeMap::new(),
        order: vec![],
        rev: 0,
    };
    let option = |at: &usize| OPTIONS[*at].to_owned();
    let mut answers = BTreeMap::new();
    answers.extend(one.as_ref().map(|at| ("q0".to_owned(), Given::Text(option(at)))));
    answers.insert("q1".to_owned(), Given::Texts(many.iter().map(option).collect()));
    answers.extend(text.as_ref().map(|at| ("q2".to_owned(), Given::Text(option(at)))));
    submit(quiz, &attempt, answers, Timestamp(1))
}

/// Counts and adds up as the stores do, one submission after the other.
fn added_up(quiz: &Quiz, submissions: &[Submission]) -> Responses {
    let mut responses = Responses::default();
    for submission in submissions {
        match responses.percentages.iter_mut().find(|(percentage, _)| *percentage == submission.percentage) {
            Some((_, count)) => *count += 1,
            None => responses.percentages.push((submission.percentage, 1)),
        }
        for result in &submission.question_results {
            let kind = quiz.questions.iter().find(|question| question.id == result.question_id).unwrap().kind;
            let answer = result.user_answer.clone().filter(|_| has_options(kind));
            let rest = ((submission.score - result.points) * 100.0).round();
            let known = responses
                .answers
                .iter()
                .position(|group| group.question_id == result.question_id && group.answer == answer);
            let at = known.unwrap_or_else(|| {
                responses.answers.push(AnswerGroup {
                    question_id: result.question_id.clone(),
                    answer,
                    count: 0,
                    correct: 0,
                    rest: 0.0,
                    rest_squares: 0.0,
                    correct_rest: 0.0,
                });
                responses.answers.len() - 1
            });
            let group = &mut responses.answers[at];
            group.count += 1;
            group.rest += rest;
            group.rest_squares += rest * rest;
            if result.is_correct {
                group.correct += 1;
                group.correct_rest += rest;
            }
        }
    }
    responses.percentages.sort_by(|a, b| a.0.total_cmp(&b.0));
    responses
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The correlation by its definition.
fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let (xs, ys): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (x, y) = (mean(&xs), mean(&ys));
    let covariance: f64 = pairs.iter().map(|(a, b)| (a - x) * (b - y)).sum();
    let spread = |values: &[f64], mean: f64| values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let (a, b) = (spread(&xs, x), spread(&ys, y));
    let varies = |values: &[f64]| values.iter().any(|value| (value - values[0]).abs() > 1e-9);
    (varies(&xs) && varies(&ys)).then(|| covariance / (a * b).sqrt())
}

fn close(a: f64, b: f64, by: f64) -> bool {
    (a - b).abs() <= by
}

proptest! {
    #[test]
    fn statistics_are_those_of_a_slow_and_obvious_reference(
        answers in prop::collection::vec(
            (prop::option::of(0..4_usize), prop::collection::btree_set(0..4_usize, 0..4), prop::option::of(0..3_usize)),
            0..60,
        )
    ) {
        let quiz = quiz();
        let submissions: Vec<Submission> = answers.iter().map(|answers| submitted(&quiz, answers)).collect();
        let told = QuizStatistics::of(&quiz, &added_up(&quiz, &submissions));
        prop_assert_eq!(told.attempts, submissions.len() as u64);
        let mut percentages: Vec<f64> = submissions.iter().map(|submission| submission.percentage).collect();
        percentages.sort_by(f64::total_cmp);
        if !percentages.is_empty() {
            prop_assert!(close(told.average_score, mean(&percentages), 0.0501));
            let half = percentages.len() / 2;
            let middle = match percentages.len() % 2 {
                1 => percentages[half],
                _ => (percentages[half - 1] + percentages[half]) / 2.0,
            };
            prop_assert!(close(told.median_score, middle, 0.0501));
        }
        for (at, item) in told.questions.iter().enumerate() {
            let results: Vec<_> = submissions.iter().map(|submission| &submission.question_results[at]).collect();
            let right = results.iter().filter(|result| result.is_correct).count();
            prop_assert_eq!(item.attempts, results.len() as u64);
            prop_assert_eq!(item.difficulty.is_some(), !results.is_empty());
            if let Some(difficulty) = item.difficulty {
                prop_assert!(close(difficulty, right as f64 / results.len() as f64, 0.000_501));
            }
            let pairs: Vec<(f64, f64)> = submissions
                .iter()
                .zip(&results)
                .map(|(submission, result)| {
                    let others = submission.question_results.iter().filter(|other| other.question_id != result.question_id);
                    (f64::from(u8::from(result.is_correct)), others.map(|other| other.points).sum())
                })
                .collect();
            let reference = pearson(&pairs);
            prop_assert_eq!(item.discrimination.is_some(), reference.is_some(), "{:?}", pairs);
            if let (Some(told), Some(reference)) = (item.discrimination, reference) {
                prop_assert!(close(told, reference, 0.000_501), "{} {}", told, reference);
            }
            for (option, count) in &item.option_counts {
                let chosen = results.iter().filter(|result| match &result.user_answer {
                    Some(Given::Text(text)) => text == option,
                    Some(Given::Texts(texts)) => texts.contains(option),
                    _ => false,
                });
                prop_assert_eq!(*count, chosen.count() as u64);
            }
        }
        prop_assert_eq!(told.questions[0].option_counts.len(), 4, "also those that nobody chose");
        prop_assert!(told.questions[2].option_counts.is_empty());
    }
}

/// The flags of the first question when students of these kinds take the quiz: what they choose there, whether they
/// know the rest, and how many they are.
fn flags(students: &[(Option<usize>, bool, usize)]) -> Vec<ItemFlag> {
    let quiz = quiz();
    let student = |(choice, good, count): &(Option<usize>, bool, usize)| {
        let answers: Answers = match good {
            true => (*choice, BTreeSet::from([0, 1, 2]), Some(0)),
            false => (*choice, BTreeSet::from([3]), Some(1)),
        };
        vec![submitted(&quiz, &answers); *count]
    };
    let submissions: Vec<Submission> = students.iter().flat_map(student).collect();
    QuizStatistics::of(&quiz, &added_up(&quiz, &submissions)).questions.remove(0).flags
}

#[test]
fn a_good_question_has_no_flags() {
    let students = [
        (Some(0), true, 12),
        (Some(1), false, 4),
        (Some(2), false, 4),
        (Some(3), false, 3),
        (Some(3), true, 1),
        (Some(0), false, 3),
    ];
    assert_eq!(flags(&students), []);
}

#[test]
fn bad_questions_are_flagged() {
    use ItemFlag::*;
    let (good, bad) = (true, false);
    assert_eq!(flags(&[]), [FewAttempts]);
    assert_eq!(flags(&[(Some(1), bad, 4)]), [FewAttempts], "too few to say anything");
    assert_eq!(flags(&[(Some(0), good, 20), (Some(0), bad, 10)]), [TooEasy, UnusedOption]);
    let nobody = [(Some(1), bad, 10), (Some(2), good, 10), (Some(3), bad, 10)];
    assert_eq!(flags(&nobody), [TooHard, KeySuspect]);
    // The good ones choose `b`, the others the key.
    let wrong_key =
        [(Some(1), good, 15), (Some(0), bad, 12), (Some(2), bad, 3), (Some(3), bad, 1), (Some(0), good, 2)];
    assert_eq!(flags(&wrong_key), [NegativeDiscrimination, KeySuspect]);
    let chance = [
        (Some(0), good, 6),
        (Some(0), bad, 5),
        (Some(1), good, 3),
        (Some(1), bad, 4),
        (Some(2), good, 3),
        (Some(2), bad, 3),
        (Some(3), good, 1),
        (Some(3), bad, 1),
    ];
    assert_eq!(flags(&chance), [LowDiscrimination]);
    // A popular misconception of the weaker ones is no rival.
    let misled =
        [(Some(0), good, 8), (Some(1), bad, 14), (Some(2), bad, 2), (Some(3), bad, 1), (None, bad, 1)];
    assert_eq!(flags(&misled), []);
}
