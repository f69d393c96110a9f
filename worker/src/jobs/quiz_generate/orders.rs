//! Which sections are asked about how many questions, call by call.

use serde::{Deserialize, Serialize};

use crate::{
    material::Material,
    sections::{Section, shares},
};

/// Questions asked of a model in one call.
const CALL_SIZE: usize = 10;
/// Rounds without a question after which a section is taken to prove no more.
const FRUITLESS_MAX: u32 = 2;
/// Rounds after which a model is not asked again.
const ROUNDS_MAX: u32 = 40;

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// Sections to ask about, by index, all in one window.
    pub sections: Vec<usize>,
    /// Questions wanted.
    pub count: usize,
    /// Questions about these sections that exist or were refused.
    pub already: Vec<String>,
}

/// Calls that may be made at the same time, and what was there before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Round {
    /// Counts from 0.
    number: u32,
    pub orders: Vec<Order>,
    /// Questions that each section had before, and those that were refused with them.
    before: Vec<(usize, usize)>,
    /// For how many rounds in a row each section gave none.
    fruitless: Vec<u32>,
}

impl Round {
    /// The first round: questions are spread over all sections in proportion to their length.
    pub(super) fn first(material: &Material, total: usize, asked: &Asked) -> Self {
        let fruitless = vec![0; material.sections.len()];
        Self::of(0, material, total, asked, fruitless)
    }

    /// The round after this one, which asks for what is missing; it has no orders when nothing is, or nothing is to
    /// be expected.
    pub(super) fn next(&self, material: &Material, total: usize, asked: &Asked) -> Self {
        let wanted = |section: &usize| self.orders.iter().any(|order| order.sections.contains(section));
        let counted = |section: usize| {
            let (had, knew) = self.before[section];
            if asked.counts[section] > had {
                0
            } else if wanted(&section) && asked.texts[section].len() == knew {
                // Who is asked the same again says the same again.
                FRUITLESS_MAX
            } else {
                self.fruitless[section] + u32::from(wanted(&section))
            }
        };
        let fruitless = (0..self.fruitless.len()).map(counted).collect();
        Self::of(self.number + 1, material, total, asked, fruitless)
    }

    fn of(number: u32, material: &Material, total: usize, asked: &Asked, fruitless: Vec<u32>) -> Self {
        let wants = if number < ROUNDS_MAX { wants(material, total, asked, &fruitless) } else { Vec::new() };
        Self { number, orders: orders(material, &wants, asked), before: asked.sizes(), fruitless }
    }
}

/// Questions that exist or were refused, by section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// How many exist.
    pub counts: Vec<usize>,
    /// Texts of both.
    pub texts: Vec<Vec<String>>,
}

impl Asked {
    pub(super) fn of(sections: usize) -> Self {
        Self { counts: vec![0; sections], texts: vec![Vec::new(); sections] }
    }

    fn sizes(&self) -> Vec<(usize, usize)> {
        self.counts.iter().zip(&self.texts).map(|(count, texts)| (*count, texts.len())).collect()
    }

    pub(super) fn exists(&mut self, section: usize, question: &str) {
        if let Some(count) = self.counts.get_mut(section) {
            *count += 1;
        }
        self.refused(section, question);
    }

    pub(super) fn refused(&mut self, section: usize, question: &str) {
        if let Some(texts) = self.texts.get_mut(section)
            && !texts.iter().any(|text| text == question)
        {
            texts.push(question.to_owned());
        }
    }
}

/// How many questions each section shall still give.
fn wants(material: &Material, total: usize, asked: &Asked, fruitless: &[u32]) -> Vec<usize> {
    let missing = total.saturating_sub(asked.counts.iter().sum());
    let is_open = |section: usize| fruitless[section] < FRUITLESS_MAX;
    let targets = shares(&material.sections, total);
    let mut wants: Vec<usize> = (0..targets.len())
        .map(|section| match is_open(section) {
            true => targets[section].saturating_sub(asked.counts[section]),
            false => 0,
        })
        .collect();
    // What other sections cannot give.
    let open: Vec<usize> = (0..wants.len()).filter(|section| is_open(*section)).collect();
    let sections: Vec<Section> = open.iter().map(|section| material.sections[*section].clone()).collect();
    let extra = shares(&sections, missing.saturating_sub(wants.iter().sum()));
    for (section, extra) in open.iter().zip(extra) {
        wants[*section] += extra;
    }
    let mut surplus = wants.iter().sum::<usize>().saturating_sub(missing);
    for want in wants.iter_mut().rev() {
        let less = surplus.min(*want);
        *want -= less;
        surplus -= less;
    }
    wants
}

