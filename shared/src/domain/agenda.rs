//! Agendas of the old frontend: subjects spread over hours, and tasks put into a good order. No model is asked, and
//! the same request always gives the same agenda.

use std::cmp::Reverse;

use super::{Day, Priority, fold};

/// A session's usual length, and the least it may have where there is too little time for all subjects, in minutes.
const SESSION: u32 = 45;
const SESSION_MIN: u32 = 15;
/// Lengths are multiples of this, in minutes.
const STEP: u32 = 5;

/// A session of an agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What to do.
    pub title: String,
    /// Which goals it serves; empty where none.
    pub description: String,
    /// Its subject.
    pub subject: String,
    /// How long it takes.
    pub minutes: u32,
    /// High where a goal names the subject, low for going over it again.
    pub priority: Priority,
}

/// Spreads so many minutes over subjects. A subject that goals name gets up to three times the time of one that none
/// names; each subject is studied, then practised, and reviewed last. No subject follows itself while another has
/// sessions left.
pub fn spread(subjects: &[String], minutes: u32, goals: &[String]) -> Vec<Outline> {
    let lengths = lengths(subjects.len(), minutes);
    let naming: Vec<Vec<&String>> = subjects.iter().map(|subject| naming(goals, subject)).collect();
    let weights: Vec<usize> = naming.iter().map(|goals| 1 + goals.len().min(2)).collect();
    let shares = shares(&weights, lengths.len());
    let general: Vec<&String> =
        goals.iter().filter(|goal| !naming.iter().any(|named| named.contains(goal))).collect();

    let mut left = shares.clone();
    let mut last = None;
    let mut outlines = Vec::with_capacity(lengths.len());
    for minutes in lengths {
        let open = |at: &usize| left[*at] > 0 && Some(*at) != last;
        let Some(at) = (0..subjects.len()).filter(open).max_by_key(|at| (left[*at], Reverse(*at))).or(last)
        else {
            break;
        };
        let number = shares[at] - left[at];
        let (verb, priority) = match (number, shares[at]) {
            (number, share) if share > 2 && number + 1 == share => ("Review", Priority::Low),
            (_, _) if naming[at].is_empty() => (verb(number), Priority::Medium),
            _ => (verb(number), Priority::High),
        };
        let served = if naming[at].is_empty() { &general } else { &naming[at] };
        outlines.push(Outline {
            title: format!("{verb} {}", subjects[at]),
            description: served.iter().map(|goal| goal.as_str()).collect::<Vec<_>>().join("; "),
            subject: subjects[at].clone(),
            minutes,
            priority,
        });
        left[at] -= 1;
        last = Some(at);
    }
    outlines
}

fn verb(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "Study" } else { "Practise" }
}

/// The goals that name a subject.
fn naming<'a>(goals: &'a [String], subject: &str) -> Vec<&'a String> {
    let subject = fold(subject);
    goals.iter().filter(|goal| !subject.is_empty() && fold(goal).contains(&subject)).collect()
}

/// The lengths of as many sessions as fit, which make up the whole.
fn lengths(subjects: usize, minutes: u32) -> Vec<u32> {
    let steps = minutes / STEP;
    let most = (minutes / SESSION_MIN).max(1) as usize;
    let count = ((minutes + SESSION / 2) / SESSION).max(1) as usize;
    let count = count.max(subjects.min(most)) as u32;
    (0..count).map(|at| (steps / count + u32::from(at < steps % count)) * STEP).collect()
}

/// How many of so many sessions each weight gets: one at least while there are enough, then by highest averages.
fn shares(weights: &[usize], count: usize) -> Vec<usize> {
    let mut shares: Vec<usize> = (0..weights.len()).map(|at| usize::from(at < count)).collect();
    for _ in weights.len()..count {
        // Fractions compared without dividing; the first of equals.
        let next = (0..weights.len()).rev().max_by(|one, other| {
            (weights[*one] * (shares[*other] + 1)).cmp(&(weights[*other] * (shares[*one] + 1)))
        });
        if let Some(next) = next {
            shares[next] += 1;
        }
    }
    shares
}

/// A task as far as its place in an order depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The day on which it is due.
    pub due: Option<Day>,
    /// How much it matters.
    pub priority: Priority,
    /// Minutes it takes.
    pub minutes: u32,
    /// Its subject.
    pub subject: String,
    /// Whether it is done.
    pub completed: bool,
}

/// A good order of tasks, by their places: what is due first comes first, then what matters most, then what is soonest
/// done; subjects take turns among tasks that are alike. What is done comes last.
pub fn ordered(tasks: &[Pending]) -> Vec<usize> {
    let mut open: Vec<usize> = (0..tasks.len()).filter(|at| !tasks[*at].completed).collect();
    let rank = |at: &usize| {
        let task = &tasks[*at];
        (task.due.is_none(), task.due, Reverse(task.priority))
    };
    open.sort_by_key(|at| (rank(at), tasks[*at].minutes));
    let alike = open.chunk_by(|one, next| rank(one) == rank(next));
    let done = (0..tasks.len()).filter(|at| tasks[*at].completed);
    alike.flat_map(|alike| turns(tasks, alike)).chain(done).collect()
}

/// The days on which tasks are done one after another, from `today` on, when a day takes so many minutes. What is done
/// takes none.
pub fn days(tasks: &[Pending], daily_minutes: u32, today: Day) -> Vec<Day> {
    let (mut day, mut used) = (today, 0);
    let place = |task: &Pending| {
        let minutes = if task.completed { 0 } else { task.minutes };
        if used > 0 && used + minutes > daily_minutes {
            (day, used) = (day.plus(1), 0);
        }
        used += minutes;
        day
    };
    tasks.iter().map(place).collect()
}

