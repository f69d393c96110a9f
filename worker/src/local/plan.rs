//! Which sentences are asked about, and with which kind of question.

use std::collections::{HashMap, HashSet};

use rand::{Rng, RngExt};
use shared::domain::{Answer, Difficulty, Method, QuestionType};

use super::corpus::WordId;
use super::lexicon::Lexicon;
use super::makers;
use super::morphology::fold;
use super::studio::{Proposal, Studio};
use crate::draft::Draft;
use crate::gates::fault;
use crate::likeness::Seen;
use crate::sections::{Place, Section, sections, shares};

/// Questions that may have the same term as their key.
const SAME_KEY: usize = 2;
/// Share of words two sentences may have in common before they count as one.
const SAME_SENTENCE: f64 = 0.7;

/// A quiz in the making.
pub struct Plan<'s, 'd> {
    studio: &'s Studio<'d>,
    /// Sentences that can be asked about, in reading order, with how well they suit.
    sites: Vec<(usize, f64)>,
    slots: Vec<Option<(usize, Draft)>>,
    keys: HashMap<String, usize>,
    used: HashSet<usize>,
    seen: Seen,
    /// The section of each site, as an index into `shares`.
    section_of: Vec<usize>,
    /// Questions each section shall have.
    shares: Vec<usize>,
    /// Sentences quoted for each word, to find the ones that say the same.
    quoting: HashMap<WordId, Vec<usize>>,
    tried: HashSet<(QuestionType, usize)>,
    /// Whether a kind is asked for that most sentences carry.
    shared: bool,
    /// Sentences tried for a kind once every stretch had its turn.
    patience: usize,
}

impl<'s, 'd> Plan<'s, 'd> {
    /// A plan for so many questions.
    pub fn new(studio: &'s Studio<'d>, count: usize, rng: &mut impl Rng) -> Self {
        let sentences = studio.corpus.sentences.iter().enumerate();
        let sites: Vec<(usize, f64)> = sentences
            .filter(|(index, sentence)| sentence.usable && !studio.terms.mentioned(*index).is_empty())
            .map(|(index, _)| (index, suits(studio, index) + rng.random_range(0.0..1.0)))
            .collect();
        // No more questions than sentences, whatever was asked for.
        let count = count.min(sites.len());
        let slots = std::iter::repeat_with(|| None).take(count).collect();
        let sections = sections(studio.corpus.document);
        let place = |index: usize| {
            let sentence = &studio.corpus.sentences[index];
            Place { page: sentence.page, offset: sentence.chars.start }
        };
        let section_of: Vec<usize> = sites
            .iter()
            .map(|(index, _)| sections.partition_point(|section| section.end <= place(*index)))
            .collect();
        // What can be asked about nowhere in a section is asked about in the others.
        let mut inhabited: Vec<usize> = section_of.clone();
        inhabited.dedup();
        let asked: Vec<Section> = inhabited.iter().filter_map(|at| sections.get(*at)).cloned().collect();
        let shares = shares(&asked, count);
        let section_of =
            section_of.iter().filter_map(|section| inhabited.binary_search(section).ok()).collect();
        Self {
            studio,
            sites,
            slots,
            keys: HashMap::new(),
            used: HashSet::new(),
            seen: Seen::default(),
            section_of,
            shares,
            quoting: HashMap::new(),
            tried: HashSet::new(),
            shared: false,
            patience: 400 + 10 * count.min(1_000),
        }
    }