fn orders(material: &Material, wants: &[usize], asked: &Asked) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for (section, want) in wants.iter().enumerate().filter(|(_, want)| **want > 0) {
        let want = (*want).min(CALL_SIZE);
        let already = asked.texts[section].iter().cloned();
        let fits = |order: &&mut Order| {
            order.count + want <= CALL_SIZE
                && order.sections.iter().all(|other| material.window(*other).contains(&section))
        };
        match orders.last_mut().filter(fits) {
            Some(order) => {
                order.sections.push(section);
                order.count += want;
                order.already.extend(already);
            }
            None => orders.push(Order { sections: vec![section], count: want, already: already.collect() }),
        }
    }
    // Whoever asks for the same asks in the same words, in whichever order questions came.
    orders.iter_mut().for_each(|order| order.already.sort());
    orders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn material(sections: usize) -> Material {
        let chapter = |number| format!("# Chapter {number}\n\n{}.\n\n", "word ".repeat(500).trim_end());
        let material = Material::new(Document::from_text((0..sections).map(chapter).collect::<String>()));
        assert_eq!(material.sections.len(), sections);
        material
    }

    fn counts(round: &Round) -> Vec<usize> {
        round.orders.iter().map(|order| order.count).collect()
    }

    /// Every section but these gives what it is asked for.
    fn answer(round: &Round, material: &Material, asked: &mut Asked, total: usize, but: &[usize]) {
        let wants = wants(material, total, asked, &round.fruitless);
        for section in round.orders.iter().flat_map(|order| &order.sections) {
            for _ in 0..if but.contains(section) { 0 } else { wants[*section].min(CALL_SIZE) } {
                let number = asked.counts[*section];
                asked.exists(*section, &format!("{section} {number}"));
            }
        }
    }

    #[test]
    fn questions_are_spread_over_all_sections() {
        let material = material(12);
        let round = Round::first(&material, 24, &Asked::of(12));
        assert_eq!(counts(&round), [10, 10, 4]);
        let sections: Vec<usize> = round.orders.iter().flat_map(|order| order.sections.clone()).collect();
        assert_eq!(sections, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn a_short_text_is_asked_again_and_again_and_told_what_there_is() {
        let (material, mut asked) = (material(1), Asked::of(1));
        let mut round = Round::first(&material, 25, &asked);
        for (want, had) in [(10, 0), (10, 10), (5, 20)] {
            assert_eq!((counts(&round), round.orders[0].already.len()), (vec![want], had));
            answer(&round, &material, &mut asked, 25, &[]);
            round = round.next(&material, 25, &asked);
        }
        assert_eq!(round.orders, []);
    }

    #[test]
    fn what_some_sections_cannot_give_others_do() {
        let (material, mut asked) = (material(3), Asked::of(3));
        let mut round = Round::first(&material, 12, &asked);
        assert_eq!(counts(&round), [8, 4]);
        // The first one gives nothing, ever.
        let mut rounds = 0;
        while !round.orders.is_empty() {
            answer(&round, &material, &mut asked, 12, &[0]);
            round = round.next(&material, 12, &asked);
            rounds += 1;
        }
        assert_eq!((asked.counts, rounds), (vec![0, 6, 6], 2));
    }

    #[test]
    fn who_gives_nothing_is_not_asked_for_ever() {
        let (material, mut asked) = (material(2), Asked::of(2));
        let first = Round::first(&material, 5, &asked);
        assert_eq!(counts(&first), [5]);
        assert_eq!(first.next(&material, 5, &asked).orders, [], "the same would be asked again");
        asked.refused(0, "Which?");
        asked.refused(1, "What?");
        let second = first.next(&material, 5, &asked);
        assert_eq!(counts(&second), [5]);
        asked.refused(0, "Which one?");
        asked.refused(1, "What is it?");
        assert_eq!(second.next(&material, 5, &asked).orders, [], "twice is enough");
    }

    #[test]
    fn a_call_is_about_one_window() {
        let material = Material::new(Document::from_text(
            (0..900).map(|n| format!("# Chapter {n}\n\n{}.\n\n", "word ".repeat(200))).collect::<String>(),
        ));
        let round = Round::first(&material, 200, &Asked::of(material.sections.len()));
        assert_eq!(counts(&round).iter().sum::<usize>(), 200);
        for order in &round.orders {
            let window = material.window(order.sections[0]);
            assert!(order.sections.iter().all(|section| window.contains(section)));
        }
    }
}
