//! Each flaw with questions that have it, and with sound ones like them.

use shared::domain::{Answer, Difficulty, QuestionType};

use super::*;

fn draft(kind: QuestionType, question: &str, options: &[&str], answer: Answer) -> Draft {
    Draft {
        kind,
        question: question.to_owned(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        answer,
        accepted: Vec::new(),
        tolerance: None,
        explanation: String::new(),
        difficulty: Difficulty::Medium,
        bloom: None,
        quote: "-".to_owned(),
        page: 0,
        start: 0,
        end: 1,
    }
}

/// Multiple choice; the first option is right.
fn choice(question: &str, options: [&str; 4]) -> Vec<Flaw> {
    flaws(&draft(QuestionType::MultipleChoice, question, &options, Answer::Text(options[0].to_owned())))
}

fn truth(statement: &str, answer: bool) -> Vec<Flaw> {
    let answer = if answer { "True" } else { "False" };
    flaws(&draft(QuestionType::TrueFalse, statement, &[], Answer::Text(answer.to_owned())))
}

fn typed(kind: QuestionType, question: &str, answer: &str) -> Vec<Flaw> {
    flaws(&draft(kind, question, &[], Answer::Text(answer.to_owned())))
}

fn texts(items: &[&str]) -> Answer {
    Answer::Texts(items.iter().map(|item| (*item).to_owned()).collect())
}

const LEAF: &str = "Which part of a leaf makes most of its sugar?";

#[test]
fn the_right_option_is_not_much_longer_than_the_others() {
    for options in [
        ["the chloroplasts of its palisade cells", "the stem", "its veins", "the roots"],
        [
            "a long description of how the thing works",
            "a thing that works",
            "another thing",
            "something else",
        ],
    ] {
        assert_eq!(choice(LEAF, options), [Flaw::LongestOption]);
    }
    assert_eq!(
        choice("叶子的哪一部分制造糖分?", ["叶肉中含有大量叶绿体的组织", "叶脉", "表皮", "根毛"]),
        [Flaw::LongestOption]
    );
    for options in [
        ["chloroplasts", "veins", "stomata", "the waxy skin"],
        ["Photosynthesis", "Respiration", "Osmosis", "Diffusion"],
        ["veins", "the waxy upper skin", "stomata", "chloroplasts"],
    ] {
        assert_eq!(choice(LEAF, options), []);
    }
}

#[test]
fn no_option_speaks_of_the_others() {
    for (question, last) in [
        ("Which gas do plants take in?", "All of the above"),
        ("Which gas do plants take in?", "None of these options"),
        ("¿Qué gas absorben las plantas de la tierra?", "Todas las anteriores"),
        ("Quel gaz les plantes absorbent-elles dans la journée ?", "Aucune de ces réponses"),
        ("Welches Gas nehmen die Pflanzen am Tag auf?", "Keine der genannten"),
        ("Qual gás as plantas absorvem durante o dia?", "Nenhuma das anteriores"),
        ("Какой газ поглощают растения днём?", "Все вышеперечисленное"),
        ("أي غاز تمتصه النباتات في النهار؟", "جميع ما سبق"),
        ("植物白天吸收哪种气体?", "以上都是"),
    ] {
        let found = choice(question, ["CO2", "N2", "H2", last]);
        assert_eq!(found, [Flaw::AllOrNone], "{last}");
    }
    assert_eq!(
        choice("Which gases do plants take in?", ["A and C", "B", "Both B and D", "C only"]),
        [Flaw::ComplexOption, Flaw::OverlappingOptions]
    );
    assert_eq!(
        choice("Which vitamins dissolve in fat?", ["A and D", "B12", "folic acid", "C"]),
        [Flaw::ComplexOption]
    );
    assert_eq!(choice("What filled all of the vessels?", ["water", "oil", "all the wine left", "salt"]), []);
}

#[test]
fn options_have_no_labels_of_their_own() {
    assert_eq!(
        choice("Where is Rome?", ["A) Italy", "B) Spain", "C) France", "D) Greece"]),
        [Flaw::LabelledOption]
    );
    assert_eq!(choice("Who wrote it?", ["J. Watson", "K. Jones", "F. Crick", "L. Pauling"]), []);
}

#[test]
fn options_do_not_overlap() {
    for options in [
        ["10–20 km", "15–30 km", "30–40 km", "40–50 km"],
        ["between 1 and 5 days", "3 to 9 days", "10 to 20 days", "21 to 40 days"],
        ["blood cells", "red blood cells", "plasma", "platelets"],
        ["oxygen", "water and oxygen", "carbon dioxide", "methane"],
        ["The heart", "heart", "lung", "liver"],
    ] {
        assert!(
            choice("What does the pump move in one day?", options).contains(&Flaw::OverlappingOptions),
            "{options:?}"
        );
    }
    let spanish = ["la membrana", "la membrana celular", "el núcleo", "la pared"];
    assert_eq!(
        choice("¿Qué parte de la célula regula lo que entra en ella?", spanish),
        [Flaw::OverlappingOptions]
    );
    for options in [
        ["10–20 km", "20–30 km", "30–40 km", "40–50 km"],
        ["DNA", "mRNA", "RNA", "ATP"],
        ["cell membrane", "cell", "nucleus", "vacuole"],
        ["Guinea", "New Guinea", "Ghana", "Gabon"],
        ["-5", "5", "25", "-25"],
        ["1914–1918", "1918–1939", "1939–1945", "1945–1990"],
    ] {
        assert_eq!(choice("Which of them lies between the two others?", options), [], "{options:?}");
    }
}

#[test]
fn something_is_left_out_of_a_selection() {
    let select = |options: &[&str], keys: &[&str]| {
        flaws(&draft(QuestionType::MultipleSelect, "Which gases are in air?", options, texts(keys)))
    };
    assert_eq!(
        select(&["oxygen", "nitrogen", "argon"], &["oxygen", "nitrogen", "argon"]),
        [Flaw::NothingToLeaveOut]
    );
    assert_eq!(select(&["oxygen", "nitrogen", "steam"], &["oxygen", "nitrogen"]), []);
}

#[test]
fn absolute_terms_mark_nothing_wrong() {
    let question = "How do metals behave when they are heated?";
    for options in [
        ["They expand.", "They always melt.", "They shrink.", "They turn blue."],
        ["They expand.", "They never change.", "They melt at once.", "They shrink."],
    ] {
        assert_eq!(choice(question, options), [Flaw::AbsoluteTerm]);
    }
    assert_eq!(choice(question, ["They expand.", "They shrink.", "They melt.", "They rust."]), []);
    assert_eq!(
        choice(question, ["They always expand.", "They always shrink.", "They always melt.", "They rust."]),
        []
    );
    assert_eq!(truth("Metals always melt when they are heated.", false), [Flaw::AbsoluteTerm]);
    assert_eq!(truth("Light always takes the shortest time.", true), []);
    assert_eq!(truth("金属受热时总是熔化。", false), [Flaw::AbsoluteTerm]);
    assert_eq!(truth("Metalle schmelzen immer, wenn sie in der Sonne liegen.", false), [Flaw::AbsoluteTerm]);
}

#[test]
fn vague_terms_mark_nothing_right() {
    let question = "How do metals behave when they are heated?";
    assert_eq!(
        choice(question, ["They usually grow.", "They shrink.", "They burn.", "They rust."]),
        [Flaw::VagueTerm]
    );
    assert_eq!(
        choice("How much does it rain there?", ["often", "sometimes", "rarely", "daily"]),
        [Flaw::VagueTerm]
    );
    assert_eq!(choice(question, ["They grow.", "They shrink.", "They usually burn.", "They rust."]), []);
    assert_eq!(truth("Metals often expand when they are heated.", true), [Flaw::VagueTerm]);
    assert_eq!(truth("Metals expand when they are heated.", true), []);
    assert_eq!(truth("Les métaux se dilatent souvent dans la chaleur.", true), [Flaw::VagueTerm]);
}

#[test]
fn no_word_of_the_question_gives_the_key_away() {
    for (question, options) in [
        ("Which form of energy reaches leaves as light?", ["light energy", "heat", "sound", "motion"]),
        ("What did the Roman senate lead?", ["the Roman state", "the Gauls", "the Greeks", "the Huns"]),
        ("Какая жидкость течёт в сосудах?", ["жидкость крови", "желчь человека", "слеза человека", "пот"]),
        ("哪种细胞运送氧气?", ["红细胞", "血小板", "淋巴液", "骨髓"]),
    ] {
        assert_eq!(choice(question, options), [Flaw::Clang], "{question}");
    }
    for (question, options) in [
        ("Which cell carries oxygen?", ["red blood cell", "white blood cell", "nerve cell", "fat cell"]),
        ("Which metal is liquid?", ["mercury", "metallic tin", "iron", "lead"]),
        ("哪种细胞运送氧气?", ["红细胞", "白细胞", "神经细胞", "脂肪细胞"]),
    ] {
        assert_eq!(choice(question, options), [], "{question}");
    }
}

#[test]
fn the_key_is_not_what_the_others_have_in_common() {
    let question = "What colour and shape has it?";
    assert_eq!(
        choice(question, ["green square", "green circle", "brown square", "black triangle"]),
        [Flaw::Convergence]
    );
    assert_eq!(choice(question, ["green square", "green circle", "brown square", "brown circle"]), []);
    assert_eq!(choice(question, ["green square", "yellow circle", "brown star", "black triangle"]), []);
}

#[test]
fn grammar_fits_every_option() {
    for (question, options) in [
        (
            "A doctor who treats bones is an _____.",
            ["orthopaedist", "dermatologist", "psychiatrist", "urologist"],
        ),
        ("It was discovered by a", ["botanist", "engineer", "priest", "sailor"]),
        ("The _____ are the cells that carry oxygen.", ["erythrocytes", "plasma", "marrow", "lymph"]),
        ("These _____ feed on bamboo.", ["pandas", "tiger", "otter", "whale"]),
    ] {
        assert_eq!(choice(question, options), [Flaw::GrammaticalClue], "{question}");
    }
    for (question, options) in [
        (
            "A doctor who treats bones is a(n) _____.",
            ["orthopaedist", "dermatologist", "psychiatrist", "urologist"],
        ),
        ("It was written in a", ["university", "monastery", "castle", "prison"]),
        ("It was over after an", ["hour", "evening", "afternoon", "eclipse"]),
        (
            "The _____ are the cells that carry oxygen.",
            ["erythrocytes", "platelets", "leukocytes", "neurons"],
        ),
        ("The _____ is served with rice.", ["chicken", "Netherlands", "salmon", "octopus"]),
    ] {
        assert_eq!(choice(question, options), [], "{question}");
    }
}

#[test]
fn a_question_for_what_is_not_says_so_loudly() {
    let options = ["kiwi", "swan", "hawk", "duck"];
    for question in [
        "Which of these birds cannot fly?",
        "Which bird is not able to fly?",
        "All of these birds fly except which one?",
        "¿Cuál de estas aves no puede volar?",
        "Lequel de ces oiseaux ne vole pas ?",
        "Welcher dieser Vögel kann nicht fliegen?",
        "Qual destas aves não pode voar?",
        "Какая из этих птиц не летает в небе?",
        "أي من هذه الطيور لا يستطيع الطيران؟",
        "下列哪种鸟不会飞?",
    ] {
        assert_eq!(choice(question, options), [Flaw::UnmarkedNegation], "{question}");
    }
    for question in [
        "Which of these birds can NOT fly?",
        "Which of these birds does **not** fly?",
        "Welcher dieser Vögel kann NICHT fliegen?",
        "Why do penguins not fly?",
        "What happens to a bird if it does not moult?",
        "Which option completes the sentence? “A _____ does not fly.”",
        "Qué ave nada mejor que las otras?",
        "下列哪种鸟**不会**飞?",
    ] {
        assert_eq!(choice(question, options), [], "{question}");
    }
}

#[test]
fn a_statement_is_not_negated_twice() {
    for (statement, answer) in [
        ("It is not true that plants do not breathe.", true),
        ("Plants do not need light.", false),
        ("Les plantes n’ont pas besoin de lumière.", false),
        ("Растения не нуждаются в свете и воде.", false),
        ("植物不能没有阳光。", true),
    ] {
        assert_eq!(truth(statement, answer), [Flaw::DoubleNegation], "{statement}");
    }
    for (statement, answer) in [
        ("Fungi do not make their own sugar.", true),
        ("Plants need not only light but also water.", true),
        ("Plants need darkness to make sugar.", false),
        ("植物需要阳光和水。", false),
    ] {
        assert_eq!(truth(statement, answer), [], "{statement}");
    }
}

#[test]
fn a_question_can_be_answered_before_the_options_are_read() {
    let options = ["Water boils.", "Ice burns.", "Steam freezes.", "Snow sings."];
    for question in [
        "Which of the following statements is true?",
        "Plants?",
        "¿Cuál de las siguientes afirmaciones es correcta?",
        "Welche der folgenden Aussagen ist richtig?",
        "下列哪项说法是正确的?",
    ] {
        assert_eq!(choice(question, options), [Flaw::UnfocusedStem], "{question}");
    }
    for question in
        ["Which of these is true of H2O at 100 °C?", "What happens at 100 °C?", "水在一百度时怎样?"]
    {
        assert_eq!(choice(question, options), [], "{question}");
    }
}

#[test]
fn nothing_is_too_long_to_read() {
    let long = "The plant grows a little more each day. ".repeat(25);
    assert_eq!(choice(&format!("{long} What grows?"), ["moss", "fern", "oak", "elm"]), [Flaw::TooLong]);
    assert_eq!(truth(&"Plants grow every day. ".repeat(10), true), []);
}

#[test]
fn nobody_is_sent_back_to_the_source() {
    let options = ["moss", "fern", "oak", "elm"];
    for question in [
        "According to the passage, which plant grows first?",
        "Which plant does the author state in the passage to be first?",
        "Según el texto, ¿qué planta crece primero en el bosque?",
        "Welche Pflanze wächst laut dem Text zuerst?",
        "Согласно тексту, какое растение растёт первым?",
        "根据文章,哪种植物最先生长?",
    ] {
        assert_eq!(choice(question, options), [Flaw::SourceReference], "{question}");
    }
    for question in ["Which plant grows first on bare rock?", "Who said “according to the text”?"] {
        assert_eq!(choice(question, options), [], "{question}");
    }
}

#[test]
fn the_answer_does_not_stand_in_the_question() {
    assert_eq!(
        choice("Where does mitosis of cells begin?", ["mitosis", "meiosis", "fission", "budding"]),
        [Flaw::Clang, Flaw::AnswerInStem]
    );
    assert_eq!(
        typed(QuestionType::ShortAnswer, "What is the name of the Nile in Egypt?", "Nile"),
        [Flaw::AnswerInStem]
    );
    assert_eq!(
        typed(QuestionType::Cloze, "The Nile and the _____ flow north into a sea.", "Nile"),
        [Flaw::AnswerInStem]
    );
    assert_eq!(typed(QuestionType::Cloze, "The _____ flows north into a warm sea.", "Nile"), []);
    assert_eq!(
        choice(
            "Which is larger, the Sun or the Moon?",
            ["the Sun", "the Moon", "Both are alike", "It varies"]
        ),
        []
    );
    let number =
        |question: &str, value| flaws(&draft(QuestionType::Numeric, question, &[], Answer::Number(value)));
    assert_eq!(number("How many of the 8 planets of the Sun are there?", 8.0), [Flaw::AnswerInStem]);
    assert_eq!(number("How many planets has the Sun?", 8.0), []);
    let matching = |left: &str, right: &str| {
        let pairs = [(left, right), ("lung", "takes up oxygen"), ("skin", "keeps germs out")];
        let pairs = pairs.map(|(left, right)| (left.to_owned(), right.to_owned()));
        flaws(&draft(
            QuestionType::Matching,
            "Match each organ with its task.",
            &[],
            Answer::Pairs(pairs.into()),
        ))
    };
    assert_eq!(matching("heart", "the heart pumps blood"), [Flaw::AnswerInStem]);
    assert_eq!(matching("heart", "pumps blood"), []);
    let ordering = |items: [&str; 3]| {
        flaws(&draft(QuestionType::Ordering, "Put these in order.", &items, texts(&items)))
    };
    assert_eq!(ordering(["war in 1914", "peace in 1918", "crash in 1929"]), [Flaw::AnswerInStem]);
    assert_eq!(ordering(["the war", "the peace", "the crash"]), []);
}

#[test]
fn a_cloze_has_one_gap_and_a_sentence_around_it() {
    for question in [
        "Plants need light to make sugar.",
        "The _____ needs _____ to make sugar.",
        "It is _____.",
        "The dh_make command makes a _____.",
    ] {
        assert_eq!(typed(QuestionType::Cloze, question, "leaf"), [Flaw::GapCount], "{question}");
    }
    assert_eq!(typed(QuestionType::Cloze, "A _____ needs light to make sugar.", "leaf"), []);
    assert_eq!(typed(QuestionType::Cloze, "植物用_____把光变成糖。", "叶绿体"), []);
}
