//! `smartstudy-worker`: takes jobs from the queue and does the slow work.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, routing::get};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use metrics_exporter_prometheus::PrometheusHandle;
use shared::{
    config::{Backends, Config, Ocr, Program, Source},
    jobs::{Dispatcher, Sweeper},
    live, probe, setup, telemetry,
};
use tokio::signal::unix::{SignalKind, signal};
use worker::{Contexts, Shutdown, pdf, quiz, replay, runtime};

mod operators;

/// How long running jobs may take to end once the worker is told to.
const GRACE: Duration = Duration::from_secs(20);

/// What a command's end tells.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage";

#[derive(Parser)]
#[command(
    version,
    about = "Takes SmartStudy's jobs from the queue and does the slow work",
    after_help = EXIT_CODES
)]
struct Arguments {
    /// A TOML file with settings, over which the environment wins; else CONFIG_FILE names one.
    #[arg(long = "config", global = true, value_name = "FILE")]
    config_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run jobs until told to stop (the default).
    Run,
    /// See and change everybody's jobs and their queues, as admins do over HTTP.
    Jobs(operators::Arguments),
    /// Play a try that failed again, from what was kept of it: its answers through the code as it is now.
    Replay(replay::Ask),
    /// Write the text of documents to a folder, with a status line for each.
    Extract {
        /// Documents to read.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Folder for NAME.txt and status.tsv.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        /// Read scanned pages too, with Tesseract, in these languages.
        #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "eng", value_name = "LANGUAGES")]
        ocr: Option<String>,
    },
    /// Make questions about documents without a model, and write them to a folder.
    Quiz {
        /// Documents to ask about: PDF, or text in UTF-8.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        ask: quiz::Ask,
        /// Folder for NAME.json.
        #[arg(long)]
        out: PathBuf,
    },
    /// Fail unless the worker on this machine answers, by the HOST and METRICS_PORT that are configured, within 3 s.
    Health,
    /// Print a script that completes commands in a shell.
    Completion {
        /// The shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == pdf::SUBCOMMAND) {
        return pdf::child_main();
    }
    match start(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("smartstudy-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(Arguments { config_file, command }: Arguments) -> anyhow::Result<()> {
    let source = || Source::open(config_file.as_deref());
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(async {
        match command.unwrap_or(Command::Run) {
            Command::Run => run(config_file.clone()).await,
            Command::Jobs(arguments) => operators::run(arguments, &source()).await,
            Command::Replay(ask) => play(&ask, &source()).await,
            Command::Extract { files, out, ocr } => extract(&files, &out, ocr).await,
            Command::Quiz { files, ask, out } => quiz::run(&files, &ask, &out).await,
            Command::Health => Ok(probe::ask(&source(), "METRICS_PORT", 9464, "/health/live").await?),
            Command::Completion { shell } => {
                let (mut command, name) = (Arguments::command(), "smartstudy-worker");
                clap_complete::generate(shell, &mut command, name, &mut std::io::stdout());
                Ok(())
            }
        }
    });
    // What still computes does so for jobs that another worker has by now.
    runtime.shutdown_background();
    ended
}

async fn extract(files: &[PathBuf], out: &Path, languages: Option<String>) -> anyhow::Result<()> {
    let ocr = languages.map(|languages| {
        let settings = Ocr { languages, ..Ocr::default() };
        pdf::Ocr::installed(settings).context("tesseract is not installed")
    });
    pdf::cli::run(files, out, ocr.transpose()?.as_ref()).await
}

async fn play(ask: &replay::Ask, source: &Source) -> anyhow::Result<()> {
    let backends = Backends::alone(source)?;
    // Embedded there is one configuration for all.
    let program = match backends {
        Backends::Embedded { .. } => Program::Api,
        Backends::Services { .. } => Program::Worker,
    };
    let config = Config::read(program, source)?;
    let ledger = setup::existing(Program::Worker, &backends).await?;
    let contexts = Contexts::new(live::Live::fixed(config), ledger)?;
    let played = replay::run(&contexts.now(), ask).await?;
    match ask.json {
        true => println!("{}", serde_json::to_string_pretty(&played)?),
        false => print!("{played}"),
    }
    Ok(())
}

async fn run(config_file: Option<PathBuf>) -> anyhow::Result<()> {
    let (live, telemetry) = live::start(Program::Worker, config_file)?;
    let worked = serve(live).await;
    telemetry.finish().await;
    worked
}

async fn serve(live: live::Live) -> anyhow::Result<()> {
    let config = live.now();
    let metrics = telemetry::metrics("worker")?;
    let ledger = setup::ledger(Program::Worker, &config).await?;
    let contexts = Contexts::new(live.clone(), ledger.clone())?;
    serve_metrics(&config, metrics).await?;
    let dispatcher = tokio::spawn(Dispatcher::new(ledger.clone()).run());
    tokio::spawn(Sweeper::run(ledger, live));

    let shutdown = Shutdown::default();
    tokio::spawn(on_signal(shutdown.clone())?);
    tracing::info!(name = contexts.now().name, slots = config.worker_concurrency, "working");
    // A worker that lost a part of itself must not look alive: its supervisor starts it anew.
    tokio::select! {
        ended = runtime::run(contexts, config.worker_concurrency, shutdown) => ended?,
        _ = dispatcher => anyhow::bail!("the dispatcher ended by itself"),
    }
    tracing::info!("drained");
    Ok(())
}

/// Stops taking jobs at the first signal, and gives running ones back when the grace time is over.
fn on_signal(shutdown: Shutdown) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("draining");
        shutdown.stop.cancel();
        tokio::time::sleep(GRACE).await;
        shutdown.release.cancel();
    })
}

async fn serve_metrics(config: &Config, metrics: PrometheusHandle) -> anyhow::Result<()> {
    let address = (config.host.as_str(), config.metrics_port);
    let listener =
        tokio::net::TcpListener::bind(address).await.context("METRICS_PORT cannot be listened on")?;
    tracing::info!("metrics on http://{}/metrics", listener.local_addr()?);
    let routes = Router::new()
        .route("/metrics", get(move || std::future::ready(metrics.render())))
        .route("/health/live", get(|| std::future::ready("ok")));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(())
}