/// The same tasks in an order in which no subject follows itself while another is left.
fn turns(tasks: &[Pending], alike: &[usize]) -> Vec<usize> {
    let mut left = alike.to_vec();
    let mut order: Vec<usize> = Vec::with_capacity(alike.len());
    while !left.is_empty() {
        let last = order.last().map(|at| &tasks[*at].subject);
        let next = left.iter().position(|at| Some(&tasks[*at].subject) != last).unwrap_or(0);
        order.push(left.remove(next));
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn pending(due: Option<&str>, priority: Priority, minutes: u32, subject: &str) -> Pending {
        let due = due.map(|day| day.parse().unwrap());
        Pending { due, priority, minutes, subject: subject.to_owned(), completed: false }
    }

    #[test]
    fn goals_give_their_subjects_more_time_and_priority() {
        let plan =
            spread(&texts(&["Biology", "History"]), 360, &texts(&["Pass the BIOLOGY exam", "Sleep well"]));
        let of = |subject: &str| plan.iter().filter(|outline| outline.subject == subject).collect::<Vec<_>>();
        let (biology, history) = (of("Biology"), of("History"));
        assert_eq!((biology.len(), history.len()), (6, 2));
        assert_eq!(biology[0].title, "Study Biology");
        assert_eq!(biology[1].title, "Practise Biology");
        assert_eq!((biology[5].title.as_str(), biology[5].priority), ("Review Biology", Priority::Low));
        assert_eq!(
            (biology[0].description.as_str(), biology[0].priority),
            ("Pass the BIOLOGY exam", Priority::High)
        );
        assert_eq!((history[0].description.as_str(), history[0].priority), ("Sleep well", Priority::Medium));
    }

    #[test]
    fn little_time_makes_short_sessions() {
        let minutes = |subjects: &[&str], minutes| {
            spread(&texts(subjects), minutes, &[]).iter().map(|outline| outline.minutes).collect::<Vec<_>>()
        };
        assert_eq!(minutes(&["a"], 30), [30]);
        assert_eq!(minutes(&["a", "b", "c"], 60), [20, 20, 20]);
        assert_eq!(minutes(&["a", "b", "c"], 30), [15, 15]);
        assert_eq!(minutes(&["a"], 100), [50, 50]);
    }

    #[test]
    fn what_is_due_first_comes_first_and_days_fill_up() {
        let today: Day = "2026-11-22".parse().unwrap();
        let tasks = [
            pending(None, Priority::Low, 60, "a"),
            pending(Some("2026-12-01"), Priority::Low, 60, "a"),
            pending(None, Priority::High, 90, "b"),
            pending(None, Priority::High, 30, "b"),
            pending(None, Priority::High, 60, "c"),
            Pending { completed: true, ..pending(None, Priority::High, 60, "c") },
        ];
        let order = ordered(&tasks);
        assert_eq!(order, [1, 3, 4, 2, 0, 5]);
        let in_order: Vec<Pending> = order.into_iter().map(|at| tasks[at].clone()).collect();
        let days = days(&in_order, 120, today);
        let days: Vec<i64> = days.into_iter().map(|day| day.since(today)).collect();
        assert_eq!(days, [0, 0, 1, 2, 3, 3]);
    }

    proptest! {
        #[test]
        fn an_agenda_uses_all_the_time(
            count in 1..20_usize,
            minutes in 6..2016_u32,
            goals in proptest::collection::vec("[a-t]{1,3}", 0..6),
        ) {
            let minutes = minutes * STEP;
            let subjects: Vec<String> = ('a'..='t').take(count).map(String::from).collect();
            let plan = spread(&subjects, minutes, &goals);
            prop_assert_eq!(plan.iter().map(|outline| outline.minutes).sum::<u32>(), minutes);
            prop_assert!(plan.iter().all(|outline| outline.minutes >= SESSION_MIN));
            let named: BTreeSet<_> = plan.iter().map(|outline| &outline.subject).collect();
            prop_assert_eq!(named.len(), count.min(plan.len()));
        }

        #[test]
        fn an_order_has_every_task_once(
            tasks in proptest::collection::vec(
                (proptest::option::of(0..20_i64), 0..3_u8, 1..300_u32, "[ab]", any::<bool>()), 0..20),
            daily in 30..600_u32,
        ) {
            let tasks: Vec<Pending> = tasks
                .into_iter()
                .map(|(due, priority, minutes, subject, completed)| Pending {
                    due: due.map(|days| Day::number(20_000 + days)),
                    priority: [Priority::Low, Priority::Medium, Priority::High][usize::from(priority)],
                    minutes,
                    subject,
                    completed,
                })
                .collect();
            let order = ordered(&tasks);
            let places: BTreeSet<usize> = order.iter().copied().collect();
            prop_assert_eq!((order.len(), places.len()), (tasks.len(), tasks.len()));
            let today = Day::number(20_000);
            let days = days(&tasks, daily, today);
            prop_assert!(days.is_sorted() && days.iter().all(|day| *day >= today));
            for day in &days {
                let minutes = days.iter().zip(&tasks).filter(|(other, task)| *other == day && !task.completed);
                let minutes: Vec<u32> = minutes.map(|(_, task)| task.minutes).collect();
                prop_assert!(minutes.len() <= 1 || minutes.iter().sum::<u32>() <= daily);
            }
        }
    }
}
