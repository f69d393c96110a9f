//! Cards of questions to be reviewed.

use std::time::Duration;

use shared::domain::{Card, Id, Quiz, Rating};

use crate::{
    bench::{Bench, at_once},
    make,
};

on_every_store![
    cards_are_read_as_they_were_written,
    a_card_changed_meanwhile_is_not_written,
    of_ten_writers_of_a_new_card_one_writes,
    due_cards_come_whole_those_due_longest_first,
    only_the_students_own_cards_are_due,
    due_reviews_pass_over_quizzes_that_are_gone,
];

const DAY: Duration = Duration::from_secs(86_400);

fn card(bench: &Bench, user: Id, quiz: Id, question: &str, rating: Rating) -> Card {
    Card::first(user, quiz, question, rating, bench.now())
}

async fn quiz(bench: &Bench) -> Quiz {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    bench.store.insert_quiz(&quiz).await.unwrap();
    quiz
}

async fn cards_are_read_as_they_were_written(bench: &Bench) {
    let (user, quiz) = (bench.id(), bench.id());
    let new = [
        card(bench, user, quiz, "q$5.x", Rating::Good),
        card(bench, user, quiz, "$a\0 ü", Rating::Again),
        card(bench, user, quiz, "1", Rating::Easy),
    ];
    assert!(bench.store.save_cards(&new).await.unwrap());
    assert!(bench.store.save_cards(&[]).await.unwrap());
    let mut written: Vec<Card> = new.iter().map(|card| Card { rev: 1, ..card.clone() }).collect();
    written.sort_by(|a, b| a.question_id.cmp(&b.question_id));
    assert_eq!(bench.store.cards(user, quiz).await.unwrap(), written);
    for card in &written {
        let read = bench.store.card(user, quiz, &card.question_id).await.unwrap();
        assert_eq!(read.as_ref(), Some(card));
    }
    let changed = written[0].reviewed(Rating::Hard, bench.now() + DAY);
    let another = card(bench, user, quiz, "2", Rating::Good);
    assert!(bench.store.save_cards(&[another, changed.clone()]).await.unwrap());
    let read = bench.store.card(user, quiz, &changed.question_id).await.unwrap();
    assert_eq!(read, Some(Card { rev: 2, ..changed }));
    assert_eq!(bench.store.cards(user, quiz).await.unwrap().len(), 4);
    assert_eq!(bench.store.card(user, bench.id(), "1").await.unwrap(), None);
}

async fn a_card_changed_meanwhile_is_not_written(bench: &Bench) {
    let (user, quiz) = (bench.id(), bench.id());
    let new = card(bench, user, quiz, "1", Rating::Good);
    let other = card(bench, user, quiz, "2", Rating::Good);
    assert!(bench.store.save_cards(std::slice::from_ref(&new)).await.unwrap());
    // The others are written all the same.
    assert!(!bench.store.save_cards(&[new.clone(), other]).await.unwrap());
    let first = bench.store.card(user, quiz, "1").await.unwrap().unwrap();
    let mine = first.reviewed(Rating::Easy, bench.now() + DAY);
    let theirs = first.reviewed(Rating::Again, bench.now() + DAY);
    assert!(bench.store.save_cards(std::slice::from_ref(&mine)).await.unwrap());
    assert!(!bench.store.save_cards(&[theirs]).await.unwrap());
    assert_eq!(bench.store.card(user, quiz, "1").await.unwrap(), Some(Card { rev: 2, ..mine }));
    assert_eq!(bench.store.cards(user, quiz).await.unwrap().len(), 2);
}

async fn of_ten_writers_of_a_new_card_one_writes(bench: &Bench) {
    let (user, quiz) = (bench.id(), bench.id());
    let cards: Vec<Card> = (0..20).map(|n| card(bench, user, quiz, &n.to_string(), Rating::Good)).collect();
    let written = at_once(10, |_| {
        let (store, cards) = (bench.store.clone(), cards.clone());
        async move { store.save_cards(&cards).await.unwrap() }
    })
    .await;
    assert!(written.iter().filter(|written| **written).count() <= 1);
    let stored = bench.store.cards(user, quiz).await.unwrap();
    assert_eq!(stored.len(), 20);
    assert!(stored.iter().all(|card| card.rev == 1));
}

async fn due_cards_come_whole_those_due_longest_first(bench: &Bench) {
    let user = bench.id();
    let (first, second) = (quiz(bench).await.id, quiz(bench).await.id);
    let mut cards = vec![
        card(bench, user, second, "b", Rating::Again),
        card(bench, user, second, "a", Rating::Again),
        card(bench, user, first, "c", Rating::Again),
        card(bench, user, first, "later", Rating::Good),
    ];
    bench.clock.advance(Duration::from_secs(1));
    cards.extend((0..150).map(|n| card(bench, user, first, &format!("{n:03}"), Rating::Again)));
    bench.store.save_cards(&cards).await.unwrap();

    let due = bench.store.due_cards(user, bench.now()).await.unwrap();
    let told: Vec<&str> = due.iter().take(5).map(|card| card.question_id.as_str()).collect();
    assert_eq!(told, ["c", "a", "b", "000", "001"]);
    assert_eq!((due.len(), bench.store.due_reviews(user, bench.now()).await.unwrap()), (153, 153));
    let earlier = bench.store.due_cards(user, due[0].due).await.unwrap();
    assert_eq!(earlier.len(), 3, "due at this very moment is due");
    let later = bench.store.due_reviews(user, bench.now() + 2 * DAY).await.unwrap();
    assert_eq!(later, 154);
}

async fn only_the_students_own_cards_are_due(bench: &Bench) {
    let (ada, bob, quiz) = (bench.id(), bench.id(), quiz(bench).await.id);
    let cards = [card(bench, ada, quiz, "1", Rating::Again), card(bench, bob, quiz, "2", Rating::Again)];
    bench.store.save_cards(&cards).await.unwrap();
    let due = bench.store.due_cards(ada, bench.now()).await.unwrap();
    assert_eq!(due.iter().map(|card| card.question_id.as_str()).collect::<Vec<_>>(), ["1"]);
    assert_eq!(bench.store.due_reviews(bob, bench.now()).await.unwrap(), 1);
    assert_eq!(bench.store.due_reviews(bench.id(), bench.now()).await.unwrap(), 0);
}

async fn due_reviews_pass_over_quizzes_that_are_gone(bench: &Bench) {
    let (user, kept) = (bench.id(), quiz(bench).await);
    let cards = [
        card(bench, user, kept.id, "1", Rating::Again),
        card(bench, user, kept.id, "2", Rating::Again),
        card(bench, user, bench.id(), "1", Rating::Again),
    ];
    bench.store.save_cards(&cards).await.unwrap();
    assert_eq!(bench.store.due_reviews(user, bench.now()).await.unwrap(), 2);
    bench.store.archive_quiz(kept.id, bench.now()).await.unwrap();
    assert_eq!(bench.store.due_reviews(user, bench.now()).await.unwrap(), 2, "archived ones stay");
}
