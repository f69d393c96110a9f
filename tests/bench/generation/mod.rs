//! The proofs of generation in full size: a provider that fails, many who ask for the same, a long document, documents
//! that command. Each over two workers, a MongoDB and a Redis of its own.
//!
//! `FAULT_JOBS` (1,000), `SHARING_PEOPLE` (1,000), `PREFIX_WORDS` (30,000) and `INJECTION_DOCUMENTS` (200) set the sizes;
//! `INJECTION_FOLDER` names a folder for the documents, for whoever wants to see them.

use std::{net::Ipv4Addr, path::Path, time::Instant};

use harness::{
    App, AppOptions, Mongod, RedisServer,
    deepseek::{Deepseek, Kind, Mixed, Reply, account},
    generation::{Verdict, faults, injections, prefix, sharing, through, through_url},
};

use super::setting;

/// Questions asked of the long document.
const QUESTIONS: usize = 200;

/// An app of two workers, and what it stands on.
struct Rig {
    app: App,
    _services: (Mongod, RedisServer),
}

async fn rig(options: AppOptions) -> Rig {
    let services = (Mongod::start_with_cache_gb(1.0).await, RedisServer::start().await);
    let app = App::production_with(&services.0, &services.1, 2, options).await;
    Rig { app, _services: services }
}

fn tell(name: &str, verdict: &Verdict) {
    print!("{}", verdict.report.lines().map(|line| format!("{name} checker: {line}\n")).collect::<String>());
}

/// A provider that fails now and then, and one that is down.
pub async fn faults() {
    let jobs = setting("FAULT_JOBS", 1_000);
    for (name, mixed) in [
        ("faults transient", Mixed { seed: 1, transient: 0.2, flawed: 0.0, refused: 0.002 }),
        ("faults and flaws", Mixed { seed: 2, transient: 0.2, flawed: 0.1, refused: 0.002 }),
    ] {
        let provider = Deepseek::start().await;
        provider.otherwise(Reply::Mixed(mixed));
        let rig = rig(through(&provider).env("AI_LOCAL_FALLBACK", "off")).await;
        let started = Instant::now();
        let faults = faults::run(&rig.app.client(), jobs, mixed.seed).await;
        told(name, &faults, started);
        let requests = provider.requests();
        for kind in [Kind::Quiz, Kind::Check] {
            println!("{name} {kind:?} calls: {:?}", account::outcomes(&requests, kind));
        }
        println!(
            "{name} clean calls repeated: {}, tokens delivered: {}, most calls at once: {}",
            account::repeated(&requests),
            account::tokens(&requests),
            provider.most_at_once()
        );
    }
    let failing = Deepseek::start().await;
    failing.otherwise(Reply::Status(503, None));
    let refusing = format!("http://{}:{}", Ipv4Addr::LOCALHOST, harness::free_port());
    for (name, url) in [("faults refused connections", refusing), ("faults 503", failing.url())] {
        let rig = rig(through_url(&url)).await;
        let started = Instant::now();
        told(name, &faults::run(&rig.app.client(), jobs, 3).await, started);
    }
}

fn told(name: &str, faults: &faults::Faults, started: Instant) {
    println!(
        "{name}: {} jobs in {:.0} s, {} tries, {} succeeded ({:.3} %), {} refused for good, failed otherwise: {:?}, {} with \
         fewer questions, by {:?}",
        faults.jobs,
        started.elapsed().as_secs_f64(),
        faults.tries,
        faults.succeeded,
        faults.share() * 100.0,
        faults.refused,
        faults.failed,
        faults.short,
        faults.providers
    );
    tell(name, &faults.verdict);
}

/// Identical requests of many people.
pub async fn sharing() {
    let people = setting("SHARING_PEOPLE", 1_000);
    let provider = Deepseek::start().await;
    let rig = rig(through(&provider)).await;
    let started = Instant::now();
    let sharing = sharing::run(&rig.app.client(), &provider, people).await;
    println!(
        "sharing: {people} people in {:.0} s, {} quizzes, {} orders of options; calls for one {:?}, for all {:?}",
        started.elapsed().as_secs_f64(),
        sharing.quizzes,
        sharing.orders,
        sharing.alone,
        sharing.together
    );
    println!("sharing different values told to people: {:?}", sharing.told);
    tell("sharing", &sharing.verdict);
}

/// A long document.
pub async fn prefix() {
    let provider = Deepseek::start().await;
    let rig = rig(through(&provider)).await;
    let prefix = prefix::run(&rig.app.client(), &provider, setting("PREFIX_WORDS", 30_000), QUESTIONS).await;
    println!(
        "prefix: {} words, {} questions over {:.0} % of the document, {} later prompts of {} bytes, {:.1} % of them as \
         the first one begins",
        prefix.words,
        prefix.questions,
        prefix.tenths * 100.0,
        prefix.prefixes.prompts,
        prefix.prefixes.bytes,
        prefix.share() * 100.0
    );
    tell("prefix", &prefix.verdict);
}

/// Documents with embedded instructions.
pub async fn injections() {
    let documents = setting("INJECTION_DOCUMENTS", 200);
    if let Ok(folder) = std::env::var("INJECTION_FOLDER") {
        injections::write(Path::new(&folder), documents).unwrap();
    }
    let provider = Deepseek::start().await;
    provider.otherwise(Reply::Obeys);
    let rig = rig(through(&provider)).await;
    let started = Instant::now();
    let injections = injections::run(&rig.app.client(), &provider, documents).await;
    println!(
        "injections: {} documents in {:.0} s, {} quizzes, without one {:?}",
        injections.documents,
        started.elapsed().as_secs_f64(),
        injections.quizzes,
        injections.failed
    );
    println!("injections whose instruction reached the model: {:?}", injections.reached);
    println!("injections obeyed: {:?}", injections.obeyed);
    tell("injections", &injections.verdict);
}
