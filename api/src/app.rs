//! The state of the process and the router around all routes.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware,
    response::IntoResponse,
};
use metrics_exporter_prometheus::PrometheusHandle;
use rand::RngExt;
use secrecy::SecretString;
use shared::{
    config::Environment,
    domain::{Quiz, Timestamp},
    jobs::Ledger,
    limits::Limits,
    live::Live,
    setup::{self, SetupError},
};
use tokio_util::sync::CancellationToken;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};

use crate::{
    board::Board,
    drain,
    extract::guard_logins,
    frame, idempotency, limits,
    logins::Logins,
    mail::{MailError, Mailer},
    negotiation::{self, Offers},
    passwords::Passwords,
    pictures::Pictures,
    routes,
    tokens::Tokens,
};

/// Most bytes of a request's body. Routes that take documents raise it to [`App::document_max`].
const BODY_MAX: usize = 1 << 20;

/// What handlers need.
#[derive(Debug, Clone)]
pub struct App {
    /// Records of jobs, and through it the store, queue and clock.
    pub ledger: Ledger,
    /// Accounts and logins.
    pub logins: Logins,
    /// Access and refresh tokens.
    pub tokens: Arc<Tokens>,
    /// Hashing.
    pub passwords: Passwords,
    /// Pictures of users.
    pub pictures: Pictures,
    /// Letters to users.
    pub mailer: Mailer,
    /// The configuration in force, for what may change while the process runs.
    pub live: Live,
    /// How the outside reaches this server, without a slash at the end.
    pub public_url: String,
    /// Whether throwaway accounts may be made.
    pub guests: bool,
    /// Whether what the old frontend calls is served too.
    pub legacy_compat: bool,
    /// Whether cookies need HTTPS.
    pub secure_cookies: bool,
    /// Who asked for how much.
    pub limits: Limits,
    /// Proxies that add to `X-Forwarded-For`, between the outside and this server.
    pub trusted_proxies: usize,
    /// Largest upload, in bytes.
    pub max_file_size: usize,
    /// What operators look at.
    pub board: Board,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// When the process started.
    pub started_at: Timestamp,
    /// Cancelled when the process is to end.
    pub stopping: CancellationToken,
}

/// The state could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// BCRYPT_COST does not fit.
    #[error("passwords cannot be hashed: {0}")]
    Passwords(#[from] bcrypt::BcryptError),
    /// SMTP_URL or MAIL_FROM does not fit.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// REDIS_URL cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl App {
    /// The state for this configuration and secret.
    pub fn new(
        live: Live,
        secret: &SecretString,
        ledger: Ledger,
        metrics: PrometheusHandle,
        stopping: CancellationToken,
    ) -> Result<Self, AppError> {
        let config = live.now();
        let decoy: u128 = ledger.clock.rng().random();
        Ok(Self {
            logins: Logins::new(ledger.store.clone(), ledger.clock.clone()),
            tokens: Arc::new(Tokens::new(secret, config.jwt_secret_previous.as_ref(), config.jwt_expires_in)),
            passwords: Passwords::new(config.bcrypt_cost, &decoy.to_string())?,
            pictures: Pictures::default(),
            mailer: Mailer::new(&config, ledger.clock.clone())?,
            public_url: config.public_url.clone(),
            guests: config.guests,
            legacy_compat: config.legacy_compat,
            secure_cookies: config.environment == Environment::Production,
            limits: setup::limits(&config)?,
            trusted_proxies: config.trusted_proxies,
            max_file_size: config.max_file_size,
            board: Board::new(ledger.notifier.clone(), stopping.clone()),
            metrics,
            started_at: ledger.clock.now(),
            ledger,
            live,
            stopping,
        })
    }

    /// Whether everybody may read and take the quiz: in old frontend mode those that nobody owns.
    pub fn is_open(&self, quiz: &Quiz) -> bool {
        self.legacy_compat && quiz.created_by.is_none()
    }

    /// Most bytes of a request that carries a document: the largest document and what is beside it.
    pub fn document_max(&self) -> usize {
        self.max_file_size + BODY_MAX
    }
}

/// All routes in their frame, ready to be served.
pub fn router(app: App) -> Router {
    let (mut routes, descriptions) = routes::all(app.legacy_compat).split();
    if app.legacy_compat {
        routes = routes.layer(middleware::from_fn_with_state(app.clone(), routes::serve_legacy));
    }
    let offers = Offers::of(descriptions);
    routes
        .merge(routes::pages())
        .merge(routes::docs(app.legacy_compat))
        .layer(middleware::from_fn_with_state(app.clone(), idempotency::replay))
        .layer(middleware::from_fn_with_state(app.clone(), guard_logins))
        .layer(middleware::from_fn_with_state(offers, negotiation::negotiated))
        .layer(middleware::from_fn_with_state(app.clone(), limits::limited))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn(drain::refused))
        // The panic itself was told.
        .layer(CatchPanicLayer::custom(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
        .layer(middleware::from_fn(frame::around))
        .layer(cors(app.live.clone()))
        .with_state(app)
}

fn cors(live: Live) -> CorsLayer {
    let is_allowed = move |origin: &HeaderValue, _: &Parts| {
        live.now().allowed_origins.iter().any(|allowed| origin == allowed.as_str())
    };
    let names =
        |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(
            [header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH]
                .into_iter()
                .chain(names(&[
                    "idempotency-key",
                    "last-event-id",
                    "prefer",
                    "traceparent",
                    "tracestate",
                    "x-request-id",
                ]))
                .collect::<Vec<_>>(),
        )
        .expose_headers(names(&[
            "location",
            "link",
            "x-total-count",
            "etag",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "x-request-id",
        ]))
        .max_age(Duration::from_secs(600))
}
