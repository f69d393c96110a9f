//! Who gets which session.

use std::cmp::Reverse;

use shared::domain::{Priority, Subject, SubjectDifficulty};

use super::timetable::Session;

/// Most sessions of one subject in a row on a day.
const RUN_MAX: usize = 2;

/// The share of time a subject should have beside others.
fn weight(subject: &Subject) -> u64 {
    let difficulty = match subject.difficulty {
        SubjectDifficulty::Easy => 2,
        SubjectDifficulty::Moderate => 3,
        SubjectDifficulty::Hard => 4,
    };
    let priority = match subject.priority {
        Priority::Low => 2,
        Priority::Medium => 3,
        Priority::High => 4,
    };
    difficulty * priority
}

/// The subject of each session, by its place in `subjects`.
pub(super) fn subjects(subjects: &[Subject], sessions: &[Session]) -> Vec<usize> {
    // Places are dealt to seats, the first for the greatest weight. Who sits where is settled at the end, when the
    // minutes of each seat are known.
    let mut by_weight: Vec<usize> = (0..subjects.len()).collect();
    by_weight.sort_by_key(|subject| Reverse(weight(&subjects[*subject])));
    let weights: Vec<u64> = by_weight.iter().map(|subject| weight(&subjects[*subject])).collect();
    let seats = deal(&shares(&weights, sessions.len()), sessions);

    let mut minutes = vec![0; subjects.len()];
    for (seat, session) in seats.iter().zip(sessions) {
        minutes[*seat] += session.minutes;
    }
    let mut by_minutes: Vec<usize> = (0..subjects.len()).collect();
    by_minutes.sort_by_key(|seat| Reverse(minutes[*seat]));
    let mut sits = vec![0; subjects.len()];
    for (subject, seat) in by_weight.iter().zip(by_minutes) {
        sits[seat] = *subject;
    }
    seats.into_iter().map(|seat| sits[seat]).collect()
}

/// How many of `count` sessions each gets: one at least if there are enough, then by highest averages. Nobody gets
/// more than two of three where there are several, because nobody has more than two in a row.
fn shares(weights: &[u64], count: usize) -> Vec<usize> {
    let most = if weights.len() > 1 { (count * 2).div_ceil(3) } else { count };
    let mut shares: Vec<usize> = (0..weights.len()).map(|seat| usize::from(seat < count)).collect();
    for _ in weights.len()..count {
        // The first of equals: the greatest weight.
        let open = (0..weights.len()).filter(|seat| shares[*seat] < most);
        let average = |seat: &usize| weights[*seat] as f64 / (shares[*seat] + 1) as f64;
        let next = open.rev().max_by(|one, other| average(one).total_cmp(&average(other)));
        if let Some(seat) = next {
            shares[seat] += 1;
        }
    }
    shares
}

/// Spreads each seat's sessions evenly over the time.
fn deal(shares: &[usize], sessions: &[Session]) -> Vec<usize> {
    let count = sessions.len() as i64;
    let mut dealt = vec![0_i64; shares.len()];
    let mut order: Vec<usize> = Vec::with_capacity(sessions.len());
    for (place, session) in sessions.iter().enumerate() {
        let same_day = order.iter().zip(sessions).rev().take_while(|(_, other)| other.date == session.date);
        let recent: Vec<usize> = same_day.map(|(seat, _)| *seat).take(RUN_MAX).collect();
        let run = recent.iter().take_while(|seat| **seat == recent[0]).count();
        // How far a seat is behind an even spread, in sessions times `count`.
        let behind = |seat: usize| shares[seat] as i64 * (place as i64 + 1) - dealt[seat] * count;
        let rank = |seat: &usize| {
            let unfinished = dealt[*seat] < shares[*seat] as i64;
            // The seat before waits, unless it is more than a session behind.
            let waits = recent.first() == Some(seat) && behind(*seat) <= count;
            (unfinished, !waits, behind(*seat), Reverse(*seat))
        };
        let tired = |seat: &usize| run >= RUN_MAX && recent[0] == *seat && shares.len() > 1;
        let next = (0..shares.len()).filter(|seat| !tired(seat)).max_by_key(rank).unwrap_or(0);
        dealt[next] += 1;
        order.push(next);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_one_then_the_weights_decide() {
        assert_eq!(shares(&[16, 4], 5), [4, 1]);
        assert_eq!(shares(&[16, 16, 4, 4], 4), [1, 1, 1, 1]);
        assert_eq!(shares(&[16, 9, 4], 2), [1, 1, 0]);
        assert_eq!(shares(&[9, 9, 9], 7), [3, 2, 2]);
        assert_eq!(shares(&[16, 4], 30), [20, 10]);
        assert_eq!(shares(&[4], 9), [9]);
    }
}
