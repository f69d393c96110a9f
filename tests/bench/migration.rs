//! The move of the old backends' data in full size: how fast, in how much memory, and whether it comes to the same end
//! when it is killed. The tool runs on one core.
//!
//! `MIGRATION_DOCUMENTS` (200,000), `MIGRATION_LARGE` (600,000, for memory alone), `MIGRATION_KILLS` (50) and
//! `KILL_DOCUMENTS` (3,000) set the sizes; `MIGRATION_ROUNDS` (3) says how often a command is timed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use harness::{
    Migrate, Mongod,
    legacy::{
        COLLECTIONS, Image, fill,
        kills::{copy_of, end_state, kill_after_lines},
    },
    migrate::Ran,
};
use mongodb::{Database, bson::doc};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{process::Command, time::interval};

use super::setting;

/// A finished run: what it said, how long it took, the most memory it had in MiB.
struct Measured {
    ran: Ran,
    took: Duration,
    peak_mib: u64,
}

/// Runs a command on one core.
async fn measured(migrate: &Migrate, arguments: &[&str]) -> Measured {
    let plain = migrate.command(arguments);
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let started = Instant::now();
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let mut peak_kib = 0;
    let ended = child.wait_with_output();
    tokio::pin!(ended);
    let mut ticks = interval(Duration::from_millis(10));
    let output = loop {
        tokio::select! {
            output = &mut ended => break output.unwrap(),
            _ = ticks.tick() => peak_kib = peak_kib.max(high_water(&status).unwrap_or_default()),
        }
    };
    let took = started.elapsed();
    let ran = Ran::of(output);
    assert!(ran.status.success(), "{arguments:?}: {}: {:?}", ran.complaint, ran.failures());
    Measured { ran, took, peak_mib: peak_kib / 1024 }
}

fn high_water(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// MongoDB's own checksums of the old collections.
async fn hashes(db: &Database) -> String {
    let command = doc! { "dbHash": 1, "collections": COLLECTIONS.to_vec() };
    db.run_command(command).await.unwrap().get_document("collections").unwrap().to_string()
}

/// What the tool says of a command, with its speed.
fn tell(name: &str, runs: &[Measured]) {
    let mut took: Vec<Duration> = runs.iter().map(|run| run.took).collect();
    took.sort();
    let (documents, median) = (runs[0].ran.count("documents", None), took[took.len() / 2]);
    println!(
        "migration {name}: {documents} documents, median of {} runs {:.1} s, {:.0} documents/s, peak memory {} MiB",
        runs.len(),
        median.as_secs_f64(),
        documents as f64 / median.as_secs_f64(),
        runs.iter().map(|run| run.peak_mib).max().unwrap_or_default()
    );
}

pub async fn migration() {
    full_size().await;
    large().await;
    kills().await;
}

async fn full_size() {
    let mongod = Mongod::start_with_cache_gb(2.0).await;
    let name = mongod.database();
    let db = mongodb::Client::with_uri_str(mongod.url()).await.unwrap().database(&name);
    let filled = fill(&db, setting("MIGRATION_DOCUMENTS", 200_000), 5).await;
    println!("migration filled: {:?}, {} with findings", filled.documents, filled.findings.len());
    let (before, hashed) = (Image::of(&db, &COLLECTIONS).await, hashes(&db).await);
    let migrate = Migrate::of(&mongod.url(), &name);
    let rounds = setting("MIGRATION_ROUNDS", 3);
    let mut plans = Vec::new();
    for _ in 0..rounds {
        plans.push(measured(&migrate, &["plan"]).await);
    }
    tell("plan", &plans);
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (collection, id, reason) in plans[0].ran.findings() {
        found.entry((collection, id)).or_default().insert(reason);
    }
    let owned = |reasons: &BTreeSet<&str>| reasons.iter().map(|reason| (*reason).to_owned()).collect();
    let expected: BTreeMap<(String, String), BTreeSet<String>> = filled
        .findings
        .iter()
        .map(|((of, id), reasons)| (((*of).to_owned(), id.clone()), owned(reasons)))
        .collect();
    println!("migration plan names what was put in and nothing else: {}", found == expected);

    let (mut applies, mut rollbacks) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        applies.push(measured(&migrate, &["apply"]).await);
        if round + 1 < rounds {
            rollbacks.push(measured(&migrate, &["rollback"]).await);
        }
    }
    tell("apply", &applies);
    let legacy = before.beginnings(&db, &COLLECTIONS).await;
    println!("migration legacy fields that differ after apply: {}", before.differences(&legacy).len());
    let checked = measured(&migrate, &["validate", "--strict"]).await;
    println!(
        "migration validate: {} of {} identical, {} failed",
        checked.ran.count("identical", None),
        checked.ran.count("documents", None),
        checked.ran.count("failed", None)
    );
    tell("validate", &[checked]);
    let again = measured(&migrate, &["apply"]).await;
    println!(
        "migration second apply: {} changed, {} copied",
        again.ran.count("changed", None),
        again.ran.count("copied", None)
    );
    tell("second apply", &[again]);
    rollbacks.push(measured(&migrate, &["rollback"]).await);
    tell("rollback", &rollbacks);
    let after = Image::of(&db, &COLLECTIONS).await;
    println!(
        "migration rollback: {} documents differ, {} too many, MongoDB's checksums the same: {}",
        before.differences(&after).len(),
        after.len() - before.len(),
        hashes(&db).await == hashed
    );
}

/// Memory does not grow with the collections.
async fn large() {
    let mongod = Mongod::start_with_cache_gb(2.0).await;
    let name = mongod.database();
    let db = mongodb::Client::with_uri_str(mongod.url()).await.unwrap().database(&name);
    fill(&db, setting("MIGRATION_LARGE", 600_000), 6).await;
    let migrate = Migrate::of(&mongod.url(), &name);
    for command in ["plan", "apply", "validate", "rollback"] {
        tell(&format!("large {command}"), &[measured(&migrate, &[command]).await]);
    }
}

async fn kills() {
    let mongod = Mongod::start().await;
    let name = mongod.database();
    let original = mongodb::Client::with_uri_str(mongod.url()).await.unwrap().database(&name);
    fill(&original, setting("KILL_DOCUMENTS", 3_000), 7).await;
    let (undisturbed, reference) = copy_of(&mongod, &original).await;
    let ran = Migrate::of(&mongod.url(), &undisturbed).done(&["apply"]).await;
    let (lines, wanted) = (ran.events.len(), end_state(&reference).await);
    let mut rng = StdRng::seed_from_u64(50);
    let wanted_kills = setting("MIGRATION_KILLS", 50);
    let (mut killed, mut differing) = (0, 0);
    while killed < wanted_kills {
        let (name, db) = copy_of(&mongod, &original).await;
        let migrate = Migrate::of(&mongod.url(), &name);
        if kill_after_lines(&migrate, rng.random_range(0..lines)).await {
            killed += 1;
            migrate.done(&["apply"]).await;
            let end = end_state(&db).await;
            differing += usize::from(end != wanted);
        }
        db.drop().await.unwrap();
    }
    println!("migration kill -9: {killed} runs killed and resumed, {differing} with another end state");
}
