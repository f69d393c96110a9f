//! The doorbell.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use harness::RedisServer;
use shared::{
    clock::Clock,
    domain::{Id, JobId, JobPriority, Ring},
    jobs::{JobKind, noop::Noop, quiz_generate::QuizGenerate},
    queue::{Heard, LocalQueue, Queue, RedisQueue},
};
use tokio::sync::mpsc;

use crate::bench::{LEASE, at_once, listen, soon};

const NOOP: &str = Noop::KIND;
const QUIZ: &str = QuizGenerate::KIND;

/// Runs each case on both queues.
macro_rules! on_every_queue {
    ($($case:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(super::Queue::Local(super::LocalQueue::default())).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(super::redis_queue().await).await;
            })*
        }
    };
}

on_every_queue![
    a_queue_that_was_never_rung_is_empty_and_answers,
    a_ring_is_heard_by_a_listener_that_came_later,
    a_ring_is_heard_by_a_listener_that_waits,
    rings_are_heard_in_their_order,
    rings_that_nobody_took_are_counted,
    each_ring_reaches_exactly_one_of_two_listeners,
    as_many_waiting_listeners_wake_as_jobs_are_rung_for,
    a_listener_of_another_kind_neither_hears_a_ring_nor_swallows_it,
    a_listener_of_two_kinds_hears_both,
    concurrent_rings_are_all_heard,
    a_job_that_is_rung_twice_keeps_its_place_and_is_heard_once,
    users_take_turns_however_many_jobs_one_has,
    who_comes_late_waits_for_one_turn_and_not_for_all,
    a_ring_whose_turn_had_come_is_heard_in_the_turn_that_is_served,
    after_a_while_without_rings_everybody_begins_anew,
    what_nobody_waits_for_comes_last_but_does_come,
    rings_that_are_nowhere_are_lost,
    a_user_has_as_many_seats_as_may_be_and_the_next_job_is_rung_for_when_one_is_left,
    what_was_held_has_its_seat_as_soon_as_it_is_rung_for,
    who_has_much_held_keeps_nobody_waiting_for_more_than_two_turns,
    a_listener_passes_over_whose_seats_are_taken,
    jobs_of_nobody_need_no_seat,
    seats_are_counted_over_all_kinds_and_what_is_held_keeps_its_own,
    a_listener_that_is_not_listening_leaves_the_rings_to_others,
];

async fn redis_queue() -> Queue {
    let server = RedisServer::shared().await;
    Queue::Redis(RedisQueue::new(&server.database_url(), "test").unwrap())
}

fn jobs(count: usize) -> Vec<JobId> {
    (0..count).map(|_| Clock::System.job_id()).collect()
}

/// What the queue is told of jobs that nobody asked for.
fn rings(jobs: &[JobId]) -> Vec<Ring> {
    jobs.iter().map(|job| Ring { job: *job, user_id: None, priority: JobPriority::Interactive }).collect()
}

/// What the queue is told of new jobs of a user, in the order of their ids.
fn of(user: Id, count: usize) -> Vec<Ring> {
    let mut jobs = jobs(count);
    jobs.sort_unstable();
    jobs.iter()
        .map(|job| Ring { job: *job, user_id: Some(user), priority: JobPriority::Interactive })
        .collect()
}

fn jobs_of(rings: &[Ring]) -> Vec<JobId> {
    rings.iter().map(|ring| ring.job).collect()
}

async fn hear(queue: &Queue, kinds: &[&'static str], count: usize) -> Vec<JobId> {
    soon(listen(queue, kinds).take(count).collect()).await
}

/// Rings of jobs that do nothing, as a worker hears them that minds how many of a user run.
fn listen_for_seats(queue: &Queue, most: usize) -> BoxStream<'static, Heard> {
    queue.listen(&[NOOP], Arc::new(move || Some(most)))
}