    /// Fills the plan: kinds that few sentences carry choose first, wherever they find one; then each section
    /// of the text gets its share of the others; what stays open goes to the best sentences left, and to the kind
    /// there are fewest questions of.
    pub fn fill(mut self, kinds: &[QuestionType], rng: &mut impl Rng) -> Vec<Draft> {
        let count = self.slots.len();
        self.shared = kinds.iter().any(|kind| !is_rare(*kind));
        let everywhere = self.ranked(0..self.sites.len());
        let mut left: Vec<_> =
            kinds.iter().map(|_| everywhere.iter().copied().take(self.patience).fuse()).collect();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|slot| scarcity(kinds[slot % kinds.len()]));
        order.retain(|slot| is_rare(kinds[slot % kinds.len()]));
        for slot in order {
            let at = slot % kinds.len();
            self.place(slot, kinds[at], &mut left[at], rng);
        }
        self.spread(kinds, rng);
        let mut made: Vec<usize> = kinds.iter().map(|kind| self.made(*kind)).collect();
        let mut open: Vec<usize> = (0..kinds.len()).collect();
        for slot in 0..count {
            while self.slots[slot].is_none() {
                let Some(at) = open.iter().copied().min_by_key(|at| made[*at]) else { break };
                if self.place(slot, kinds[at], &mut left[at], rng) {
                    made[at] += 1;
                } else {
                    open.retain(|other| *other != at);
                }
            }
        }
        let mut drafts: Vec<(usize, Draft)> = self.slots.into_iter().flatten().collect();
        drafts.sort_by_key(|(sentence, _)| *sentence);
        drafts.into_iter().map(|(_, draft)| draft).collect()
    }

    /// Gives the sections what they lack of their shares, those without any question first.
    fn spread(&mut self, kinds: &[QuestionType], rng: &mut impl Rng) {
        let mut have = vec![0; self.shares.len()];
        for (sentence, _) in self.slots.iter().flatten() {
            if let Ok(site) = self.sites.binary_search_by_key(sentence, |(index, _)| *index) {
                have[self.section_of[site]] += 1;
            }
        }
        let mut wanting: Vec<(usize, usize)> = Vec::new();
        for (section, (share, have)) in self.shares.iter().zip(have).enumerate() {
            wanting.extend((have..*share).map(|turn| (turn, section)));
        }
        wanting.sort_unstable();
        let open: Vec<usize> = (0..self.slots.len()).filter(|slot| self.slots[*slot].is_none()).collect();
        let mut made: Vec<usize> = kinds.iter().map(|kind| self.made(*kind)).collect();
        for (slot, (_, section)) in open.into_iter().zip(wanting) {
            let start = self.section_of.partition_point(|of| *of < section);
            let end = self.section_of.partition_point(|of| *of <= section);
            let stretch = self.ranked(start..end);
            let mut order: Vec<usize> = (0..kinds.len()).collect();
            order.sort_by_key(|at| made[*at]);
            let placed =
                order.into_iter().find(|at| self.place(slot, kinds[*at], &mut stretch.iter().copied(), rng));
            if let Some(at) = placed {
                made[at] += 1;
            }
        }
    }

    /// Sentences of a stretch, the best first.
    fn ranked(&self, stretch: std::ops::Range<usize>) -> Vec<usize> {
        let mut sites = self.sites[stretch].to_vec();
        sites.sort_by(|a, b| b.1.total_cmp(&a.1));
        sites.into_iter().map(|(sentence, _)| sentence).collect()
    }

    /// Questions of a kind so far.
    fn made(&self, kind: QuestionType) -> usize {
        self.slots.iter().flatten().filter(|(_, draft)| draft.kind == kind).count()
    }

    /// Fills a slot from the first sentence that carries the kind; false if none does.
    fn place(
        &mut self,
        slot: usize,
        kind: QuestionType,
        sentences: &mut impl Iterator<Item = usize>,
        rng: &mut impl Rng,
    ) -> bool {
        for sentence in sentences {
            if self.used.contains(&sentence)
                || self.resembles(sentence)
                || !self.tried.insert((kind, sentence))
            {
                continue;
            }
            let free = |key: &str| self.keys.get(key).is_none_or(|times| *times < SAME_KEY);
            let proposal = makers::make(self.studio, kind, sentence, &free, rng);
            let fits = |proposal: &Proposal| self.is_new(proposal) && self.affords(proposal);
            let proposal = proposal.filter(fits);
            if let Some(proposal) =
                proposal.filter(|made| self.seen.is_new(&made.draft.question, &made.draft.answer))
            {
                self.take(slot, sentence, proposal);
                return true;
            }
        }
        false
    }

    /// Whether it is sound and quotes nothing the quiz has quoted.
    fn is_new(&self, proposal: &Proposal) -> bool {
        let fresh = proposal
            .sentences
            .iter()
            .all(|sentence| !self.used.contains(sentence) && !self.resembles(*sentence));
        fresh && hides_key(&proposal.draft) && self.passes(&proposal.draft)
    }

    fn passes(&self, draft: &Draft) -> bool {
        fault(self.studio.corpus.document, Method::Local, draft).is_none()
    }

    /// Whether a question over several sentences leaves one for each slot still open; the first of its kind may
    /// take what it needs.
    fn affords(&self, proposal: &Proposal) -> bool {
        let open = self.slots.iter().filter(|slot| slot.is_none()).count();
        let taken = self.used.len() + proposal.sentences.len();
        proposal.sentences.len() == 1
            || !self.shared
            || self.made(proposal.draft.kind) == 0
            || self.sites.len() >= taken + open - 1
    }

    fn resembles(&self, sentence: usize) -> bool {
        let content = |index: usize| &self.studio.corpus.sentences[index].content;
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for quoted in content(sentence).iter().filter_map(|word| self.quoting.get(word)).flatten() {
            *shared.entry(*quoted).or_default() += 1;
        }
        shared.into_iter().any(|(quoted, shared)| {
            let all = content(sentence).len() + content(quoted).len() - shared;
            shared as f64 >= SAME_SENTENCE * all as f64
        })
    }

    fn take(&mut self, slot: usize, sentence: usize, proposal: Proposal) {
        for &quoted in &proposal.sentences {
            self.used.insert(quoted);
            for word in &self.studio.corpus.sentences[quoted].content {
                self.quoting.entry(*word).or_default().push(quoted);
            }
        }
        for key in proposal.keys {
            *self.keys.entry(key).or_default() += 1;
        }
        self.slots[slot] = Some((sentence, proposal.draft));
    }
}

