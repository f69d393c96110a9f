//! `smartstudy-api`: serves the API; without MongoDB and Redis it runs everything in this one process.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use api::app::{self, App};
use axum::{ServiceExt, extract::Request};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use shared::{
    config::{Backends, Environment, Program, Source},
    jobs::{Dispatcher, Sweeper},
    live, probe, setup, telemetry,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tower_http::normalize_path::NormalizePath;

mod configuration;
#[cfg(feature = "embedded")]
mod embedded;
mod migrate;
mod operators;
mod secret;

/// How long after the signal all open requests must have ended.
const GRACE: Duration = Duration::from_secs(25);
/// How long letters that are on their way may take at the end.
const MAIL_GRACE: Duration = Duration::from_secs(3);
/// How long after the signal requests are still taken, while `/health/ready` tells whoever balances the load that
/// they are to go elsewhere.
const LAME: Duration = Duration::from_secs(2);

/// What a command's end tells.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage";

#[derive(Parser)]
#[command(
    version,
    about = "SmartStudy's HTTP API; without MONGODB_URL and REDIS_URL it runs everything in one process",
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
    /// Serve the API (the default).
    Serve,
    /// Print the OpenAPI document.
    Openapi,
    /// Change an account by hand.
    User(operators::Arguments),
    /// Check, show or list what can be configured.
    Config(configuration::Arguments),
    /// Move the old backends' data over, while they go on writing; see docs/migration.md.
    Migrate(migrate::Arguments),
    /// Fail unless the server on this machine is ready, by the HOST and PORT that are configured, within 3 s.
    Health,
    /// Print a script that completes commands in a shell.
    Completion {
        /// The shell.
        shell: Shell,
    },
}

fn main() -> ExitCode {
    #[cfg(feature = "embedded")]
    if std::env::args_os().nth(1).is_some_and(|argument| argument == worker::pdf::SUBCOMMAND) {
        return worker::pdf::child_main();
    }
    let Arguments { config_file, command } = Arguments::parse();
    let source = || Source::open(config_file.as_deref());
    let done = match command.unwrap_or(Command::Serve) {
        Command::Serve => start(config_file.clone()),
        Command::Openapi => print_document(),
        Command::User(arguments) => operators::run(arguments, &source()),
        Command::Config(arguments) => configuration::run(arguments, &source()),
        Command::Migrate(arguments) => migrate::run(arguments, &source()),
        Command::Health => ask_for_health(&source()),
        Command::Completion { shell } => {
            print_completion(shell);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("smartstudy-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_document() -> anyhow::Result<()> {
    println!("{}", api::openapi::document(false).to_pretty_json()?);
    Ok(())
}

fn print_completion(shell: Shell) {
    clap_complete::generate(shell, &mut Arguments::command(), "smartstudy-api", &mut std::io::stdout());
}

fn ask_for_health(source: &Source) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = runtime.block_on(probe::ask(source, "PORT", 4000, "/health/ready"));
    // A name that is still looked up is of no use any more.
    runtime.shutdown_background();
    Ok(asked?)
}

fn start(config_file: Option<PathBuf>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let served = runtime.block_on(serve(config_file));
    // What still computes has nobody left to compute for.
    runtime.shutdown_background();
    served
}

async fn serve(config_file: Option<PathBuf>) -> anyhow::Result<()> {
    let (live, telemetry) = live::start(Program::Api, config_file)?;
    let served = listen(live).await;
    telemetry.finish().await;
    served
}

async fn listen(live: live::Live) -> anyhow::Result<()> {
    let config = live.now();
    if config.environment == Environment::Production && config.public_url.starts_with("http://localhost") {
        tracing::warn!(
            "PUBLIC_URL is not set: links to feeds and shared quizzes lead to {}",
            config.public_url
        );
    }
    let metrics = telemetry::metrics("api")?;
    let ledger = setup::ledger(Program::Api, &config).await?;
    operators::appoint(&ledger, &config.accounts.admin_emails).await?;
    let (stopping, closing) = (CancellationToken::new(), CancellationToken::new());
    let secret = secret::of(&config, &ledger.clock)?;
    let app = App::new(live.clone(), &secret, ledger.clone(), metrics, stopping.clone())?;

    let mailer = app.mailer.clone();
    let address = (config.host.as_str(), config.port);
    let listener = TcpListener::bind(address).await.context("HOST and PORT cannot be listened on")?;
    let dispatcher = tokio::spawn(Dispatcher::new(ledger.clone()).run());
    tokio::spawn(Sweeper::run(ledger.clone(), live.clone()));
    let counted = ledger.clone();
    tokio::spawn(async move { counted.keep_gauges().await });
    let lame = match config.backends {
        Backends::Embedded { .. } => Duration::ZERO,
        Backends::Services { .. } => LAME,
    };
    tokio::spawn(stop_on_signal(stopping.clone(), lame, closing.clone())?);

    let url = format!("http://{}", listener.local_addr()?);
    tracing::info!("listening on {url}");
    // The slash at the end is trimmed before routing, so it is a layer around the router, not in it.
    let routes = NormalizePath::trim_trailing_slash(app::router(app));
    let routes = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(routes);
    let served = axum::serve(listener, routes).with_graceful_shutdown(closing.cancelled_owned());
    let served = async {
        tokio::select! {
            served = served.into_future() => served.context("serving failed"),
            _ = dispatcher => anyhow::bail!("the dispatcher ended by itself"),
        }
    };
    match config.backends {
        #[cfg(feature = "embedded")]
        Backends::Embedded { .. } => {
            tracing::info!("everything runs in this process: open {url} to try it, {url}/docs for the API");
            tokio::try_join!(served, embedded::work(live, ledger, stopping))?;
        }
        _ => served.await?,
    }
    mailer.finish(MAIL_GRACE).await;
    tracing::info!("stopped");
    Ok(())
}

/// At the first signal the process is no longer ready and event streams end, a little later no request is taken any
/// more, and after the grace time those that are left are dropped.
fn stop_on_signal(
    stopping: CancellationToken,
    lame: Duration,
    closing: CancellationToken,
) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping");
        stopping.cancel();
        tokio::time::sleep(lame).await;
        closing.cancel();
        tokio::time::sleep(GRACE - lame).await;
        tracing::warn!("the grace time is over");
        std::process::exit(0);
    })
}
