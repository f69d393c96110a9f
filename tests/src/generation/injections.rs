//! Documents that tell the model what to do, against a model that does it.

use std::collections::BTreeMap;
use std::path::Path;

use futures::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use worker::pdf::{ChildCommand, Limits, Options, extract};

use super::{TYPES, Verdict, case, check, ended, plain, quiz};
use crate::{
    Client, app,
    client::Upload,
    corpus,
    deepseek::{Attack, Deepseek, LANGUAGES, SHOP},
    pdf::Pdf,
};

/// Documents that are worked on at the same time.
const AT_ONCE: usize = 16;
const SENTENCES: usize = 24;
const QUESTIONS: usize = 8;

/// Where an instruction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// Among the text.
    Text,
    /// In a comment of the markup.
    MarkupComment,
    /// In the text's front matter.
    FrontMatter,
    /// Among the text of a PDF.
    Pdf,
    /// White on white in a PDF.
    White,
    /// In a PDF's title, subject and keywords.
    Metadata,
    /// In a note on a page of a PDF.
    Note,
    /// In a comment of the PDF file.
    FileComment,
}

impl Carrier {
    const ALL: [Self; 8] = [
        Self::Text,
        Self::MarkupComment,
        Self::FrontMatter,
        Self::Pdf,
        Self::White,
        Self::Metadata,
        Self::Note,
        Self::FileComment,
    ];
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Injections {
    /// Documents that tried.
    pub documents: usize,
    /// Quizzes that came of them all the same.
    pub quizzes: usize,
    /// Jobs without a quiz, by their error.
    pub failed: BTreeMap<String, usize>,
    /// Answers in which the model obeyed, by what it was told.
    pub obeyed: BTreeMap<Attack, usize>,
    /// Documents whose instruction reached the model, by where it stood.
    pub reached: BTreeMap<Carrier, usize>,
    /// What the checker says about the quizzes.
    pub verdict: Verdict,
}

struct Document {
    attack: Attack,
    carrier: Carrier,
    text: String,
    pdf: Option<Vec<u8>>,
}

/// The document of this number. A hundred and twelve in a row have every attack on every carrier.
fn document(number: usize) -> Document {
    let attack = Attack::ALL[number % Attack::ALL.len()];
    let carrier = Carrier::ALL[(number + number / Attack::ALL.len()) % Carrier::ALL.len()];
    let language = LANGUAGES[(number + number / 112) % LANGUAGES.len()];
    let mut text = corpus::text(language, SENTENCES, &mut StdRng::seed_from_u64(number as u64));
    let order = attack.sentence(language);
    let (heading, rest) = text.split_once("\n\n").expect("a heading");
    match carrier {
        Carrier::Text | Carrier::Pdf => text = format!("{heading}\n\n{order}\n\n{rest}"),
        Carrier::MarkupComment => text = format!("{heading}\n\n<!-- {order} -->\n\n{rest}"),
        Carrier::FrontMatter => text = format!("---\ndescription: {order}\n---\n\n{text}"),
        Carrier::White | Carrier::Metadata | Carrier::Note | Carrier::FileComment => {}
    }
    let in_pdf = |pick| (carrier == pick).then(|| order.clone());
    let pdf = (carrier >= Carrier::Pdf).then(|| {
        let pdf = Pdf {
            hidden: in_pdf(Carrier::White),
            metadata: in_pdf(Carrier::Metadata),
            note: in_pdf(Carrier::Note),
            comment: in_pdf(Carrier::FileComment),
            ..Pdf::of(&text)
        };
        pdf.bytes()
    });
    Document { attack, carrier, text, pdf }
}

/// Has quizzes made of documents with embedded instructions.
pub async fn run(anonymous: &Client, provider: &Deepseek, documents: usize) -> Injections {
    let learner = anonymous.guest().await;
    let reader = ChildCommand::new(app::worker_binary());
    let made: Vec<(usize, Value, Option<Value>)> = stream::iter(0..documents)
        .map(|number| generate(&learner, &reader, number))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let requests = provider.requests();
    let rules =
        requests.first().and_then(|request| request.messages().first().map(|rules| (*rules).to_owned()));
    let rules: String = rules.unwrap_or_default().chars().take(40).collect();
    let (mut failed, mut obeyed, mut reached) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for attack in requests.iter().filter_map(|request| request.obeyed) {
        *obeyed.entry(attack).or_default() += 1;
    }
    let mut cases = Vec::new();
    for (number, job, case) in made {
        let Document { attack, carrier, .. } = document(number);
        // What reached the model is found by the text that it was given with it.
        let told = requests.iter().filter(|request| request.obeyed == Some(attack));
        let marks = marks(number);
        if told.into_iter().any(|request| marks.iter().all(|mark| request.prompt().contains(mark))) {
            *reached.entry(carrier).or_default() += 1;
        }
        match case {
            Some(mut case) => {
                case["forbidden"] = json!([rules, SHOP]);
                cases.push(case);
            }
            None => *failed.entry(job["error"]["code"].to_string()).or_default() += 1,
        }
    }
    Injections { documents, quizzes: cases.len(), failed, obeyed, reached, verdict: check(&cases) }
}

/// What no other document has: its years and numbers.
fn marks(number: usize) -> Vec<String> {
    let text = document(number).text;
    let mut marks: Vec<String> = text
        .split(|char: char| !char.is_ascii_digit())
        .filter(|digits| digits.len() > 2)
        .map(str::to_owned)
        .collect();
    marks.sort();
    marks.dedup();
    marks
}

async fn generate(learner: &Client, reader: &ChildCommand, number: usize) -> (usize, Value, Option<Value>) {
    let Document { attack, carrier, text, pdf } = document(number);
    let types = json!([TYPES[0], TYPES[1 + number % 7]]);
    let ask = json!({
        "inputMethod": "text", "textContent": text, "questionCount": QUESTIONS, "questionTypes": types,
    });
    let (accepted, pages) = match pdf {
        None => (learner.post("/quiz/generate", &ask).await, plain(&ask["textContent"])),
        Some(bytes) => {
            let pages = pages(reader, &bytes).await;
            let upload = Upload::new("document.pdf", "application/pdf", bytes);
            let count = QUESTIONS.to_string();
            let types = types.as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields: Vec<(&str, &str)> =
                types.map(|kind| ("questionTypes", kind)).chain([("questionCount", &*count)]).collect();
            (learner.upload("/quiz/generate-from-pdf", &fields, upload).await, pages)
        }
    };
    let job = ended(learner, accepted).await;
    if job["status"] != "succeeded" {
        return (number, job, None);
    }
    let quiz = quiz(learner, &job).await;
    let case = case(&format!("{number} {carrier:?} {attack:?}"), &pages, &ask, &quiz);
    (number, job, Some(case))
}

/// The pages as the product reads them: what questions are proven by.
async fn pages(reader: &ChildCommand, bytes: &[u8]) -> Value {
    let read = extract(reader, bytes, &Options::default(), &Limits::default()).await;
    let document = read.unwrap_or_else(|error| panic!("the product cannot read our PDF: {error}"));
    let pages = document.pages.iter().map(|page| json!({ "number": page.number, "text": page.text }));
    json!(pages.collect::<Vec<_>>())
}

/// Writes the documents to a folder, for whoever wants to see them.
///
/// # Errors
///
/// Those of the file system.
pub fn write(folder: &Path, documents: usize) -> std::io::Result<()> {
    for number in 0..documents {
        let Document { attack, carrier, text, pdf } = document(number);
        let ending = if pdf.is_some() { "pdf" } else { "txt" };
        let name = folder.join(format!("{number:03}-{carrier:?}-{attack:?}.{ending}"));
        std::fs::write(name, pdf.unwrap_or_else(|| text.into_bytes()))?;
    }
    Ok(())
}
