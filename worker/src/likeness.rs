//! Which questions ask the same as an earlier one in other words.

use std::collections::{HashMap, HashSet};

use shared::domain::{Answer, fold, is_written_together, words};

/// Share of words (Jaccard) two questions have in common from which on they count as one.
const ALIKE: f64 = 0.75;
/// The same for questions with the same answer.
const ALIKE_WITH_SAME_ANSWER: f64 = 0.6;
/// Letters of a word that count; endings differ from one wording to another (truncation as the stemmer of
/// no language in particular: McNamee & Mayfield, Character N-Gram Tokenization, 2004).
const STEM: usize = 6;

/// Questions seen so far. Each is compared only with those that share one of its rarer words, so that many cost
/// little more than as many times one.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Stems and their numbers.
    stems: HashMap<String, usize>,
    /// For each stem the questions that have it.
    having: Vec<Vec<usize>>,
    questions: Vec<Fingerprint>,
    /// Folded texts of questions that can be answered in one way only.
    asked: HashSet<String>,
}

/// What is compared of a question.
#[derive(Debug)]
struct Fingerprint {
    /// Numbers of its stems, ascending.
    stems: Vec<usize>,
    /// The folded answer; none where it says nothing by itself.
    answer: Option<String>,
}

impl Seen {
    /// Whether no question like this one was seen. It is remembered then.
    pub(crate) fn is_new(&mut self, question: &str, answer: &Answer) -> bool {
        // A question for an order or for pairs may have the same words over other things.
        let asks_for_one = matches!(answer, Answer::Text(_) | Answer::Number(_));
        if asks_for_one && self.asked.contains(&fold(question)) {
            return false;
        }
        let print = self.fingerprint(question, answer);
        if self.likeliest(&print).into_iter().any(|other| print.resembles(&self.questions[other])) {
            return false;
        }
        for stem in &print.stems {
            self.having[*stem].push(self.questions.len());
        }
        self.questions.push(print);
        self.asked.extend(asks_for_one.then(|| fold(question)));
        true
    }

    fn fingerprint(&mut self, question: &str, answer: &Answer) -> Fingerprint {
        let said = texts(answer);
        let statement = match said.as_slice() {
            [key] if question.contains("_____") => question.replacen("_____", key, 1),
            _ => format!("{question} {}", said.join(" ")),
        };
        let mut numbers: Vec<usize> = stems(&statement).into_iter().map(|stem| self.number(stem)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Fingerprint { stems: numbers, answer: (!said.is_empty()).then(|| fold(&said.join(" "))) }
    }

    fn number(&mut self, stem: String) -> usize {
        *self.stems.entry(stem).or_insert_with(|| {
            self.having.push(Vec::new());
            self.having.len() - 1
        })
    }

    /// Every question that can be alike: of the words two such have in common, one is among any so many of either.
    fn likeliest(&self, print: &Fingerprint) -> HashSet<usize> {
        let mut rarest = print.stems.clone();
        rarest.sort_by_key(|stem| self.having[*stem].len());
        let enough = (rarest.len() as f64 * (1.0 - ALIKE_WITH_SAME_ANSWER)) as usize + 1;
        rarest.iter().take(enough).flat_map(|stem| &self.having[*stem]).copied().collect()
    }
}

impl Fingerprint {
    fn resembles(&self, other: &Self) -> bool {
        let shared = self.stems.iter().filter(|stem| other.stems.binary_search(stem).is_ok()).count();
        let all = self.stems.len() + other.stems.len() - shared;
        let same_answer = self.answer.is_some() && self.answer == other.answer;
        let least = if same_answer { ALIKE_WITH_SAME_ANSWER } else { ALIKE };
        shared as f64 >= least * all as f64
    }
}

/// What an answer says; nothing for true and false.
fn texts(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::Number(number) => vec![number.to_string()],
        Answer::Text(text) if text == "True" || text == "False" => Vec::new(),
        Answer::Text(text) => vec![text.clone()],
        Answer::Texts(texts) => texts.clone(),
        Answer::Pairs(pairs) => pairs.iter().map(|(left, right)| format!("{left} {right}")).collect(),
    }
}