/// Listens in a task of its own and passes on what it hears.
fn listener(
    queue: &Queue,
    kinds: &[&'static str],
    heard: mpsc::UnboundedSender<(usize, JobId)>,
    name: usize,
) {
    let mut rings = listen(queue, kinds);
    tokio::spawn(async move {
        while let Some(job) = rings.next().await {
            if heard.send((name, job)).is_err() {
                return;
            }
        }
    });
}

async fn a_queue_that_was_never_rung_is_empty_and_answers(queue: Queue) {
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
    queue.ping().await.unwrap();
}

async fn a_ring_is_heard_by_a_listener_that_came_later(queue: Queue) {
    let rung = jobs(1);
    queue.ring(NOOP, &rings(&rung)).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 1).await, rung);
}

async fn a_ring_is_heard_by_a_listener_that_waits(queue: Queue) {
    let rung = jobs(2);
    let mut heard = listen(&queue, &[NOOP]);
    for job in rung {
        assert!(futures::poll!(heard.next()).is_pending());
        queue.ring(NOOP, &rings(&[job])).await.unwrap();
        assert_eq!(soon(heard.next()).await, Some(job));
    }
}

async fn rings_are_heard_in_their_order(queue: Queue) {
    let rung = jobs(50);
    queue.ring(NOOP, &rings(&rung[..20])).await.unwrap();
    for job in &rung[20..] {
        queue.ring(NOOP, &rings(&[*job])).await.unwrap();
    }
    assert_eq!(hear(&queue, &[NOOP], 50).await, rung);
}

async fn rings_that_nobody_took_are_counted(queue: Queue) {
    queue.ring(NOOP, &rings(&jobs(3))).await.unwrap();
    queue.ring(QUIZ, &rings(&jobs(1))).await.unwrap();
    assert_eq!((queue.len(NOOP).await.unwrap(), queue.len(QUIZ).await.unwrap()), (3, 1));
    // A stream that is not polled takes nothing.
    let mut rings = listen(&queue, &[NOOP]);
    assert_eq!(queue.len(NOOP).await.unwrap(), 3);
    soon(rings.next()).await;
    assert_eq!((queue.len(NOOP).await.unwrap(), queue.len(QUIZ).await.unwrap()), (2, 1));
    soon(rings.next()).await;
    soon(rings.next()).await;
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
}

async fn each_ring_reaches_exactly_one_of_two_listeners(queue: Queue) {
    let (heard, mut ears) = mpsc::unbounded_channel();
    listener(&queue, &[NOOP], heard.clone(), 0);
    listener(&queue, &[NOOP], heard, 1);
    let rung = jobs(200);
    for jobs in rung.chunks(2) {
        queue.ring(NOOP, &rings(jobs)).await.unwrap();
    }
    let mut all = Vec::new();
    while all.len() < rung.len() {
        all.push(soon(ears.recv()).await.unwrap().1);
    }
    all.sort_unstable();
    let mut wanted = rung;
    wanted.sort_unstable();
    assert_eq!(all, wanted, "each once");
    // A second delivery of one of them would come before both listeners' next ring.
    let last = jobs(2);
    queue.ring(NOOP, &rings(&last)).await.unwrap();
    let mut after = [soon(ears.recv()).await.unwrap().1, soon(ears.recv()).await.unwrap().1];
    after.sort_unstable();
    let mut last = [last[0], last[1]];
    last.sort_unstable();
    assert_eq!(after, last);
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
}

async fn as_many_waiting_listeners_wake_as_jobs_are_rung_for(queue: Queue) {
    let mut listeners: Vec<_> = (0..4).map(|_| listen(&queue, &[NOOP])).collect();
    for rings in &mut listeners {
        assert!(futures::poll!(rings.next()).is_pending());
    }
    let rung = jobs(4);
    queue.ring(NOOP, &rings(&rung)).await.unwrap();
    let mut all: Vec<JobId> = soon(futures::future::join_all(listeners.iter_mut().map(|rings| rings.next())))
        .await
        .into_iter()
        .flatten()
        .collect();
    all.sort_unstable();
    let mut wanted = rung;
    wanted.sort_unstable();
    assert_eq!(all, wanted);
}

