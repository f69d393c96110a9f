use super::*;
use crate::domain::{Difficulty, Pairs};

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn question(kind: QuestionType, options: &[&str], correct_answer: Answer) -> Question {
    let pairs = match &correct_answer {
        Answer::Pairs(pairs) => {
            Some(Pairs { left: pairs.keys().cloned().collect(), right: pairs.values().cloned().collect() })
        }
        _ => None,
    };
    Question {
        id: "q1".into(),
        question: "The _____ is it.".into(),
        kind,
        options: texts(options),
        pairs,
        difficulty: Difficulty::Medium,
        bloom: None,
        points: 1.0,
        source: None,
        key: Some(Key { correct_answer, accepted: vec![], tolerance: None, explanation: String::new() }),
    }
}

fn text(text: &str) -> Answer {
    Answer::Text(text.into())
}

fn list(of: &[&str]) -> Answer {
    Answer::Texts(texts(of))
}

fn map(pairs: &[(&str, &str)]) -> Answer {
    Answer::Pairs(pairs.iter().map(|&(left, right)| (left.to_owned(), right.to_owned())).collect())
}

const FOUR: [&str; 4] = ["a", "b", "c", "d"];

#[test]
fn a_question_of_each_type_may_be_without_a_flaw() {
    for good in [
        question(QuestionType::MultipleChoice, &FOUR, text("b")),
        question(QuestionType::MultipleSelect, &FOUR[..2], list(&["a", "b"])),
        question(QuestionType::TrueFalse, &["True", "False"], text("False")),
        question(QuestionType::ShortAnswer, &[], text("ATP")),
        question(QuestionType::Cloze, &[], text("-")),
        question(QuestionType::Numeric, &[], Answer::Number(-2.5)),
        question(QuestionType::Matching, &[], map(&[("a", "1"), ("b", "2")])),
        question(QuestionType::Ordering, &["b", "a"], list(&["a", "b"])),
    ] {
        assert_eq!(flaws(&good), [], "{:?}", good.kind);
    }
}

fn named(question: &Question) -> Vec<String> {
    flaws(question).into_iter().map(|flaw| flaw.field).collect()
}

#[test]
fn each_rule_names_the_part_that_breaks_it() {
    use QuestionType::*;
    let long = "x".repeat(OPTION_MAX + 1);
    for (bad, fields) in [
        (question(MultipleChoice, &FOUR[..3], text("b")), vec!["options"]),
        (question(MultipleChoice, &["a", "b", "c", " a"], text("b")), vec!["options[3]"]),
        (question(MultipleChoice, &["a", "b", "c", " "], text("b")), vec!["options[3]"]),
        (question(MultipleChoice, &["a", "b", "c", &long], text("b")), vec!["options[3]"]),
        (question(MultipleChoice, &["a", "b", "c", "\0"], text("b")), vec!["options[3]"]),
        (question(MultipleChoice, &FOUR, text("B")), vec!["correctAnswer"]),
        (question(MultipleChoice, &FOUR, list(&["b"])), vec!["correctAnswer"]),
        (question(MultipleSelect, &FOUR[..1], list(&["a"])), vec!["options"]),
        (question(MultipleSelect, &FOUR, list(&[])), vec!["correctAnswer"]),
        (question(MultipleSelect, &FOUR, list(&["a", "x"])), vec!["correctAnswer[1]"]),
        (question(MultipleSelect, &FOUR, list(&["a", "a"])), vec!["correctAnswer[1]"]),
        (question(TrueFalse, &["Yes", "No"], text("Yes")), vec!["options"]),
        (question(TrueFalse, &["True", "False"], text("true")), vec!["correctAnswer"]),
        (question(ShortAnswer, &[], text("")), vec!["correctAnswer"]),
        (question(ShortAnswer, &[], text("?!")), vec!["correctAnswer"]),
        (question(Numeric, &[], text("3")), vec!["correctAnswer"]),
        (question(Numeric, &[], Answer::Number(f64::NAN)), vec!["correctAnswer"]),
        (question(Matching, &[], map(&[("a", "1")])), vec!["correctAnswer", "correctAnswer"]),
        (question(Matching, &[], map(&[("a", "1"), ("b", "1")])), vec!["correctAnswer[1]"]),
        (question(Ordering, &["a", "b"], list(&["a", "c"])), vec!["options"]),
        (question(Ordering, &["a"], list(&["a"])), vec!["correctAnswer"]),
    ] {
        assert_eq!(named(&bad), fields, "{bad:?}");
    }
}

#[test]
fn the_parts_around_the_key_have_rules_too() {
    let good = question(QuestionType::ShortAnswer, &[], text("ATP"));
    let with = |change: &dyn Fn(&mut Question)| {
        let mut question = good.clone();
        change(&mut question);
        named(&question)
    };
    assert_eq!(with(&|question| question.question = "  ".into()), ["question"]);
    assert_eq!(with(&|question| question.question = "é".repeat(QUESTION_MAX)), [""; 0]);
    assert_eq!(with(&|question| question.question = "é".repeat(QUESTION_MAX + 1)), ["question"]);
    for points in [0.0, -1.0, 101.0, f64::NAN] {
        assert_eq!(with(&|question| question.points = points), ["points"]);
    }
    assert_eq!(with(&|question| question.key = None), ["correctAnswer"]);
    assert_eq!(
        with(&|question| question.key.as_mut().unwrap().accepted = texts(&["ok", ""])),
        ["accepted[1]"]
    );
    assert_eq!(
        with(&|question| question.key.as_mut().unwrap().accepted = vec!["x".into(); 21]),
        ["accepted"]
    );
    assert_eq!(with(&|question| question.key.as_mut().unwrap().tolerance = Some(1.0)), ["tolerance"]);

    let mut cloze = question(QuestionType::Cloze, &[], text("ATP"));
    cloze.question = "No gap".into();
    assert_eq!(named(&cloze), ["question"]);
    let mut choice = question(QuestionType::MultipleChoice, &FOUR, text("a"));
    choice.key.as_mut().unwrap().accepted = texts(&["A"]);
    assert_eq!(named(&choice), ["accepted"]);
    let mut matching = question(QuestionType::Matching, &[], map(&[("a", "1"), ("b", "2")]));
    matching.pairs.as_mut().unwrap().right.push("3".into());
    assert_eq!(named(&matching), ["pairs.right"]);
}
