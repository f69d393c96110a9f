//! Whoever has an account at one of the backends logs in at each of them, and stays logged in.

use harness::Client;
use serde_json::json;

use crate::rig::{PASSWORD, Person, Rig, register, text};

/// Logs in with the password and with a wrong one; the token that comes.
async fn token(client: &Client, email: &str) -> String {
    let wrong = json!({ "email": email, "password": "wrong horse" });
    client.post("/auth/login", &wrong).await.expect(401);
    let right = json!({ "email": email, "password": PASSWORD });
    let session = client.post("/auth/login", &right).await;
    assert!([200, 201].contains(&session.status), "{session}");
    let token = session.json.get("accessToken").or(session.json.get("access_token"));
    text(token.expect("a token")).to_owned()
}

/// Whose token a backend says it is.
async fn whose(client: &Client, token: &str) -> String {
    let me = client.with_token(token).get("/auth/me").await.expect(200).json;
    text(me.get("_id").unwrap_or(&me["id"])).to_owned()
}

#[tokio::test]
async fn hashes_and_tokens_of_every_backend_are_good_at_every_other() {
    let rig = Rig::new().await;
    let (nest, beanie, app) = tokio::join!(rig.nest(), rig.beanie(), rig.app());
    let clients = [nest.client(), beanie.client(), app.client()];
    let mut people: Vec<Person> = Vec::new();
    for hash in ["bcrypt", "bcryptjs"] {
        people.push(register(&nest, json!({ "hash": hash })).await);
    }
    people.push(register(&beanie, json!({})).await);
    let ours = app.client().register().await;
    let ours_email = text(&ours.session()["user"]["email"]).to_owned();
    let mut accounts: Vec<(String, String)> =
        people.iter().map(|person| (person.id.clone(), person.email.clone())).collect();
    accounts.push((ours.user_id().to_owned(), ours_email));
    for stage in ["before", "after"] {
        for person in &people {
            for client in &clients {
                assert_eq!(whose(client, &person.token).await, person.id, "{stage}: {}", client.url());
            }
        }
        for (id, email) in &accounts {
            for issuer in &clients {
                let token = token(issuer, email).await;
                for client in &clients {
                    assert_eq!(
                        whose(client, &token).await,
                        *id,
                        "{stage}: {} at {}",
                        issuer.url(),
                        client.url()
                    );
                }
            }
        }
        for client in &clients {
            client.with_token(format!("{}x", people[0].token)).get("/auth/me").await.expect(401);
        }
        rig.migrate().done(&["apply"]).await;
    }
    // In any case and with space around, once it has its normal form.
    let shouted = format!(" {} ", people[0].email.to_uppercase());
    token(&app.client(), &shouted).await;
}