async fn a_listener_of_another_kind_neither_hears_a_ring_nor_swallows_it(queue: Queue) {
    let (mut noops, mut quizzes) = (listen(&queue, &[NOOP]), listen(&queue, &[QUIZ]));
    let (noop, quiz) = (jobs(1)[0], jobs(1)[0]);
    assert!(futures::poll!(noops.next()).is_pending());
    assert!(futures::poll!(quizzes.next()).is_pending());
    queue.ring(QUIZ, &rings(&[quiz])).await.unwrap();
    assert_eq!(soon(quizzes.next()).await, Some(quiz));
    assert!(futures::poll!(noops.next()).is_pending());
    queue.ring(NOOP, &rings(&[noop])).await.unwrap();
    assert_eq!(soon(noops.next()).await, Some(noop));
    assert!(futures::poll!(quizzes.next()).is_pending());
}

async fn a_listener_of_two_kinds_hears_both(queue: Queue) {
    let (noops, quizzes) = (jobs(3), jobs(3));
    queue.ring(NOOP, &rings(&noops)).await.unwrap();
    queue.ring(QUIZ, &rings(&quizzes)).await.unwrap();
    let heard = hear(&queue, &[NOOP, QUIZ], 6).await;
    let of = |kind: &[JobId]| heard.iter().copied().filter(|job| kind.contains(job)).collect::<Vec<_>>();
    assert_eq!((of(&noops), of(&quizzes)), (noops.clone(), quizzes), "each kind in its order");
    // So that neither keeps the other waiting.
    assert!(!heard.starts_with(&noops) && !heard.ends_with(&noops), "in turns");
}

async fn concurrent_rings_are_all_heard(queue: Queue) {
    let mut rung = jobs(50);
    at_once(50, |number| {
        let (queue, job) = (queue.clone(), rung[number]);
        async move { queue.ring(NOOP, &rings(&[job])).await.unwrap() }
    })
    .await;
    let mut heard = hear(&queue, &[NOOP], 50).await;
    heard.sort_unstable();
    rung.sort_unstable();
    assert_eq!(heard, rung);
}

async fn a_job_that_is_rung_twice_keeps_its_place_and_is_heard_once(queue: Queue) {
    let rung = rings(&jobs(2));
    queue.ring(NOOP, &rung).await.unwrap();
    queue.ring(NOOP, &rung[..1]).await.unwrap();
    queue.ring_again(NOOP, &rung[1..]).await.unwrap();
    assert_eq!(queue.len(NOOP).await.unwrap(), 2);
    assert_eq!(hear(&queue, &[NOOP], 2).await, jobs_of(&rung));
    queue.ring(NOOP, &rung[..1]).await.unwrap();
    assert_eq!(
        hear(&queue, &[NOOP], 1).await,
        jobs_of(&rung[..1]),
        "it was taken, so it may be rung for anew"
    );
}

async fn a_listener_that_is_not_listening_leaves_the_rings_to_others(queue: Queue) {
    let rung = jobs(2);
    // It had its ring and works now: its stream is there, but nobody polls it.
    let mut busy = listen(&queue, &[NOOP]);
    queue.ring(NOOP, &rings(&rung[..1])).await.unwrap();
    assert_eq!(soon(busy.next()).await, Some(rung[0]));
    queue.ring(NOOP, &rings(&rung[1..])).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 1).await, rung[1..]);
    assert!(tokio::time::timeout(Duration::ZERO, busy.next()).await.is_err());
}

