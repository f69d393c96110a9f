//! A rehearsal of the whole move under load: traffic goes over to ours and back, while both write.

use harness::{Client, Shift};
use serde_json::{Value, json};

use crate::{
    beside::has,
    rig::{Person, Rig, id, old_quiz, register},
};

/// Who uses the platform at once.
const LEARNERS: usize = 4;
/// What each does at every step; 7 requests.
const ROUNDS: usize = 8;
/// Per cent of the traffic that ours gets, step by step.
const SHARES: [u32; 7] = [0, 10, 50, 100, 100, 50, 0];

/// Everything that a learner was told is stored.
#[derive(Default)]
struct Told {
    notes: Vec<(String, Value)>,
    sessions: Vec<String>,
    attempts: usize,
}

fn ok(reply: harness::client::Reply) -> Value {
    assert!([200, 201].contains(&reply.status), "{reply}");
    reply.json
}

/// One round of work, whoever answers; what was written is read at once.
async fn work(client: &Client, quiz: &str, told: &mut Told) {
    let number = told.notes.len();
    let note = json!({ "title": format!("Note {number}"), "content": "first", "tags": ["bio"] });
    let note_id = id(&ok(client.post("/notes", &note).await));
    let change = json!({ "content": "second", "tags": ["bio", "exam"] });
    ok(client.put(&format!("/notes/{note_id}"), &change).await);
    let read = ok(client.get(&format!("/notes/{note_id}")).await);
    let wanted = json!({ "title": note["title"], "content": "second", "tags": ["bio", "exam"] });
    assert!(has(&read, &wanted), "{read}");
    told.notes.push((note_id, wanted));
    let session = json!({ "startTime": "2026-05-01T09:00:00.000Z", "durationMinutes": 25 });
    told.sessions.push(id(&ok(client.post("/study-sessions", &session).await)));
    let read = ok(client.get(&format!("/quiz/{quiz}")).await);
    assert_eq!(read["questions"].as_array().unwrap().len(), 2);
    let answers = json!({ "answers": { "q1": "Mitochondrion", "q2": "Nucleus" } });
    ok(client.post(&format!("/quiz/{quiz}/submit"), &answers).await);
    told.attempts += 1;
    // One of those from before.
    let (note_id, wanted) = &told.notes[number / 2];
    assert!(has(&ok(client.get(&format!("/notes/{note_id}")).await), wanted));
}

/// Whether a backend has everything that was told.
async fn nothing_is_lost(client: &Client, person: &Person, told: &Told) {
    for (note, wanted) in &told.notes {
        let read = client.get(&format!("/notes/{note}")).await.expect(200);
        assert!(has(&read.json, wanted), "{read} lacks {wanted}");
    }
    for session in &told.sessions {
        client.get(&format!("/study-sessions/{session}")).await.expect(200);
    }
    let history = format!("/quiz/user/{}/history?limit=100", person.id);
    let history = client.get(&history).await.expect(200).json;
    assert_eq!(history.as_array().unwrap().len(), told.attempts.min(100));
}

#[tokio::test]
async fn traffic_moves_over_and_back_without_a_failed_request_or_a_lost_write() {
    let rig = Rig::new().await;
    let (nest, app) = tokio::join!(rig.nest(), rig.app());
    let shift = Shift::between(&nest.url, &app.url).await;
    let mut learners = Vec::new();
    for _ in 0..LEARNERS {
        let person = register(&nest, json!({})).await;
        let quiz = id(&person.client.post("/quiz", &old_quiz()).await.expect(201).json);
        learners.push((person, quiz, Told::default()));
    }
    for (step, share) in SHARES.into_iter().enumerate() {
        shift.set_share(share);
        let load = futures::future::join_all(learners.iter_mut().map(async |(person, quiz, told)| {
            let client = person.client.at(&shift.url);
            for _ in 0..ROUNDS {
                work(&client, quiz, told).await;
            }
        }));
        // The move itself comes first and is taken back last, both under load.
        let command = async {
            match step {
                0 => drop(rig.migrate().done(&["apply"]).await),
                3 => drop(rig.migrate().done(&["apply"]).await),
                4 => drop(rig.migrate().done(&["validate"]).await),
                6 => drop(rig.migrate().done(&["rollback"]).await),
                _ => {}
            }
        };
        tokio::join!(load, command);
    }
    let (at_old, at_new) = shift.counts();
    let per_step = (LEARNERS * ROUNDS * 7) as u64;
    assert_eq!(at_old + at_new, per_step * SHARES.len() as u64);
    // 10 + 50 + 100 + 100 + 50 per cent of a step.
    assert!((per_step * 29 / 10..=per_step * 33 / 10).contains(&at_new), "{at_new} of {}", at_old + at_new);
    for (person, _, told) in &learners {
        nothing_is_lost(&person.client, person, told).await;
        nothing_is_lost(&app.client().with_token(&person.token), person, told).await;
    }
}
