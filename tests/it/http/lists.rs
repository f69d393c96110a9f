//! Lists: whole, in parts, in order.

use harness::Client;
use harness::client::Reply;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_list_is_walked_by_its_next_links_once_and_completely,
    a_list_is_walked_by_pages,
    a_walk_is_not_disturbed_by_what_comes_meanwhile,
    quizzes_are_listed_without_questions_and_filtered,
    an_empty_list_is_an_empty_array,
);

const COUNT: usize = 7;

async fn some_jobs(client: &Client) -> Vec<Value> {
    let mut jobs = Vec::new();
    for _ in 0..COUNT {
        jobs.insert(0, scheduled(client).await["id"].clone());
    }
    jobs
}

fn ids(reply: &Reply) -> Vec<Value> {
    items(&reply.json).iter().map(|item| item["id"].clone()).collect()
}

/// The address in `Link`, if there is a next part.
fn next(reply: &Reply) -> Option<String> {
    let link = Some(reply.header("link")).filter(|link| !link.is_empty())?;
    let (address, relation) = link.split_once(';').expect("a relation");
    assert_eq!(relation.trim(), "rel=\"next\"");
    Some(address.trim().trim_start_matches('<').trim_end_matches('>').to_owned())
}

async fn walk(client: &Client, start: &str) -> (Vec<Value>, usize) {
    let (mut found, mut parts, mut place) = (Vec::new(), 0, Some(start.to_owned()));
    while let Some(address) = place {
        let reply = client.get(&address).await.expect(200);
        assert_eq!(reply.header("x-total-count"), COUNT.to_string(), "{address}");
        found.extend(ids(&reply));
        parts += 1;
        assert!(parts <= COUNT + 1, "the walk does not end");
        place = next(&reply);
    }
    (found, parts)
}

async fn a_list_is_walked_by_its_next_links_once_and_completely(mix: Mix) {
    let learner = mix.learner().await;
    let jobs = some_jobs(&learner).await;
    let reversed: Vec<_> = jobs.iter().rev().cloned().collect();
    for (limit, parts) in [(1, COUNT), (3, 3), (COUNT, 1), (100, 1)] {
        let (found, walked) = walk(&learner, &format!("/jobs?limit={limit}&status=scheduled")).await;
        assert_eq!(found, jobs);
        assert_eq!(walked, parts, "of {limit}");
        let (found, _) = walk(&learner, &format!("/jobs?sort=createdAt&limit={limit}")).await;
        assert_eq!(found, reversed);
    }
}

async fn a_list_is_walked_by_pages(mix: Mix) {
    let learner = mix.learner().await;
    let jobs = some_jobs(&learner).await;
    let mut found = Vec::new();
    for page in 1..=4 {
        let reply = learner.get(&format!("/jobs?limit=3&page={page}")).await.expect(200);
        assert_eq!(reply.header("x-total-count"), COUNT.to_string());
        found.extend(ids(&reply));
    }
    assert_eq!(found, jobs);
    // From a page a link leads on.
    let second = learner.get("/jobs?limit=3&page=2").await;
    let third = learner.get(&next(&second).expect("a next part")).await;
    assert_eq!(ids(&third), jobs[6..]);
}

async fn a_walk_is_not_disturbed_by_what_comes_meanwhile(mix: Mix) {
    let learner = mix.learner().await;
    let jobs = some_jobs(&learner).await;
    let first = learner.get("/jobs?limit=4").await.expect(200);
    scheduled(&learner).await;
    let second = learner.get(&next(&first).unwrap()).await.expect(200);
    assert_eq!([ids(&first), ids(&second)].concat(), jobs);
}

async fn quizzes_are_listed_without_questions_and_filtered(mix: Mix) {
    let learner = mix.learner().await;
    let mut made = Vec::new();
    for (topic, title, difficulty) in [
        ("Cells", "First steps", "easy"),
        ("Cork", "A 100% _cork_ quiz", "hard"),
        ("Cells", "Advanced", "hard"),
    ] {
        let mut ask = ask(1);
        (ask["topic"], ask["title"], ask["difficulty"]) = (json!(topic), json!(title), json!(difficulty));
        made.push(post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json);
    }
    learner.delete(&format!("/quiz/{}", text(&made[0]["id"]))).await.expect(200);
    for (query, expected) in [
        ("", vec![2, 1, 0]),
        ("?topic=Cells", vec![2, 0]),
        ("?topic=cells", vec![]),
        ("?status=active", vec![2, 1]),
        ("?status=archived", vec![0]),
        ("?difficulty=hard&topic=Cork", vec![1]),
        ("?q=STEPS", vec![0]),
        ("?q=cork", vec![1]),
        ("?q=100%25", vec![1]),
        ("?q=_", vec![1]),
        ("?q=.*", vec![]),
        ("?q=nothing", vec![]),
        ("?limit=1&page=2", vec![1]),
    ] {
        for slash in ["", "/"] {
            let reply = learner.get(&format!("/quiz{slash}{query}")).await.expect(200);
            let expected: Vec<_> = expected.iter().map(|&at: &usize| made[at]["id"].clone()).collect();
            assert_eq!(ids(&reply), expected, "{query}");
        }
    }
    for item in items(&learner.get("/quiz").await.json) {
        assert_eq!((item.get("questions"), &item["questionCount"]), (None, &json!(1)));
        assert_eq!(item["id"], item["_id"]);
        assert_no_keys(item);
    }
}

async fn an_empty_list_is_an_empty_array(mix: Mix) {
    let learner = mix.learner().await;
    for path in ["/quiz", "/jobs", &format!("/quiz/user/{}/history", learner.user_id())] {
        let reply = learner.get(path).await.expect(200);
        assert_eq!((&reply.json, reply.header("x-total-count"), reply.header("link")), (&json!([]), "0", ""));
    }
    let beyond = learner.get("/jobs?page=5").await.expect(200);
    assert_eq!(beyond.json, json!([]));
}