async fn users_take_turns_however_many_jobs_one_has(queue: Queue) {
    let (many, few) = (of(Clock::System.id(), 100), of(Clock::System.id(), 3));
    queue.ring(NOOP, &many).await.unwrap();
    for ring in &few {
        queue.ring(NOOP, &[*ring]).await.unwrap();
    }
    let heard = hear(&queue, &[NOOP], 103).await;
    for (number, ring) in few.iter().enumerate() {
        let place = heard.iter().position(|job| *job == ring.job).unwrap();
        assert!(place <= 2 * number + 2, "job {number} was heard in place {place}");
    }
    let of_many: Vec<JobId> =
        heard.into_iter().filter(|job| few.iter().all(|ring| ring.job != *job)).collect();
    assert_eq!(of_many, jobs_of(&many), "each user's jobs in their order");
}

async fn who_comes_late_waits_for_one_turn_and_not_for_all(queue: Queue) {
    let many = of(Clock::System.id(), 100);
    queue.ring(NOOP, &many).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 40).await, jobs_of(&many[..40]));
    let (late, later) = (of(Clock::System.id(), 1)[0], of(Clock::System.id(), 1)[0]);
    queue.ring(NOOP, &[late]).await.unwrap();
    queue.ring(NOOP, &[later]).await.unwrap();
    let heard = hear(&queue, &[NOOP], 4).await;
    assert!(heard.contains(&late.job) && heard.contains(&later.job), "{heard:?}");
    // Whoever has had many turns does not pay for them when others come.
    let next = of(many[0].user_id.unwrap(), 1);
    queue.ring(NOOP, &next).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 59).await.last(), Some(&next[0].job));
}

async fn a_ring_whose_turn_had_come_is_heard_in_the_turn_that_is_served(queue: Queue) {
    let (one, other) = (of(Clock::System.id(), 20), of(Clock::System.id(), 20));
    queue.ring(NOOP, &one).await.unwrap();
    queue.ring(NOOP, &other).await.unwrap();
    let lost = hear(&queue, &[NOOP], 2).await;
    let again: Vec<Ring> =
        one.iter().chain(&other).filter(|ring| lost.contains(&ring.job)).copied().collect();
    queue.ring_again(NOOP, &again).await.unwrap();
    // Both were of one user: then the second gets the turn after, in which others have theirs.
    let heard = hear(&queue, &[NOOP], 5).await;
    assert!(lost.iter().all(|job| heard.contains(job)), "{lost:?} are not all in {heard:?}");
    assert_eq!(queue.len(NOOP).await.unwrap(), 35);
}

async fn after_a_while_without_rings_everybody_begins_anew(queue: Queue) {
    let many = of(Clock::System.id(), 50);
    queue.ring(NOOP, &many).await.unwrap();
    hear(&queue, &[NOOP], 50).await;
    let (other, again) = (of(Clock::System.id(), 10), of(many[0].user_id.unwrap(), 1));
    queue.ring(NOOP, &other).await.unwrap();
    queue.ring(NOOP, &again).await.unwrap();
    assert!(hear(&queue, &[NOOP], 3).await.contains(&again[0].job));
}

async fn what_nobody_waits_for_comes_last_but_does_come(queue: Queue) {
    let behind = |ring: &Ring| Ring { priority: JobPriority::Background, ..*ring };
    let background: Vec<Ring> = rings(&jobs(10)).iter().map(behind).collect();
    let interactive = rings(&jobs(30));
    queue.ring(NOOP, &background).await.unwrap();
    queue.ring(NOOP, &interactive).await.unwrap();
    assert_eq!(queue.len(NOOP).await.unwrap(), 40);
    let heard = hear(&queue, &[NOOP], 20).await;
    let in_between = background.iter().filter(|ring| heard.contains(&ring.job)).count();
    assert_eq!(in_between, 5, "one of four");
    assert_eq!(heard[..3], jobs_of(&interactive[..3]));
}

