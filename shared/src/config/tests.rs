use super::*;
use crate::domain::Prices;

#[test]
fn a_bare_machine_runs_embedded_on_loopback() {
    let config = Config::read(Program::Api, &Source::from([])).unwrap();
    assert!(matches!(config.backends, Backends::Embedded { .. }));
    assert_eq!((config.host.as_str(), config.port, config.guests), ("127.0.0.1", 4000, true));
    assert_eq!(config.jwt_expires_in, Duration::from_secs(604_800));
}

#[test]
fn the_old_names_work() {
    let config = Config::read(
        Program::Api,
        &Source::from([
            ("MONGODB_URI", "mongodb://db"),
            ("REDIS_URL", "redis://queue"),
            ("JWT_SECRET_KEY", "0123456789abcdef0123456789abcdef"),
            ("CORS_ORIGINS", "https://a.example, https://b.example"),
            ("JWT_EXPIRES_IN", "15m"),
            ("NODE_ENV", "production"),
        ]),
    )
    .unwrap();
    assert!(matches!(config.backends, Backends::Services { .. }));
    assert_eq!(config.allowed_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(config.jwt_expires_in, Duration::from_secs(900));
    assert!(!config.guests);
}

#[test]
fn all_mistakes_are_told_at_once_and_no_secret_with_them() {
    let error = Config::read(
        Program::Api,
        &Source::from([
            ("MONGODB_URL", "mongodb://user:hunter2@db"),
            ("PORT", "http"),
            ("JWT_SECRET", "short-secret"),
            ("ENVIRONMENT", "production"),
            ("JWT_EXPIRES_IN", "soon"),
        ]),
    )
    .unwrap_err();
    assert_eq!(error.0.len(), 4, "{error}");
    assert!(!error.to_string().contains("hunter2") && !error.to_string().contains("short-secret"));
}

#[test]
fn a_worker_needs_the_services_and_no_secret() {
    assert!(Config::read(Program::Worker, &Source::from([])).is_err());
    let services = Source::from([("MONGODB_URL", "mongodb://db"), ("REDIS_URL", "redis://queue")]);
    assert!(Config::read(Program::Worker, &services).is_ok());
    assert!(Config::read(Program::Api, &services).is_err());
}

#[test]
fn an_empty_secret_file_is_no_secret() {
    let read = |path| Config::read(Program::Api, &Source::from([("DEEPSEEK_API_KEY_FILE", path)])).unwrap();
    assert!(read("/dev/null").deepseek.is_none());
    assert!(read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).deepseek.is_some());
}

#[test]
fn log_lines_are_chosen_wherever_variables_come_from() {
    let read = |name, value| Config::read(Program::Api, &Source::from([(name, value)])).unwrap().log_filter;
    assert_eq!(read("RUST_LOG", "warn,api=debug"), "warn,api=debug");
    assert_eq!(read("PORT", "4000"), "info");
}