/// The beginnings of a text's words; of scripts without spaces pairs of neighbouring characters. A text without
/// words is its own only stem.
fn stems(text: &str) -> Vec<String> {
    let mut stems = Vec::new();
    for word in words(text) {
        let letters: Vec<char> = word.folded.chars().collect();
        if letters.len() > 1 && letters.iter().any(|c| is_written_together(*c)) {
            stems.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
        } else {
            // A number is another one as soon as its last digit differs.
            let kept = if letters.iter().any(|c| c.is_numeric()) { letters.len() } else { STEM };
            stems.push(letters.into_iter().take(kept).collect());
        }
    }
    if stems.is_empty() {
        stems.push(text.trim().to_owned());
    }
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: &str) -> Answer {
        Answer::Text(answer.to_owned())
    }

    fn news(questions: &[(&str, &str)]) -> Vec<bool> {
        let mut seen = Seen::default();
        questions.iter().map(|(question, answer)| seen.is_new(question, &text(answer))).collect()
    }

    #[test]
    fn the_same_in_other_words_is_no_news() {
        for (first, second) in [
            (
                ("Which organelle produces most of the ATP of a cell?", "The mitochondrion"),
                ("What organelle produces most of a cell's ATP?", "mitochondrion"),
            ),
            (
                ("Which option completes the sentence? “The heart pumps _____ through the body.”", "blood"),
                ("Which option completes the sentence? “The _____ pumps blood through the body.”", "heart"),
            ),
            (("植物用什么把光变成糖?", "叶绿体"), ("植物用什么把阳光变成糖?", "叶绿体")),
            (
                ("Was wandelt Licht in Zucker um?", "Chloroplasten"),
                ("Was wandelte das Licht in Zucker um?", "Chloroplasten"),
            ),
            (("ما عاصمة فرنسا؟", "باريس"), ("ما عاصِمةُ فرنسا", "باريس")),
            (
                ("True or false? Water boils at 100 °C.", "True"),
                ("True or false? Water boils at 90 °C.", "False"),
            ),
            (("§ ?", "±"), ("§ ?", "±")),
            (
                ("We shall miss _____.", "Thiemo Seufer"),
                ("We shall miss _____.", "Christoph Lameter of Bern"),
            ),
        ] {
            assert_eq!(news(&[first, second]), [true, false], "{second:?}");
        }
    }

    #[test]
    fn another_question_is_news() {
        for (first, second) in [
            (("What is the capital of France?", "Paris"), ("What is the capital of Spain?", "Madrid")),
            (
                ("Which of these is described in the text as “a green pigment of leaves”?", "chlorophyll"),
                ("Which of these is described in the text as “what absorbs light best”?", "chlorophyll"),
            ),
            (
                ("Which option completes the sentence? “The heart pumps _____ through the body.”", "blood"),
                ("Which option completes the sentence? “A lung takes _____ out of the air.”", "oxygen"),
            ),
            (("植物用什么把光变成糖?", "叶绿体"), ("什么细胞器产生能量?", "线粒体")),
            (("True or false? Cells divide.", "True"), ("True or false? Stars explode.", "True")),
        ] {
            assert_eq!(news(&[first, second]), [true, true], "{second:?}");
        }
    }

    #[test]
    fn what_was_refused_is_not_remembered_and_what_was_seen_stays() {
        let questions = [("What is osmosis in cells?", "diffusion of water"); 3];
        assert_eq!(news(&questions), [true, false, false]);
    }

    #[test]
    fn lists_and_pairs_tell_questions_with_a_fixed_wording_apart() {
        let mut seen = Seen::default();
        let order = |items: [&str; 3]| Answer::Texts(items.map(String::from).into());
        let question = "Put these events in order, earliest first.";
        assert!(seen.is_new(question, &order(["Rome was founded", "Carthage fell", "Caesar died"])));
        assert!(
            seen.is_new(question, &order(["The press was built", "Luther wrote theses", "A council met"]))
        );
        assert!(!seen.is_new(question, &order(["Rome was founded", "Carthage fell", "Caesar died"])));
        let pairs =
            |left: &str| Answer::Pairs([(left.to_owned(), "a long description of it".to_owned())].into());
        assert!(seen.is_new("Match.", &pairs("osmosis")));
        assert!(!seen.is_new("Match.", &pairs("osmosis")));
        assert!(seen.is_new("How many?", &Answer::Number(3.5)));
    }

    #[test]
    fn only_a_few_of_many_are_compared() {
        let mut seen = Seen::default();
        let question = |number: usize| {
            let words = [13, 17, 19, 23, 29].map(|prime| format!("w{}", number * prime % 997));
            format!("What is the use of {}?", words.join(" "))
        };
        for number in 0..997 {
            assert!(seen.is_new(&question(number), &text(&format!("term{number}"))), "{number}");
        }
        let print = seen.fingerprint(&question(5), &text("term5"));
        let compared = seen.likeliest(&print);
        assert!(compared.contains(&5) && compared.len() < 50, "{}", compared.len());
    }
}
