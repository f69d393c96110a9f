//! The harness's own servers: what the other suites take for granted.

use harness::{Mongod, Proxy, RedisServer};
use mongodb::bson::{Document, doc};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

async fn mongo(url: &str) -> mongodb::Client {
    mongodb::Client::with_uri_str(url).await.unwrap()
}

async fn redis(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn shared_mongod_gives_each_test_its_own_database() {
    let mongod = Mongod::shared().await;
    let client = mongo(&mongod.url()).await;
    let names = (mongod.database(), mongod.database());
    let (ours, theirs) = (client.database(&names.0), client.database(&names.1));
    ours.collection::<Document>("notes").insert_one(doc! { "_id": 1 }).await.unwrap();
    assert_eq!(ours.collection::<Document>("notes").count_documents(doc! {}).await.unwrap(), 1);
    assert_eq!(theirs.collection::<Document>("notes").count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test]
async fn a_database_of_the_shared_mongod_goes_with_its_name() {
    let mongod = Mongod::shared().await;
    let client = mongo(&mongod.url()).await;
    let name = mongod.database();
    let was_called = name.to_owned();
    client.database(&name).collection("notes").insert_one(doc! { "_id": 1 }).await.unwrap();
    let there = async || client.list_database_names().await.unwrap().contains(&was_called);
    assert!(there().await);
    drop(name);
    let gone = async {
        while there().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(harness::process::PATIENCE, gone).await.expect("the database is dropped");
}

#[tokio::test]
async fn shared_redis_gives_each_test_its_own_database() {
    let server = RedisServer::shared().await;
    let (mut ours, mut theirs) = (redis(&server.database_url()).await, redis(&server.database_url()).await);
    let () = ours.set("key", 1).await.unwrap();
    assert_eq!(ours.get::<_, Option<i32>>("key").await.unwrap(), Some(1));
    assert_eq!(theirs.get::<_, Option<i32>>("key").await.unwrap(), None);
}

#[tokio::test]
async fn mongod_keeps_journaled_writes_through_a_crash() {
    let mut mongod = Mongod::start().await;
    let name = mongod.database();
    let uri = format!("{}&w=majority&journal=true", mongod.url());
    mongo(&uri).await.database(&name).collection("notes").insert_one(doc! { "_id": 1 }).await.unwrap();
    mongod.kill_hard();
    mongod.restart().await;
    let notes = mongo(&mongod.url()).await.database(&name).collection::<Document>("notes");
    assert_eq!(notes.count_documents(doc! {}).await.unwrap(), 1);
}

#[tokio::test]
async fn replica_set_has_transactions_and_survives_a_restart() {
    let mut mongod = Mongod::start_replica_set().await;
    for count in 1..=2 {
        let client = mongo(&mongod.url()).await;
        let notes = client.database("test").collection::<Document>("notes");
        let mut session = client.start_session().await.unwrap();
        session.start_transaction().await.unwrap();
        notes.insert_one(doc! { "text": "x" }).session(&mut session).await.unwrap();
        session.commit_transaction().await.unwrap();
        assert_eq!(notes.count_documents(doc! {}).await.unwrap(), count);
        mongod.stop().await;
        mongod.restart().await;
    }
}

#[tokio::test]
async fn redis_comes_back_empty_unless_durable() {
    for (mut server, kept) in
        [(RedisServer::start().await, None), (RedisServer::start_durable().await, Some(1))]
    {
        let () = redis(&server.url()).await.set("key", 1).await.unwrap();
        server.kill_hard();
        server.restart().await;
        assert_eq!(redis(&server.url()).await.get::<_, Option<i32>>("key").await.unwrap(), kept);
    }
}

#[tokio::test]
async fn proxy_stands_between_a_client_and_its_server() {
    let server = RedisServer::shared().await;
    let proxy = Proxy::start(server.database_url()).await;
    let mut connection = redis(&proxy.url()).await;
    let () = connection.set("key", 1).await.unwrap();
    proxy.cut().await;
    assert!(connection.get::<_, i32>("key").await.is_err());
    proxy.heal().await;
    assert_eq!(redis(&proxy.url()).await.get::<_, i32>("key").await.unwrap(), 1);
}

#[tokio::test]
async fn processes_are_read_and_ended() {
    let server = RedisServer::start().await;
    let process = server.process();
    assert!(process.rss_kb() > 0 && process.peak_rss_kb() >= process.rss_kb());
    assert_eq!(process.exit_status(), None);
    assert_eq!(process.terminate().await.code(), Some(0));
    process.line(|line| line.contains("bye bye").then_some(())).await.unwrap();
    assert_eq!(process.line(|line| line.contains("never").then_some(())).await, None);
    process.kill_hard();
    assert_eq!(process.exit_status().and_then(|status| status.code()), Some(0));
}