/// Whether the question, its own wording included, does not contain the answer.
fn hides_key(draft: &Draft) -> bool {
    match &draft.answer {
        Answer::Text(key) if draft.kind != QuestionType::TrueFalse => {
            !fold(&draft.question).contains(&fold(key))
        }
        _ => true,
    }
}

/// How well a sentence suits as the ground of a question.
fn suits(studio: &Studio<'_>, index: usize) -> f64 {
    let sentence = &studio.corpus.sentences[index];
    let weight = studio
        .terms
        .mentioned(index)
        .iter()
        .map(|mention| studio.term(mention.term).weight)
        .fold(0.0, f64::max);
    let length = sentence.tokens.len() as f64;
    let ideal = if studio.difficulty == Difficulty::Hard { 22.0 } else { 15.0 };
    let fitting = 1.0 - ((length - ideal).abs() / 25.0).min(1.0);
    let defines = if studio.definition_of(index).is_some() { 1.5 } else { 0.0 };
    // Advice to the reader says less than a statement of fact.
    let lexicon = Lexicon::of(studio.corpus.language);
    let mut words = studio.corpus.tokens_of(sentence).iter();
    let addressed = words.any(|token| lexicon.addresses(&studio.corpus.words[token.word as usize]));
    let personal = if addressed || sentence.orders { 1.5 } else { 0.0 };
    weight * 0.5 - personal + fitting + defines + f64::from(u8::from(sentence.opens)) * 0.3
}

/// Whether few sentences carry a kind.
const fn is_rare(kind: QuestionType) -> bool {
    scarcity(kind) <= 2
}

/// How few sentences carry a kind; the fewest come first.
const fn scarcity(kind: QuestionType) -> u8 {
    match kind {
        QuestionType::Matching | QuestionType::Ordering => 0,
        QuestionType::MultipleSelect => 1,
        QuestionType::Numeric => 2,
        QuestionType::MultipleChoice => 3,
        QuestionType::ShortAnswer | QuestionType::Cloze => 4,
        QuestionType::TrueFalse => 5,
    }
}
