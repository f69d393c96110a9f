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
                described: "Which of these is described in the text as “{}”?",
                described_term: "Which term does the text describe as “{}”?",
                what: "How does the text describe {}?",
                completes: "Which option completes the sentence? “{}”",
                missing: "Which word or phrase is missing? “{}”",
                number: "Which number is missing? “{}”",
                truth: "True or false? {}",
                select: "Which of these does the text name? “{}”",
                order: "Put these in the order the text gives. “{}”",
                dated: "Put these events in order, earliest first.",
                pairs: "Match each term with its description.",
                says: "The text says: “{}”",
            },
            Language::Spanish => &Self {
                described: "¿Cuál de estas opciones describe el texto como «{}»?",
                described_term: "¿Qué término describe el texto como «{}»?",
                what: "¿Cómo se describe en el texto: {}?",
                completes: "¿Qué opción completa la oración? «{}»",
                missing: "¿Qué palabra o expresión falta? «{}»",
                number: "¿Qué número falta? «{}»",
                truth: "¿Verdadero o falso? {}",
                select: "¿Cuáles de estas opciones nombra el texto? «{}»",
                order: "Ordena estos elementos como los da el texto. «{}»",
                dated: "Ordena estos hechos del más antiguo al más reciente.",
                pairs: "Relaciona cada término con su descripción.",
                says: "El texto dice: «{}»",
            },
            Language::French => &Self {
                described: "Lequel de ces termes le texte décrit-il comme « {} » ?",
                described_term: "Quel terme le texte décrit-il comme « {} » ?",
                what: "Comment le texte décrit-il ceci : {} ?",
                completes: "Quelle proposition complète la phrase ? « {} »",
                missing: "Quel mot ou quelle expression manque ? « {} »",
                number: "Quel nombre manque ? « {} »",
                truth: "Vrai ou faux ? {}",
                select: "Lesquels de ces éléments le texte nomme-t-il ? « {} »",
                order: "Remettez ces éléments dans l’ordre du texte. « {} »",
                dated: "Classez ces événements du plus ancien au plus récent.",
                pairs: "Associez chaque terme à sa description.",
                says: "Le texte dit : « {} »",
            },
            Language::German => &Self {
                described: "Was beschreibt der Text als „{}“?",
                described_term: "Welchen Begriff beschreibt der Text als „{}“?",
                what: "Wie beschreibt der Text Folgendes: {}?",
                completes: "Welche Antwort ergänzt den Satz? „{}“",
                missing: "Welches Wort oder welcher Ausdruck fehlt? „{}“",
                number: "Welche Zahl fehlt? „{}“",
                truth: "Richtig oder falsch? {}",
                select: "Welche davon nennt der Text? „{}“",
                order: "Bringe diese in die Reihenfolge des Textes. „{}“",
                dated: "Ordne diese Ereignisse, das früheste zuerst.",
                pairs: "Ordne jedem Begriff seine Beschreibung zu.",
                says: "Im Text steht: „{}“",
            },
            Language::Portuguese => &Self {
                described: "Qual destas opções o texto descreve como “{}”?",
                described_term: "Que termo o texto descreve como “{}”?",
                what: "Como o texto descreve: {}?",
                completes: "Qual opção completa a frase? “{}”",
                missing: "Que palavra ou expressão falta? “{}”",
                number: "Que número falta? “{}”",
                truth: "Verdadeiro ou falso? {}",
                select: "Quais destas opções o texto menciona? “{}”",
                order: "Coloque estes itens na ordem do texto. “{}”",
                dated: "Ordene estes acontecimentos do mais antigo ao mais recente.",
                pairs: "Associe cada termo à sua descrição.",
                says: "O texto diz: “{}”",
            },
            Language::Russian => &Self {
                described: "Что в тексте описано так: «{}»?",
                described_term: "Какой термин описан в тексте так: «{}»?",
                what: "Как в тексте описано понятие «{}»?",
                completes: "Какой вариант дополняет предложение? «{}»",
                missing: "Какое слово или выражение пропущено? «{}»",
                number: "Какое число пропущено? «{}»",
                truth: "Верно или неверно? {}",
                select: "Что из этого названо в тексте? «{}»",
                order: "Расположите в том порядке, в каком это названо в тексте. «{}»",
                dated: "Расположите события от более раннего к более позднему.",
                pairs: "Соотнесите термины с их описаниями.",
                says: "В тексте сказано: «{}»",
            },
            Language::Arabic => &Self {
                described: "أي مما يلي يصفه النص بأنه «{}»؟",
                described_term: "ما المصطلح الذي يصفه النص بأنه «{}»؟",
                what: "كيف يصف النص: {}؟",
                completes: "أي خيار يكمل الجملة؟ «{}»",
                missing: "ما الكلمة أو العبارة الناقصة؟ «{}»",
                number: "ما العدد الناقص؟ «{}»",
                truth: "صواب أم خطأ؟ {}",
                select: "أي مما يلي يذكره النص؟ «{}»",
                order: "رتب العناصر كما وردت في النص. «{}»",
                dated: "رتب هذه الأحداث من الأقدم إلى الأحدث.",
                pairs: "صل كل مصطلح بوصفه.",
                says: "يقول النص: «{}»",
            },
            Language::Chinese => &Self {
                described: "文中把下列哪一项描述为“{}”？",
                described_term: "文中把什么描述为“{}”？",
                what: "文中如何描述“{}”？",
                completes: "哪一项能补全这句话？“{}”",
                missing: "缺少的词语是什么？“{}”",
                number: "缺少的数字是多少？“{}”",
                truth: "判断对错：{}",
                select: "文中提到了下列哪些？“{}”",
                order: "请按文中的顺序排列。“{}”",
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
