//! The table of settings. A default that is given as a value is held against what the program does by a test.

use super::{Group, Setting, Shape::*, Usual::*};

/// Every setting, by what it is about.
pub const GROUPS: &[Group] = &[
    Group { title: "State", settings: STATE },
    Group { title: "Addresses", settings: ADDRESSES },
    Group { title: "Accounts and mail", settings: ACCOUNTS },
    Group { title: "Requests", settings: REQUESTS },
    Group { title: "Work", settings: WORK },
    Group { title: "Providers of questions", settings: PROVIDERS },
    Group { title: "Logs", settings: LOGS },
    Group { title: "Traces and errors", settings: OBSERVERS },
    Group { title: RETENTION_TITLE, settings: RETENTION },
];

/// The group that the page shows with what else is said of it.
pub const RETENTION_TITLE: &str = "Retention";

const STATE: &[Setting] = &[
    Setting::new("CONFIG_FILE", Text, Nothing, "a file with settings, as `--config` names one"),
    Setting::new(
        "MONGODB_URL",
        Text,
        Nothing,
        "MongoDB; together with `REDIS_URL`, or neither to run embedded",
    )
    .old(&["MONGODB_URI"])
    .secret(),
    Setting::new("REDIS_URL", Text, Nothing, "Redis").secret(),
    Setting::new(
        "DATABASE_NAME",
        Text,
        Is("smartstudy"),
        "database in MongoDB, and prefix of all keys and channels in Redis; `smartstudy-api migrate` needs this and \
         `MONGODB_URL` alone",
    ),
    Setting::new("DATA_DIR", Text, Is("./data"), "state of the embedded mode: database, uploads, secret"),
    Setting::new(
        "ENVIRONMENT",
        Text,
        Is("development"),
        "`production` refuses a secret under 32 bytes, sends cookies over HTTPS only",
    )
    .old(&["NODE_ENV"]),
];

const ADDRESSES: &[Setting] = &[
    Setting::new("HOST", Text, Depends("`127.0.0.1` embedded, else `0.0.0.0`"), "address to listen on"),
    Setting::new("PORT", Number, Is("4000"), "port of the API; `0` takes a free one").of_api(),
    Setting::new(
        "METRICS_PORT",
        Number,
        Is("9464"),
        "port of a worker's `/metrics` and `/health/live`; `0` takes a free one",
    )
    .of_workers(),
    Setting::new(
        "PUBLIC_URL",
        Text,
        Depends("`http://localhost:PORT`"),
        "how the outside reaches the API; goes into mails, feeds and shared links",
    )
    .of_api(),
    Setting::new(
        "FRONTEND_URL",
        Text,
        Depends("`PUBLIC_URL`"),
        "where links in mails lead: its `/reset-password?token=` and `/verify-email?token=`; the API has these pages \
         too",
    )
    .of_api(),
];

const ACCOUNTS: &[Setting] = &[
    Setting::new(
        "JWT_SECRET",
        Text,
        Depends("embedded: made and kept in `DATA_DIR`"),
        "signs and verifies tokens (HS256)",
    )
    .old(&["JWT_SECRET_KEY"])
    .secret()
    .of_api(),
    Setting::new("JWT_SECRET_PREVIOUS", Text, Nothing, "verifies only, while keys are rotated").secret().of_api(),
    Setting::new(
        "JWT_EXPIRES_IN",
        Duration,
        Is("7d"),
        "life of an access token: seconds, or a number with `s`, `m`, `h`, `d`",
    )
    .of_api(),
    Setting::new("BCRYPT_COST", Number, Is("10"), "cost of new password hashes, 4–31").of_api(),
    Setting::new(
        "GUESTS",
        Switch,
        Depends("`on`; off in production, unless embedded"),
        "whether `POST /auth/guest` makes throwaway accounts",
    )
    .of_api(),
    Setting::new(
        "ADMIN_EMAILS",
        List,
        Nothing,
        "e-mails of existing and verified accounts that become admin at start",
    )
    .of_api(),
    Setting::new(
        "SMTP_URL",
        Text,
        Nothing,
        "mail server, such as `smtps://USER:PASSWORD@HOST:465` or `smtp://HOST:587?tls=required`; without one mails go \
         into the log in development, and nowhere in production",
    )
    .secret()
    .of_api(),
    Setting::new(
        "MAIL_FROM",
        Text,
        Nothing,
        "sender of mails, such as `SmartStudy <no-reply@example.org>`; needed with `SMTP_URL`",
    )
    .of_api(),
];

