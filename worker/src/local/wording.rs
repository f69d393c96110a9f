//! What the generator says itself, in each language.

use super::language::Language;

/// The sentences of one language; `{}` stands for what is asked about.
#[derive(Debug)]
pub struct Wording {
    /// Asks for the term a definition belongs to.
    pub described: &'static str,
    /// Asks to type the term a definition belongs to.
    pub described_term: &'static str,
    /// Asks for the definition of a term.
    pub what: &'static str,
    /// Introduces a sentence with a gap to choose for.
    pub completes: &'static str,
    /// Introduces a sentence with a gap to type into.
    pub missing: &'static str,
    /// Introduces a sentence whose gap takes a number.
    pub number: &'static str,
    /// Introduces a statement to judge.
    pub truth: &'static str,
    /// Asks for everything a sentence lists.
    pub select: &'static str,
    /// Asks for the order a sentence gives.
    pub order: &'static str,
    /// Asks for dated events in order.
    pub dated: &'static str,
    /// Asks for pairs of terms and descriptions.
    pub pairs: &'static str,
    /// Explains by the source.
    pub says: &'static str,
}

impl Wording {
    /// The wording of a language; English for one that has none.
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::English | Language::Other => &Self {
                described: "Which of these is described as “{}”?",
                described_term: "Which term is described as “{}”?",
                what: "Which description fits {}?",
                completes: "Which option completes the sentence? “{}”",
                missing: "Which word or phrase is missing? “{}”",
                number: "Which number is missing? “{}”",
                truth: "True or false? {}",
                select: "Which of these belong in the gap? “{}”",
                order: "Put these in their proper order. “{}”",
                dated: "Put these events in order, earliest first.",
                pairs: "Match each term with its description.",
                says: "The text says: “{}”",
            },
            Language::Spanish => &Self {
                described: "¿Cuál de estas opciones se describe como «{}»?",
                described_term: "¿Qué término se describe como «{}»?",
                what: "¿Qué descripción corresponde a «{}»?",
                completes: "¿Qué opción completa la oración? «{}»",
                missing: "¿Qué palabra o expresión falta? «{}»",
                number: "¿Qué número falta? «{}»",
                truth: "¿Verdadero o falso? {}",
                select: "¿Cuáles de estas opciones van en el espacio? «{}»",
                order: "Pon estos elementos en su orden. «{}»",
                dated: "Ordena estos hechos del más antiguo al más reciente.",
                pairs: "Relaciona cada término con su descripción.",
                says: "El texto dice: «{}»",
            },
            Language::French => &Self {
                described: "Lequel de ces termes désigne « {} » ?",
                described_term: "Quel terme désigne « {} » ?",
                what: "Quelle description correspond à « {} » ?",
                completes: "Quelle proposition complète la phrase ? « {} »",
                missing: "Quel mot ou quelle expression manque ? « {} »",
                number: "Quel nombre manque ? « {} »",
                truth: "Vrai ou faux ? {}",
                select: "Lesquels de ces éléments vont dans le blanc ? « {} »",
                order: "Remettez ces éléments dans l’ordre. « {} »",
                dated: "Classez ces événements du plus ancien au plus récent.",
                pairs: "Associez chaque terme à sa description.",
                says: "Le texte dit : « {} »",
            },
            Language::German => &Self {
                described: "Was wird so beschrieben: „{}“?",
                described_term: "Welcher Begriff wird so beschrieben: „{}“?",
                what: "Welche Beschreibung passt zu „{}“?",
                completes: "Welche Antwort ergänzt den Satz? „{}“",
                missing: "Welches Wort oder welcher Ausdruck fehlt? „{}“",
                number: "Welche Zahl fehlt? „{}“",
                truth: "Richtig oder falsch? {}",
                select: "Welche davon gehören in die Lücke? „{}“",
                order: "Bringe diese in die richtige Reihenfolge. „{}“",
                dated: "Ordne diese Ereignisse, das früheste zuerst.",
                pairs: "Ordne jedem Begriff seine Beschreibung zu.",
                says: "Im Text steht: „{}“",
            },
            Language::Portuguese => &Self {
                described: "Qual destas opções é descrita como “{}”?",
                described_term: "Que termo é descrito como “{}”?",
                what: "Que descrição corresponde a “{}”?",
                completes: "Qual opção completa a frase? “{}”",
                missing: "Que palavra ou expressão falta? “{}”",
                number: "Que número falta? “{}”",
                truth: "Verdadeiro ou falso? {}",
                select: "Quais destas opções cabem na lacuna? “{}”",
                order: "Coloque estes itens em ordem. “{}”",
                dated: "Ordene estes acontecimentos do mais antigo ao mais recente.",
                pairs: "Associe cada termo à sua descrição.",
                says: "O texto diz: “{}”",
            },
            Language::Russian => &Self {
                described: "Что описывается так: «{}»?",
                described_term: "Какой термин описывается так: «{}»?",
                what: "Какое описание подходит к понятию «{}»?",
                completes: "Какой вариант дополняет предложение? «{}»",
                missing: "Какое слово или выражение пропущено? «{}»",
                number: "Какое число пропущено? «{}»",
                truth: "Верно или неверно? {}",
                select: "Что из этого стоит на месте пропуска? «{}»",
                order: "Расположите в правильном порядке. «{}»",
                dated: "Расположите события от более раннего к более позднему.",
                pairs: "Соотнесите термины с их описаниями.",
                says: "В тексте сказано: «{}»",
            },
            Language::Arabic => &Self {
                described: "أي مما يلي يوصف بأنه «{}»؟",
                described_term: "ما المصطلح الذي يوصف بأنه «{}»؟",
                what: "أي وصف يناسب «{}»؟",
                completes: "أي خيار يكمل الجملة؟ «{}»",
                missing: "ما الكلمة أو العبارة الناقصة؟ «{}»",
                number: "ما العدد الناقص؟ «{}»",
                truth: "صواب أم خطأ؟ {}",
                select: "أي مما يلي يملأ الفراغ؟ «{}»",
                order: "رتب هذه العناصر ترتيبا صحيحا. «{}»",
                dated: "رتب هذه الأحداث من الأقدم إلى الأحدث.",
                pairs: "صل كل مصطلح بوصفه.",
                says: "يقول النص: «{}»",
            },
            Language::Chinese => &Self {
                described: "下列哪一项可描述为“{}”？",
                described_term: "什么可描述为“{}”？",
                what: "哪一项描述符合“{}”？",
                completes: "哪一项能补全这句话？“{}”",
                missing: "缺少的词语是什么？“{}”",
                number: "缺少的数字是多少？“{}”",
                truth: "判断对错：{}",
                select: "空白处应填入下列哪些？“{}”",
                order: "请按正确的顺序排列。“{}”",
                dated: "请按时间先后排列这些事件。",
                pairs: "请将术语与其描述配对。",
                says: "文中写道：“{}”",
            },
        }
    }
}

/// A template with its gap filled.
pub fn fill(template: &str, with: &str) -> String {
    template.replacen("{}", with, 1)
}