#[test]
fn origins_are_named_one_by_one() {
    let read = |origins| Config::read(Program::Api, &Source::from([("ALLOWED_ORIGINS", origins)]));
    let listed = read("[\"https://a.example/\", \"http://localhost:3000\"]").unwrap();
    assert_eq!(listed.allowed_origins, ["https://a.example", "http://localhost:3000"]);
    let listed = read("https://Study.Example.org:443,http://localhost:80,http://localhost:443").unwrap();
    assert_eq!(
        listed.allowed_origins,
        ["https://study.example.org", "http://localhost", "http://localhost:443"]
    );
    for wrong in ["*", "a.example", "https://a.example/app", "https://*.example"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn prices_follow_the_model_unless_they_are_given() {
    let read = |pairs: &[(&str, &str)]| {
        let mut source = vec![("AI_CONSENT", "required")];
        source.extend(pairs);
        let mut all = [("", ""); 5];
        all[..source.len()].copy_from_slice(&source);
        Config::read(Program::Api, &Source::from(all)).map(|config| config.ai)
    };
    let listed = read(&[("DEEPSEEK_MODEL", "deepseek-v4-pro")]).unwrap();
    assert_eq!(listed.tariff.prices, Prices::of_model("deepseek-v4-pro"));
    assert_eq!((listed.consent, listed.tariff.currency.as_str()), (Consent::Required, "CNY"));
    assert_eq!(read(&[("DEEPSEEK_MODEL", "another")]).unwrap().tariff.prices, None);
    let given = read(&[("DEEPSEEK_PRICES", "0, 0.5, 2"), ("DEEPSEEK_CURRENCY", "USD")]).unwrap();
    assert_eq!(given.tariff.prices, Some(Prices { cached: 0.0, fresh: 0.5, completion: 2.0 }));
    for (name, wrong) in [
        ("AI_CONSENT", "perhaps"),
        ("AI_DAILY_TOKENS", "-1"),
        ("DEEPSEEK_PRICES", "1,2"),
        ("DEEPSEEK_PRICES", "1,2,-3"),
        ("DEEPSEEK_PEAK_FACTOR", "NaN"),
        ("DEEPSEEK_CURRENCY", "yuan"),
    ] {
        let error = read(&[(name, wrong)]).unwrap_err();
        assert!(error.0.len() == 1 && error.0[0].starts_with(name), "{error}");
    }
}

#[test]
fn what_is_kept_is_kept_for_days() {
    let day = Duration::from_secs(24 * 3600);
    let retention = Config::read(Program::Api, &Source::from([])).unwrap().retention;
    assert_eq!((retention.uploads, retention.events, retention.jobs), (30 * day, 7 * day, 90 * day));
    let read = |days| Config::read(Program::Api, &Source::from([("RETENTION_JOBS_DAYS", days)]));
    assert_eq!(read("365").unwrap().retention, Retention { jobs: 365 * day, ..Retention::default() });
    for wrong in ["0", "-1", "soon", "7d", "36501"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

/// Something else than usual for each setting, with what else it needs.
fn unusual(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "CONFIG_FILE" => &[("CONFIG_FILE", "x.toml")],
        "MONGODB_URL" => &[("MONGODB_URL", "mongodb://db"), ("REDIS_URL", "redis://q"), ("JWT_SECRET", "s")],
        "REDIS_URL" => &[("REDIS_URL", "redis://q"), ("MONGODB_URL", "mongodb://db"), ("JWT_SECRET", "s")],
        "ENVIRONMENT" => &[("ENVIRONMENT", "production"), ("JWT_SECRET", "0123456789abcdef0123456789abcdef")],
        "HOST" => &[("HOST", "10.0.0.7")],
        "PUBLIC_URL" => &[("PUBLIC_URL", "https://study.example.org")],
        "FRONTEND_URL" => &[("FRONTEND_URL", "https://study.example.org")],
        "JWT_SECRET" => &[("JWT_SECRET", "s")],
        "JWT_SECRET_PREVIOUS" => &[("JWT_SECRET_PREVIOUS", "s")],
        "JWT_EXPIRES_IN" => &[("JWT_EXPIRES_IN", "1h")],
        "GUESTS" => &[("GUESTS", "off")],
        "ADMIN_EMAILS" => &[("ADMIN_EMAILS", "ada@example.org")],
        "SMTP_URL" => &[("SMTP_URL", "smtp://mail"), ("MAIL_FROM", "a@example.org")],
        "MAIL_FROM" => &[("MAIL_FROM", "a@example.org")],
        "ALLOWED_ORIGINS" => &[("ALLOWED_ORIGINS", "https://a.example")],
        "OCR" => &[("OCR", "off")],
        "OCR_LANGUAGES" => &[("OCR_LANGUAGES", "deu")],
        "DEEPSEEK_API_KEY" => &[("DEEPSEEK_API_KEY", "k")],
        "DEEPSEEK_BASE_URL" => &[("DEEPSEEK_BASE_URL", "http://a"), ("DEEPSEEK_API_KEY", "k")],
        "DEEPSEEK_MODEL" => &[("DEEPSEEK_MODEL", "another"), ("DEEPSEEK_API_KEY", "k")],
        "DEEPSEEK_CONCURRENCY" => &[("DEEPSEEK_CONCURRENCY", "3"), ("DEEPSEEK_API_KEY", "k")],
        "DEEPSEEK_TIMEOUT" => &[("DEEPSEEK_TIMEOUT", "7"), ("DEEPSEEK_API_KEY", "k")],
        "DEEPSEEK_DEADLINE" => &[("DEEPSEEK_DEADLINE", "7"), ("DEEPSEEK_API_KEY", "k")],
        "DEEPSEEK_PLAN_THINKING" => &[("DEEPSEEK_PLAN_THINKING", "max")],
        "DEEPSEEK_PRICES" => &[("DEEPSEEK_PRICES", "1,2,3")],
        "DEEPSEEK_CURRENCY" => &[("DEEPSEEK_CURRENCY", "USD")],
        "OLLAMA_BASE_URL" => &[("OLLAMA_BASE_URL", "http://a"), ("OLLAMA_MODEL", "m")],
        "OLLAMA_MODEL" => &[("OLLAMA_MODEL", "n"), ("OLLAMA_BASE_URL", "http://a")],
        "OLLAMA_API_KEY" => {
            &[("OLLAMA_API_KEY", "k"), ("OLLAMA_BASE_URL", "http://a"), ("OLLAMA_MODEL", "m")]
        }
        "OLLAMA_TIMEOUT" => {
            &[("OLLAMA_TIMEOUT", "7"), ("OLLAMA_BASE_URL", "http://a"), ("OLLAMA_MODEL", "m")]
        }
        "OLLAMA_DEADLINE" => {
            &[("OLLAMA_DEADLINE", "7"), ("OLLAMA_BASE_URL", "http://a"), ("OLLAMA_MODEL", "m")]
        }
        "OLLAMA_CONCURRENCY" => {
            &[("OLLAMA_CONCURRENCY", "7"), ("OLLAMA_BASE_URL", "http://a"), ("OLLAMA_MODEL", "m")]
        }
        "AI_CONSENT" => &[("AI_CONSENT", "required")],
        "LOG_FORMAT" => &[("LOG_FORMAT", "json")],
        "RUST_LOG" => &[("RUST_LOG", "warn")],
        "OTEL_EXPORTER_OTLP_ENDPOINT" => &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a")],
        "OTEL_SERVICE_NAME" => &[("OTEL_SERVICE_NAME", "api"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a")],
        "TRACES_SAMPLED" => &[("TRACES_SAMPLED", "0.5"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a")],
        "SENTRY_DSN" => &[("SENTRY_DSN", "https://key@errors.example/1")],
        _ => &[],
    }
}

/// The settings, each with an environment that has it as usual and one in which it alone differs.
fn changed_alone() -> impl Iterator<Item = (&'static settings::Setting, Source, Source)> {
    settings::all().map(|setting| {
        let by_shape = match setting.shape {
            settings::Shape::Switch if setting.usual == settings::Usual::Is("on") => "off",
            settings::Shape::Switch => "on",
            settings::Shape::Text => "another",
            _ => "7",
        };
        let by_shape =
            [(setting.name, if setting.usual == settings::Usual::Is("7") { "8" } else { by_shape })];
        let given = match unusual(setting.name) {
            [] => &by_shape,
            given => given,
        };
        let only = |pairs: &[(&str, &str)]| {
            let mut all = [("", ""); 4];
            all[..pairs.len()].copy_from_slice(pairs);
            Source::from(all)
        };
        let before = match setting.name {
            // One without the other is a mistake, so both change together.
            "MONGODB_URL" | "REDIS_URL" => &[][..],
            "OLLAMA_MODEL" => &[("OLLAMA_MODEL", "m"), ("OLLAMA_BASE_URL", "http://a")],
            _ => &given[1..],
        };
        (setting, only(before), only(given))
    })
}

#[test]
fn each_declared_setting_is_read_and_each_changes_the_running_process_as_declared() {
    for (setting, before, after) in changed_alone() {
        let examined = Config::examine(Program::Api, &after);
        assert!(examined.effective.contains_key(setting.name), "{} is never read", setting.name);
        let config = examined.config.unwrap_or_else(|error| panic!("{}: {error}", setting.name));
        let before =
            Config::read(Program::Api, &before).unwrap_or_else(|error| panic!("{}: {error}", setting.name));
        let told = |config: &Config| format!("{config:?}");
        let reloaded = told(&before.reloaded(config.clone()));
        if setting.reloads {
            assert_ne!(told(&config), told(&before), "{}", setting.name);
            assert_eq!(reloaded, told(&config), "{}", setting.name);
        } else {
            assert_eq!(reloaded, told(&before), "{}", setting.name);
        }
    }
}

#[test]
fn defaults_are_declared_as_they_are() {
    let effective = Config::examine(Program::Api, &Source::from([])).effective;
    for setting in settings::all() {
        let shown = effective[setting.name].shown();
        match setting.usual {
            settings::Usual::Is(value) => assert_eq!(shown, Some(value), "{}", setting.name),
            settings::Usual::Nothing => assert_eq!(shown, None, "{}", setting.name),
            settings::Usual::Depends(_) => {}
        }
    }
}

#[test]
fn names_are_declared_once() {
    let mut keys: Vec<String> = settings::keys().map(|(key, ..)| key).collect();
    keys.sort();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn a_worker_does_not_mind_what_the_api_alone_reads() {
    let source = [("MONGODB_URL", "mongodb://db"), ("REDIS_URL", "redis://queue"), ("BCRYPT_COST", "soon")];
    let examined = Config::examine(Program::Worker, &Source::from(source));
    assert!(examined.config.is_ok() && !examined.effective.contains_key("BCRYPT_COST"));
}

#[test]
fn values_are_told_with_where_they_come_from_but_secrets_are_not() {
    let source = Source::from([("JWT_SECRET_KEY", "hunter2"), ("CORS_ORIGINS", "https://a.example")]);
    let effective = Config::examine(Program::Api, &source).effective;
    let told = |name: &str| {
        let effective = &effective[name];
        (effective.shown(), effective.origin, effective.variable.as_str())
    };
    assert_eq!(told("JWT_SECRET"), (Some("set"), Origin::Environment, "JWT_SECRET_KEY"));
    assert_eq!(told("ALLOWED_ORIGINS"), (Some("https://a.example"), Origin::Environment, "CORS_ORIGINS"));
    assert_eq!(told("PORT"), (Some("4000"), Origin::Default, "PORT"));
    assert!(!format!("{effective:?}").contains("hunter2"));
}