const REQUESTS: &[Setting] = &[
    Setting::new(
        "ALLOWED_ORIGINS",
        List,
        Nothing,
        "origins that may log in and call with cookies; behind a proxy that rewrites `Host` name the site itself too",
    )
    .old(&["CORS_ORIGINS"])
    .reloads()
    .of_api(),
    Setting::new(
        "RATE_LIMITS",
        Switch,
        Is("on"),
        "whether requests beyond the [limits](#rate-limits) are refused with 429",
    )
    .reloads()
    .of_api(),
    Setting::new(
        "TRUSTED_PROXIES",
        Number,
        Is("0"),
        "proxies between the outside and the API that add to `X-Forwarded-For`; the address that the farthest of them \
         saw is counted by. With 0 the header is not believed",
    )
    .of_api(),
    Setting::new(
        "LEGACY_COMPAT",
        Switch,
        Is("off"),
        "serves what the old frontend calls too: quizzes made at once and without a login, tasks, agendas; see [the \
         decision](adr/0007-old-frontend.md)",
    )
    .of_api(),
    Setting::new("MAX_FILE_SIZE", Number, Is("10485760"), "largest upload in bytes").of_api(),
];

const WORK: &[Setting] = &[
    Setting::new(
        "WORKER_CONCURRENCY",
        Number,
        Is("4"),
        "jobs a worker runs at once; each may read a PDF within 512 MiB, and a scanned page within 1 GiB",
    )
    .of_workers(),
    Setting::new(
        "JOBS_PER_USER",
        Number,
        Is("3"),
        "jobs of a user that run at once, over all workers; `0` for as many as there are slots",
    )
    .of_workers()
    .reloads(),
    Setting::new(
        "OCR",
        Text,
        Is("auto"),
        "`auto`: scanned pages are read where Tesseract is on the worker's `PATH` when it starts; `off`: never",
    )
    .of_workers(),
    Setting::new(
        "OCR_LANGUAGES",
        Text,
        Is("eng"),
        "Tesseract's names of the languages, joined by `+`, such as `eng+deu`; their data must be installed",
    )
    .of_workers(),
    Setting::new(
        "OCR_PAGES",
        Number,
        Is("50"),
        "scanned pages read of one document; a job that leaves pages out says so in a notice",
    )
    .of_workers(),
];

const PROVIDERS: &[Setting] = &[
    Setting::new("DEEPSEEK_API_KEY", Text, Nothing, "with it DeepSeek makes the questions").secret().reloads(),
    Setting::new("DEEPSEEK_BASE_URL", Text, Is("https://api.deepseek.com"), "root of its API").reloads(),
    Setting::new("DEEPSEEK_MODEL", Text, Is("deepseek-flash"), "model").reloads(),
    Setting::new(
        "DEEPSEEK_TIMEOUT",
        Duration,
        Is("60"),
        "longest silence of an answer: seconds, or with a unit",
    )
    .reloads(),
    Setting::new(
        "DEEPSEEK_DEADLINE",
        Duration,
        Is("660"),
        "longest time of one call, from its beginning to the end of its answer",
    )
    .reloads(),
    Setting::new(
        "DEEPSEEK_CONCURRENCY",
        Number,
        Depends("what DeepSeek allows: 2500 for `deepseek-flash`, 500 for `deepseek-v4-pro`, else 100"),
        "most calls at once, over all workers",
    )
    .reloads(),
    Setting::new(
        "DEEPSEEK_PLAN_THINKING",
        Text,
        Is("low"),
        "how much DeepSeek thinks before it words a plan: `off`, `low`, `high` or `max`; questions are written without \
         thinking, as each is proven and checked",
    )
    .reloads(),
    Setting::new(
        "OLLAMA_BASE_URL",
        Text,
        Nothing,
        "an endpoint that speaks the same protocol under `/v1`, such as a local Ollama's `http://localhost:11434`; \
         asked where DeepSeek is not set or cannot answer",
    )
    .reloads(),
    Setting::new("OLLAMA_MODEL", Text, Nothing, "its model; needed with `OLLAMA_BASE_URL`").reloads(),
    Setting::new("OLLAMA_API_KEY", Text, Nothing, "its key, where it wants one").secret().reloads(),
    Setting::new("OLLAMA_TIMEOUT", Duration, Is("120"), "as of DeepSeek").reloads(),
    Setting::new("OLLAMA_DEADLINE", Duration, Is("660"), "as of DeepSeek").reloads(),
    Setting::new("OLLAMA_CONCURRENCY", Number, Is("2"), "as of DeepSeek").reloads(),
    Setting::new(
        "AI_LOCAL_FALLBACK",
        Switch,
        Is("on"),
        "whether the local generator makes the questions that the providers cannot; when `off`, a job fails with the \
         provider's error. What may not be sent to a provider, for want of consent or budget, is made locally in either case",
    )
    .reloads(),
    Setting::new(
        "AI_KEY_CHECK",
        Switch,
        Is("on"),
        "whether a second call, which sees nothing but quote, question and options in another order, must find the \
         same key",
    )
    .reloads(),
    Setting::new(
        "DEEPSEEK_PRICES",
        List,
        Depends("the model's list prices"),
        "prices for a million tokens: cached, fresh, completion, such as `0.02,1,4`; of a model that is not listed \
         nothing is known without them",
    )
    .reloads(),
    Setting::new(
        "DEEPSEEK_PEAK_FACTOR",
        Decimal,
        Is("2"),
        "by how much prices are multiplied from 9 to 12 and from 14 to 18 o'clock on weekdays in Beijing",
    )
    .reloads(),
    Setting::new(
        "DEEPSEEK_CURRENCY",
        Text,
        Is("CNY"),
        "currency of the prices (ISO 4217); sums are shown in this one alone",
    )
    .reloads(),
    Setting::new(
        "AI_CONSENT",
        Text,
        Is("assumed"),
        "`required`: only the texts of students whose `aiConsent` is true go to DeepSeek, the local generator serves \
         the others",
    )
    .reloads(),
    Setting::new(
        "AI_DAILY_TOKENS",
        Number,
        Is("5000000"),
        "tokens, sent and received, of one user in a UTC day, after which the local generator serves them; `0` lets \
         nothing out",
    )
    .reloads(),
];