async fn rings_that_are_nowhere_are_lost(queue: Queue) {
    let user = Clock::System.id();
    let (waiting, taken) = (of(user, 2), of(user, 2));
    let mut background = of(user, 1);
    background[0].priority = JobPriority::Background;
    queue.ring(NOOP, &taken).await.unwrap();
    hear(&queue, &[NOOP], 2).await;
    queue.ring(NOOP, &waiting).await.unwrap();
    queue.ring(NOOP, &background).await.unwrap();
    let all: Vec<Ring> = [waiting, background.clone(), taken.clone()].concat();
    let mut lost = queue.lost(NOOP, &all).await.unwrap();
    lost.sort_by_key(|ring| ring.job);
    assert_eq!(lost, taken);
    assert_eq!(queue.lost(QUIZ, &background).await.unwrap(), background, "of another kind");
    assert_eq!(queue.lost(NOOP, &[]).await.unwrap(), []);
}

async fn a_user_has_as_many_seats_as_may_be_and_the_next_job_is_rung_for_when_one_is_left(queue: Queue) {
    let (user, other) = (of(Clock::System.id(), 5), of(Clock::System.id(), 1));
    for ring in &user[..2] {
        assert!(queue.enter(NOOP, *ring, 2, LEASE).await.unwrap());
    }
    assert!(queue.enter(NOOP, user[0], 2, LEASE).await.unwrap(), "it sits already");
    assert!(queue.enter(NOOP, other[0], 2, LEASE).await.unwrap(), "somebody else's");
    for ring in user[2..].iter().rev() {
        assert!(!queue.enter(NOOP, *ring, 2, LEASE).await.unwrap());
    }
    assert_eq!(queue.lost(NOOP, &user[2..]).await.unwrap(), [], "what is held is not lost");
    queue.let_in_all(LEASE).await.unwrap();
    assert_eq!(queue.len(NOOP).await.unwrap(), 0, "no seat is free");
    for (left, next) in [(0, 2), (1, 3), (2, 4)] {
        queue.leave(user[left], LEASE).await.unwrap();
        assert_eq!(hear(&queue, &[NOOP], 1).await, [user[next].job]);
        assert!(queue.enter(NOOP, user[next], 2, LEASE).await.unwrap());
    }
    queue.leave(user[3], LEASE).await.unwrap();
    queue.leave(user[3], LEASE).await.unwrap();
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
}

async fn what_was_held_has_its_seat_as_soon_as_it_is_rung_for(queue: Queue) {
    let user = of(Clock::System.id(), 4);
    assert!(queue.enter(NOOP, user[0], 1, LEASE).await.unwrap());
    for ring in &user[1..3] {
        assert!(!queue.enter(NOOP, *ring, 1, LEASE).await.unwrap());
    }
    queue.leave(user[0], LEASE).await.unwrap();
    queue.let_in_all(LEASE).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 1).await, [user[1].job]);
    assert_eq!(queue.len(NOOP).await.unwrap(), 0, "one seat, one ring");
    assert!(!queue.enter(NOOP, user[3], 1, LEASE).await.unwrap(), "it came later");
    assert!(queue.enter(NOOP, user[1], 1, LEASE).await.unwrap());
}

/// Two users whose rings are held keep both workers busy; then one comes with as many jobs, one with a single job, and
/// one whose job was running and is rung for again.
async fn who_has_much_held_keeps_nobody_waiting_for_more_than_two_turns(queue: Queue) {
    let (seats, mut running, mut started) = (1, VecDeque::new(), Vec::new());
    let held: Vec<Ring> = (0..2).flat_map(|_| of(Clock::System.id(), 20)).collect();
    for ring in &held {
        if queue.enter(NOOP, *ring, seats, LEASE).await.unwrap() {
            running.push_back(*ring);
        }
    }
    assert_eq!(running.len(), 2, "as many as there are workers");
    let (many, late) = (of(Clock::System.id(), 20), of(Clock::System.id(), 1));
    queue.ring(NOOP, &many).await.unwrap();
    queue.ring(NOOP, &late).await.unwrap();
    let again = of(Clock::System.id(), 1);
    queue.ring_again(NOOP, &again).await.unwrap();
    let all = [held, many.clone(), late.clone(), again.clone()].concat();
    let mut rings = listen_for_seats(&queue, seats);
    while let Some(ended) = running.pop_front() {
        queue.leave(ended, LEASE).await.unwrap();
        queue.let_in_all(LEASE).await.unwrap();
        while running.len() < 2 && queue.len(NOOP).await.unwrap() > 0 {
            let heard = soon(rings.next()).await.unwrap();
            let ring = *all.iter().find(|ring| ring.job == heard.job).unwrap();
            if heard.seated || queue.enter(NOOP, ring, seats, LEASE).await.unwrap() {
                running.push_back(ring);
                started.push(heard.job);
            }
        }
    }
    assert_eq!(started.len(), all.len() - 2, "all");
    let before = |ring: Ring| started.iter().position(|job| *job == ring.job).unwrap();
    assert!(before(again[0]) <= 2, "{} jobs began before the one that had had its turn", before(again[0]));
    assert!(before(late[0]) <= 8, "{} jobs began before the one that came late", before(late[0]));
    assert!(before(many[4]) <= 20, "{} jobs began before the fifth of another user", before(many[4]));
}

