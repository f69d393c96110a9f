//! `smartstudy-api`: serves the API; without MongoDB and Redis it runs everything in this one process.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context as _;
use api::app::{self, App};
use axum::{ServiceExt, extract::Request};
use clap::{Parser, Subcommand};
use shared::{
    config::{Backends, Config, Environment, Program},
    jobs::{Dispatcher, Sweeper},
    setup, telemetry,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tower_http::normalize_path::NormalizePath;

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

#[derive(Parser)]
#[command(
    version,
    about = "SmartStudy's HTTP API; without MONGODB_URL and REDIS_URL it runs everything in one process"
)]
struct Arguments {
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
    User {
        #[command(subcommand)]
        action: operators::Action,
    },
    /// Move the old backends' data over, while they go on writing; see docs/migration.md.
    Migrate(migrate::Arguments),
}

fn main() -> ExitCode {
    #[cfg(feature = "embedded")]
    if std::env::args_os().nth(1).is_some_and(|argument| argument == worker::pdf::SUBCOMMAND) {
        return worker::pdf::child_main();
    }
    let done = match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => start(),
        Command::Openapi => print_document(),
        Command::User { action } => change_user(action),
        Command::Migrate(arguments) => migrate::run(arguments),
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
    println!("{}", api::openapi::document().to_pretty_json()?);
    Ok(())
}

fn change_user(action: operators::Action) -> anyhow::Result<()> {
    shared::runtime()?.block_on(operators::run(action))
}

fn start() -> anyhow::Result<()> {
    let runtime = shared::runtime()?;
    let served = runtime.block_on(serve());
    // What still computes has nobody left to compute for.
    runtime.shutdown_background();
    served
}

async fn serve() -> anyhow::Result<()> {
    let config = Config::from_env(Program::Api)?;
    telemetry::logs(config.log_format, &config.log_filter);
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
    let app = App::new(&config, &secret, ledger.clone(), metrics, stopping.clone())?;

    let mailer = app.mailer.clone();
    let address = (config.host.as_str(), config.port);
    let listener = TcpListener::bind(address).await.context("HOST and PORT cannot be listened on")?;
    let dispatcher = tokio::spawn(Dispatcher::new(ledger.clone()).run());
    tokio::spawn(Sweeper::new(ledger.clone(), config.retention.clone()).run());
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
            tokio::try_join!(served, embedded::work(&config, ledger, stopping))?;
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
