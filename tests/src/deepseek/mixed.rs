//! Replies by chance, from a seed.

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::{Flaw, Reply};

/// How often a request gets which sort of reply; the rest are good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixed {
    /// With the request and how often it has come before it decides the reply, in whichever order requests come.
    pub seed: u64,
    /// Share of faults after which the same request may succeed, from 0 to 1.
    pub transient: f64,
    /// Share of answers that follow the protocol and are wrong.
    pub flawed: f64,
    /// Share of refusals for good.
    pub refused: f64,
}

impl Mixed {
    /// The reply to the request with this hash, `seen` times before.
    pub(super) fn reply(&self, request: u64, seen: usize) -> Reply {
        let mut dice = StdRng::seed_from_u64(
            self.seed ^ request.rotate_left(17) ^ (seen as u64).wrapping_mul(0x9e37_79b9),
        );
        let mut share: f64 = dice.random();
        for (part, pick) in [
            (self.transient, transient as fn(&mut StdRng) -> Reply),
            (self.flawed, flawed),
            (self.refused, refused),
        ] {
            if share < part {
                return pick(&mut dice);
            }
            share -= part;
        }
        // Good ones come in many forms too.
        match dice.random_range(0..8) {
            0 => Reply::Chopped(dice.random_range(1..200)),
            1 => Reply::KeepAlives(2),
            2 => Reply::ProseAround,
            _ => Reply::Good,
        }
    }
}

fn transient(dice: &mut StdRng) -> Reply {
    let count = dice.random_range(0..6);
    match dice.random_range(0..14) {
        0 => Reply::Status(429, Some("1".to_owned())),
        1 => Reply::Status(429, None),
        2 => Reply::Status(500, None),
        3 => Reply::Status(503, Some("1".to_owned())),
        4 => Reply::Blank,
        5 => Reply::Flawed(*[Flaw::BlankJson, Flaw::Empty].choose(dice).expect("two flaws")),
        6 => Reply::Truncated(count),
        7 => Reply::CutMidStream(count),
        8 => Reply::EndsEarly(count),
        9 => Reply::HangAfter(count),
        10 => Reply::Hang,
        11 => Reply::Malformed,
        12 => Reply::ErrorEvent,
        _ => Reply::InsufficientSystemResource,
    }
}

fn flawed(dice: &mut StdRng) -> Reply {
    Reply::Flawed(*Flaw::ALL.choose(dice).expect("flaws"))
}

fn refused(dice: &mut StdRng) -> Reply {
    match dice.random_range(0..5) {
        0 => Reply::ContentFilter,
        choice => Reply::Status([400, 401, 402, 422][choice - 1], None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_as_asked_and_replies_as_the_seed_has_them() {
        let mixed = Mixed { seed: 7, transient: 0.2, flawed: 0.0, refused: 0.1 };
        let reply = |request| format!("{:?}", mixed.reply(request, 0));
        let faults = (0..4000).filter(|request| {
            !matches!(
                mixed.reply(*request, 0),
                Reply::Good | Reply::Chopped(_) | Reply::KeepAlives(_) | Reply::ProseAround
            )
        });
        let faults = faults.count();
        assert!((1080..1320).contains(&faults), "{faults} of 4000");
        assert_eq!((0..99).map(reply).collect::<Vec<_>>(), (0..99).map(reply).collect::<Vec<_>>());
        let again = (0..4000).filter(|request| reply(*request) == format!("{:?}", mixed.reply(*request, 1)));
        assert!(again.count() < 3500, "a repeated request is decided anew");
    }
}