async fn a_listener_passes_over_whose_seats_are_taken(queue: Queue) {
    let (many, other) = (of(Clock::System.id(), 250), of(Clock::System.id(), 1));
    let all = [many.clone(), other.clone()].concat();
    let mut rings = listen_for_seats(&queue, 1);
    let mut next = async || loop {
        let heard = soon(rings.next()).await.unwrap();
        let ring = *all.iter().find(|ring| ring.job == heard.job).unwrap();
        if heard.seated || queue.enter(NOOP, ring, 1, LEASE).await.unwrap() {
            return ring;
        }
    };
    queue.ring(NOOP, &many).await.unwrap();
    assert_eq!(next().await, many[0]);
    queue.ring_again(NOOP, &many[1..]).await.unwrap();
    queue.ring(NOOP, &other).await.unwrap();
    assert_eq!(next().await, other[0]);
    queue.leave(many[0], LEASE).await.unwrap();
    assert_eq!(next().await, many[1]);
    assert_eq!(queue.lost(NOOP, &many[2..]).await.unwrap(), []);
}

async fn jobs_of_nobody_need_no_seat(queue: Queue) {
    for ring in rings(&jobs(3)) {
        assert!(queue.enter(NOOP, ring, 1, LEASE).await.unwrap());
        queue.stay(ring, LEASE).await.unwrap();
    }
}

async fn seats_are_counted_over_all_kinds_and_what_is_held_keeps_its_own(queue: Queue) {
    let mut user = of(Clock::System.id(), 2);
    user[1].priority = JobPriority::Background;
    assert!(queue.enter(NOOP, user[0], 1, LEASE).await.unwrap());
    assert!(!queue.enter(QUIZ, user[1], 1, LEASE).await.unwrap());
    queue.leave(user[0], LEASE).await.unwrap();
    assert_eq!((queue.len(NOOP).await.unwrap(), queue.len(QUIZ).await.unwrap()), (0, 1));
    assert_eq!(hear(&queue, &[QUIZ], 1).await, [user[1].job]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_seat_of_a_worker_that_died_is_free_when_its_lease_ends() {
    let queue = redis_queue().await;
    let user = of(Clock::System.id(), 2);
    let short = Duration::from_millis(50);
    assert!(queue.enter(NOOP, user[0], 1, short).await.unwrap());
    assert!(!queue.enter(NOOP, user[1], 1, short).await.unwrap());
    let let_in = async {
        while queue.len(NOOP).await.unwrap() == 0 {
            queue.let_in_all(short).await.unwrap();
        }
    };
    soon(let_in).await;
    assert_eq!(hear(&queue, &[NOOP], 1).await, [user[1].job]);
    // One that is heard of keeps its seat.
    assert!(queue.enter(NOOP, user[1], 1, short).await.unwrap());
    queue.stay(user[1], LEASE).await.unwrap();
    assert!(!queue.enter(NOOP, user[0], 1, short).await.unwrap());
}
