use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use shared::domain::{Priority, TaskChange, Timestamp};

use super::{
    super::{
        Layout, Made,
        tests::{TODAY, brief, briefs, day, made, owned, start},
    },
    *,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_reschedule_keeps_everything_and_tells_what_stays_misplaced(
        brief in briefs(),
        ticks in prop::collection::vec(any::<bool>(), 0..200),
        moves in prop::collection::vec((0_usize..200, 0_i64..40), 0..12),
        exam_moves in -20_i64..20,
        later in 0_i64..60,
        minutes_left in 0_u32..=1440,
    ) {
        let Some(layout) = Layout::new(&brief, start()) else { return Ok(()) };
        let made = layout.write(None);
        let mut plan = owned(brief, made);
        let ids: Vec<String> = plan.days.iter().flat_map(|day| &day.tasks).map(|task| task.id.clone()).collect();
        for (id, done) in ids.iter().zip(ticks) {
            let tick = TaskChange { completed: Some(done), ..TaskChange::default() };
            plan.change_task(id, &tick, Timestamp(1));
        }
        for (place, days) in moves {
            let to = TaskChange { date: Some(day(TODAY).plus(days)), ..TaskChange::default() };
            plan.change_task(&ids[place % ids.len()], &to, Timestamp(1));
        }
        plan.brief.exam_date = plan.brief.exam_date.plus(exam_moves);
        let start = Start { today: day(TODAY).plus(later), minutes_left };
        let Some(again) = reschedule(&plan, start) else {
            prop_assert!(!plan.is_unsettled(start.today));
            return Ok(());
        };
        let new = Plan { days: again.days.clone(), ..plan.clone() };
        prop_assert_eq!(new.is_unsettled(start.today), !again.left_out.is_empty());
        prop_assert!(new.days.is_sorted_by(|one, other| one.date < other.date));
        let work = |plan: &Plan, done: bool| -> BTreeMap<String, (Day, PlanTask)> {
            let each = plan.days.iter().flat_map(|day| day.tasks.iter().map(move |task| (day.date, task)));
            each.filter(|(_, task)| task.is_work() && task.completed == done)
                .map(|(date, task)| (task.id.clone(), (date, task.clone())))
                .collect()
        };
        prop_assert_eq!(work(&plan, true), work(&new, true));
        let (before, after) = (work(&plan, false), work(&new, false));
        prop_assert!(before.keys().eq(after.keys()));
        for task in &again.left_out {
            prop_assert_eq!(&before[&task.id], &after[&task.id]);
        }
        let all = new.days.iter().flat_map(|day| &day.tasks);
        prop_assert_eq!(all.clone().map(|task| &task.id).collect::<HashSet<_>>().len(), all.count());
        prop_assert!(!again.left_out.is_empty() || reschedule(&new, start).is_none());
    }
}

#[test]
fn what_was_missed_goes_to_free_time_and_what_is_ahead_stays() {
    let plan = owned(brief(2, 2.0, 30), made(&brief(2, 2.0, 30)));
    let today = day(TODAY).plus(2);
    let again = reschedule(&plan, Start { today, minutes_left: 1440 }).unwrap();
    assert_eq!(again.left_out, []);
    let new = Plan { days: again.days, ..plan.clone() };
    for (date, ahead) in plan
        .days
        .iter()
        .filter(|day| day.date >= today)
        .flat_map(|day| day.tasks.iter().filter(|task| task.is_work()).map(move |task| (day.date, task)))
    {
        assert_eq!(new.task(&ahead.id), Some((date, ahead)));
    }
    // The Sunday was free.
    assert!(new.days.iter().any(|day| day.date == today));
}

/// A plan of an hour a day with these tasks, each of fifty minutes unless it is said otherwise.
fn laid(days: i64, tasks: &[(i64, &str, Priority, u32)]) -> Plan {
    let mut plan = owned(brief(1, 1.0, days), Made { title: String::new(), phases: vec![], days: vec![] });
    for (days, id, priority, minutes) in tasks {
        let task = PlanTask {
            kind: TaskKind::Study,
            subject: "Subject 1".into(),
            priority: *priority,
            estimated_duration: *minutes,
            ..rest((*id).into())
        };
        plan.day_mut(day(TODAY).plus(*days)).tasks.push(task);
    }
    plan
}

/// Where the tasks are after a reschedule two days later, and what was left out.
fn placed(plan: &Plan) -> (Vec<(i64, String)>, Vec<String>) {
    let today = day(TODAY).plus(2);
    let again = reschedule(plan, Start { today, minutes_left: 1440 }).unwrap();
    let each = again.days.iter().flat_map(|on| on.tasks.iter().map(|task| (on.date, task)));
    let work = each.filter(|(_, task)| task.is_work());
    let places =
        work.map(|(date, task)| (date.0.since(day(TODAY).0).unwrap().get_days().into(), task.id.clone()));
    (places.collect(), again.left_out.into_iter().map(|task| task.id).collect())
}

#[test]
fn where_time_is_short_what_matters_less_gives_way_and_stays() {
    use Priority::{High, Low, Medium};
    let places =
        |list: &[(i64, &str)]| list.iter().map(|(days, id)| (*days, (*id).to_owned())).collect::<Vec<_>>();
    let one = laid(4, &[(0, "missed", High, 50), (2, "low", Low, 50), (3, "high", High, 50)]);
    let expected = places(&[(2, "missed"), (2, "low"), (3, "high")]);
    assert_eq!(placed(&one), (expected, vec!["low".to_owned()]));
    // Several small ones make room for a long one, and what of them fits elsewhere stays.
    let several =
        laid(4, &[(0, "missed", High, 50), (2, "a", Low, 25), (2, "b", Medium, 20), (3, "c", High, 30)]);
    let expected = places(&[(2, "missed"), (2, "a"), (3, "c"), (3, "b")]);
    assert_eq!(placed(&several), (expected, vec!["a".to_owned()]));
    // Equals do not push each other out.
    let equal = laid(3, &[(0, "missed", High, 50), (2, "ahead", High, 50)]);
    assert_eq!(placed(&equal), (places(&[(0, "missed"), (2, "ahead")]), vec!["missed".to_owned()]));
}

#[test]
fn what_was_missed_is_spread_over_the_emptiest_days() {
    let plan = laid(
        6,
        &[
            (0, "a", Priority::High, 20),
            (1, "b", Priority::Medium, 20),
            (1, "c", Priority::Low, 20),
            (2, "d", Priority::Low, 50),
            (4, "e", Priority::Low, 30),
        ],
    );
    let expected = [(2, "d"), (3, "a"), (3, "c"), (4, "e"), (5, "b")];
    let expected = expected.map(|(days, id)| (days, id.to_owned()));
    assert_eq!(placed(&plan), (expected.to_vec(), vec![]));
}
