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