const LOGS: &[Setting] = &[
    Setting::new("LOG_FORMAT", Text, Depends("`json` in production, else `text`"), "form of log lines"),
    Setting::new(
        "RUST_LOG",
        Text,
        Is("info"),
        "which log lines are written, such as `info` or `warn,api=debug`",
    )
    .reloads(),
];

const OBSERVERS: &[Setting] = &[
    Setting::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Text,
        Nothing,
        "a collector of traces that speaks OTLP over HTTP, such as `http://localhost:4318`; without one nothing is traced",
    ),
    Setting::new(
        "OTEL_SERVICE_NAME",
        Text,
        Depends("`smartstudy-api` or `smartstudy-worker`"),
        "what the process is called in traces",
    ),
    Setting::new(
        "TRACES_SAMPLED",
        Decimal,
        Is("1"),
        "the share of requests that are traced, 0 to 1; who calls with a `traceparent` decides for itself",
    ),
    Setting::new(
        "SENTRY_DSN",
        Text,
        Nothing,
        "a project of Sentry, or of what speaks its protocol, that is told of errors and crashes: \
         `https://KEY@HOST/PROJECT`",
    )
    .secret(),
];

const fn kept(name: &'static str, days: &'static str, what: &'static str) -> Setting {
    Setting::new(name, Number, Is(days), what).reloads()
}

const RETENTION: &[Setting] = &[
    kept(
        "RETENTION_UPLOADS_DAYS",
        "30",
        "documents that jobs read, so long after their last use; never one that an unfinished job reads",
    ),
    kept(
        "RETENTION_EXPORTS_DAYS",
        "7",
        "files that jobs made for their owner: reports, exports of an account",
    ),
    kept("RETENTION_EVENTS_DAYS", "7", "events of finished jobs; the jobs themselves stay"),
    kept("RETENTION_JOBS_DAYS", "90", "finished jobs, with what was saved of their work and their uploads"),
    kept(
        "RETENTION_TRANSCRIPTS_DAYS",
        "14",
        "what was said between us and the providers in tries that failed",
    ),
    kept(
        "RETENTION_CACHED_WORK_DAYS",
        "30",
        "texts read from documents and questions that a model wrote, so long after their last use; kept once for all \
         who upload the same",
    ),
    kept("RETENTION_TRASH_DAYS", "30", "deleted notes"),
    kept("RETENTION_LOGINS_DAYS", "30", "logins that ended so long ago"),
    kept(
        "RETENTION_GUESTS_DAYS",
        "30",
        "throwaway accounts made so long ago that nobody can get at any more, because no login of theirs goes on; they \
         are erased as if their owner had asked for it",
    ),
];
