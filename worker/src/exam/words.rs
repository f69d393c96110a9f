//! What exam papers say around their questions, in the languages that are understood.

use super::text::Text;
pub(super) use crate::local::language::Language;
use Language::{Arabic, Chinese, English, French, German, Portuguese, Russian, Spanish};

type Phrases = &'static [(Language, &'static [&'static str])];

/// Before a question's number.
const QUESTION: &[&str] = &[
    "question",
    "problem",
    "exercise",
    "item",
    "q",
    "pregunta",
    "ejercicio",
    "exercice",
    "frage",
    "aufgabe",
    "questão",
    "pergunta",
    "exercício",
    "вопрос",
    "задание",
    "задача",
    "السؤال",
    "سؤال",
    "问题",
    "题目",
    "试题",
    "题",
];

/// Before a question's answer.
const ANSWER: Phrases = &[
    (
        English,
        &[
            "answer",
            "answers",
            "correct answer",
            "correct answers",
            "the correct answer",
            "the answer",
            "right answer",
            "correct option",
            "correct choice",
            "ans",
            "key",
        ],
    ),
    (
        Spanish,
        &["respuesta", "respuestas", "respuesta correcta", "respuestas correctas", "la respuesta correcta"],
    ),
    (
        French,
        &[
            "réponse",
            "réponses",
            "bonne réponse",
            "réponse correcte",
            "bonnes réponses",
            "réponses correctes",
        ],
    ),
    (
        German,
        &["antwort", "antworten", "richtige antwort", "richtige antworten", "korrekte antwort", "lösung"],
    ),
    (
        Portuguese,
        &["resposta", "respostas", "resposta correta", "respostas corretas", "resposta certa", "gabarito"],
    ),
    (Russian, &["ответ", "ответы", "правильный ответ", "правильные ответы", "верный ответ"]),
    (Arabic, &["الإجابة", "الإجابة الصحيحة", "الإجابات الصحيحة", "الجواب", "الجواب الصحيح", "إجابة"]),
    (Chinese, &["答案", "正确答案", "参考答案", "标准答案", "答"]),
];

/// Before why it is the answer.
const EXPLANATION: Phrases = &[
    (English, &["explanation", "rationale", "reason", "reasoning", "feedback", "justification"]),
    (Spanish, &["explicación", "justificación"]),
    (French, &["explication"]),
    (German, &["erklärung", "begründung", "erläuterung"]),
    (Portuguese, &["explicação", "justificativa", "comentário"]),
    (Russian, &["объяснение", "пояснение", "обоснование"]),
    (Arabic, &["الشرح", "التفسير", "التعليل", "شرح", "السبب"]),
    (Chinese, &["解析", "解释", "说明", "分析"]),
];

/// Over the answers to all questions.
const KEY: Phrases = &[
    (
        English,
        &[
            "answer key",
            "answers",
            "answer keys",
            "key to the exercises",
            "correct answers",
            "answers and explanations",
            "mark scheme",
            "marking scheme",
            "marking key",
        ],
    ),
    (
        Spanish,
        &[
            "respuestas",
            "clave de respuestas",
            "clave de corrección",
            "respuestas correctas",
            "plantilla de respuestas",
        ],
    ),
    (
        French,
        &[
            "réponses",
            "corrigé",
            "clé de correction",
            "bonnes réponses",
            "grille de correction",
            "corrigé type",
        ],
    ),
    (German, &["antworten", "lösungsschlüssel", "antwortschlüssel", "lösungsblatt", "richtige antworten"]),
    (
        Portuguese,
        &[
            "gabarito",
            "respostas",
            "gabarito oficial",
            "chave de respostas",
            "chave de correção",
            "folha de respostas",
        ],
    ),
    (
        Russian,
        &["ответы", "ключ к тесту", "ключи к тесту", "правильные ответы", "ответы к тесту", "ключ ответов"],
    ),
    (
        Arabic,
        &[
            "الإجابات",
            "مفتاح الإجابة",
            "مفتاح الإجابات",
            "نموذج الإجابة",
            "الإجابات الصحيحة",
            "الأجوبة",
            "مفتاح الحل",
            "الأجوبة الصحيحة",
        ],
    ),
    (
        Chinese,
        &[
            "答案",
            "参考答案",
            "正确答案",
            "标准答案",
            "答案与解析",
            "答案及解析",
            "参考答案与解析",
            "参考答案及解析",
        ],
    ),
];

/// Over answers too, but also over other lists.
const WEAK_KEY: Phrases = &[
    (English, &["key", "solutions"]),
    (Spanish, &["clave", "claves", "soluciones", "solucionario"]),
    (French, &["solutions", "corrections", "clé"]),
    (German, &["lösungen", "lösung", "schlüssel"]),
    (Portuguese, &["soluções", "chave"]),
    (Russian, &["ключ", "ключи", "решения"]),
    (Arabic, &["الحلول", "الحل"]),
];

/// True, then false.
const TRUTH: [&[&str]; 2] = [
    &[
        "true",
        "verdadero",
        "verdadera",
        "cierto",
        "vrai",
        "richtig",
        "wahr",
        "verdadeiro",
        "verdadeira",
        "certo",
        "верно",
        "правда",
        "истина",
        "صح",
        "صحيح",
        "صواب",
        "صحيحة",
        "正确",
        "对",
        "√",
        "✓",
        "✔",
    ],
    &[
        "false",
        "falso",
        "falsa",
        "faux",
        "falsch",
        "errado",
        "неверно",
        "ложь",
        "خطأ",
        "خاطئ",
        "خاطئة",
        "错误",
        "错",
        "×",
        "✗",
        "✘",
    ],
];

/// The same in one letter, which labels of options may be too.
const TRUTH_LETTERS: [&[&str]; 2] = [&["t", "v", "r", "w"], &["f"]];

/// Between true and false, where a student is to choose.
const OR: &[&str] = &["or", "o", "ou", "oder", "или", "أم", "أو", "或"];

/// Between a question's number and how many there are.
const OF: &[&str] = &["of", "de", "von", "sur", "из", "من", "/"];

/// Between the labels of several right options.
const AND: &[&str] = &["and", "y", "et", "und", "e", "и", "و", "和"];

/// What a question is worth.
const POINTS: &[&str] = &["point", "mark", "pt", "punt", "punkt", "ponto", "балл", "درج", "分"];

/// The longest phrase that stands at a place, its end and its language.
fn longest(text: &Text, at: usize, phrases: Phrases) -> Option<(Language, usize)> {
    let all = phrases.iter().flat_map(|(language, list)| list.iter().map(|phrase| (*language, *phrase)));
    all.filter_map(|(language, phrase)| Some((language, text.phrase(at, phrase)?)))
        .max_by_key(|(_, end)| *end)
}

/// The end of a word for "question".
pub(super) fn question(text: &Text, at: usize) -> Option<usize> {
    QUESTION.iter().filter_map(|word| text.phrase(at, word)).max()
}

/// A word for "answer".
pub(super) fn answer(text: &Text, at: usize) -> Option<(Language, usize)> {
    longest(text, at, ANSWER)
}

/// A word for "explanation".
pub(super) fn explanation(text: &Text, at: usize) -> Option<(Language, usize)> {
    longest(text, at, EXPLANATION)
}

/// A heading over answers, its end, and whether it stands over nothing else.
pub(super) fn key(text: &Text, at: usize) -> Option<(Language, usize, bool)> {
    let strong = longest(text, at, KEY).map(|(language, end)| (language, end, true));
    let weak = longest(text, at, WEAK_KEY).map(|(language, end)| (language, end, false));
    strong.into_iter().chain(weak).max_by_key(|(_, end, is_strong)| (*end, *is_strong))
}

/// Whether a word says true or false; a lone letter does where `letters` may.
pub(super) fn truth(word: &str, letters: bool) -> Option<bool> {
    let plain: String = word.chars().map(super::text::plain).collect();
    let says = |lists: &[&[&str]; 2]| {
        let at = lists.iter().position(|list| {
            list.iter().any(|word| word.chars().map(super::text::plain).eq(plain.chars()))
        })?;
        Some(at == 0)
    };
    says(&TRUTH).or_else(|| if letters { says(&TRUTH_LETTERS) } else { None })
}

/// Whether a word stands between the two choices of a statement.
pub(super) fn is_or(word: &str) -> bool {
    OR.contains(&word.to_lowercase().as_str())
}

/// The end of a word for "of".
pub(super) fn of(text: &Text, at: usize) -> Option<usize> {
    OF.iter().find_map(|word| text.phrase(at, word))
}

/// The end of a word for "and".
pub(super) fn and(text: &Text, at: usize) -> Option<usize> {
    AND.iter().filter_map(|word| text.phrase(at, word)).max()
}

/// Whether a remark tells what a question is worth.
pub(super) fn is_worth(remark: &str) -> bool {
    let remark = remark.to_lowercase();
    remark.chars().any(char::is_numeric) && POINTS.iter().any(|word| remark.contains(word))
}

impl Language {
    /// Told by the script alone.
    pub(super) fn of_script(text: &str) -> Self {
        let has = |range: std::ops::RangeInclusive<char>| text.chars().any(|char| range.contains(&char));
        match () {
            () if has('\u{4e00}'..='\u{9fff}') => Chinese,
            () if has('\u{600}'..='\u{6ff}') => Arabic,
            () if has('\u{400}'..='\u{4ff}') => Russian,
            () => English,
        }
    }

    /// What stands in an explanation's place where the paper gives none.
    pub(super) fn by_key(self, answer: &str) -> String {
        match self {
            English | Self::Other => format!("The paper's answer key says: {answer}"),
            Spanish => format!("La clave de respuestas dice: {answer}"),
            French => format!("Le corrigé indique : {answer}"),
            German => format!("Der Lösungsschlüssel nennt: {answer}"),
            Portuguese => format!("O gabarito indica: {answer}"),
            Russian => format!("В ключе к тесту указано: {answer}"),
            Arabic => format!("الإجابة في مفتاح الإجابات: {answer}"),
            Chinese => format!("试卷答案：{answer}"),
        }
    }
}
