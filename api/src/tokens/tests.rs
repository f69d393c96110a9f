use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn tokens(secret: &str, previous: Option<&str>) -> Tokens {
    Tokens::new(&secret.into(), previous.map(SecretString::from).as_ref(), Duration::from_secs(900))
}

fn user() -> User {
    User::new(Id([7; 12]), "Ada", "ada@example.org", NOW)
}

fn session() -> Session {
    Session {
        id: Id([9; 12]),
        user_id: Id([7; 12]),
        generation: 3,
        created_at: NOW,
        expires_at: NOW + Duration::from_secs(60),
        revoked_at: None,
    }
}

fn forge(claims: Value, algorithm: Algorithm, secret: &str) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), &claims, &EncodingKey::from_secret(secret.as_bytes()))
        .unwrap()
}

#[test]
fn an_access_token_says_who_and_until_when() {
    let tokens = tokens("secret", None);
    let token = tokens.access(&user(), Id([9; 12]), NOW).unwrap();
    let claims = tokens.read_access(&token, NOW).unwrap();
    assert_eq!(claims.sub, Id([7; 12]).to_string());
    assert_eq!(claims.sid, Some(Id([9; 12]).to_string()));
    assert_eq!(claims.exp, NOW.seconds() + 900);
    let later = NOW + Duration::from_secs(900);
    assert_eq!(tokens.read_access(&token, later), Err(TokenError::Expired));
}

#[test]
fn a_previous_secret_verifies_but_never_signs() {
    let old = tokens("old", None).access(&user(), Id([9; 12]), NOW).unwrap();
    assert!(tokens("new", Some("old")).read_access(&old, NOW).is_ok());
    let new = tokens("new", Some("old")).access(&user(), Id([9; 12]), NOW).unwrap();
    assert_eq!(tokens("old", None).read_access(&new, NOW), Err(TokenError::Invalid));
}

#[test]
fn tokens_of_the_old_backends_are_read() {
    let token = forge(json!({ "sub": "0123", "exp": NOW.seconds() + 5 }), Algorithm::HS256, "secret");
    assert_eq!(tokens("secret", None).read_access(&token, NOW).unwrap().sid, None);
}

#[test]
fn forged_tokens_are_not() {
    let good = json!({ "sub": "0123", "exp": NOW.seconds() + 5 });
    let future = json!({ "sub": "0123", "exp": NOW.seconds() + 500, "iat": NOW.seconds() + 61 });
    let tokens = tokens("secret", None);
    for token in [
        forge(good.clone(), Algorithm::HS256, "other"),
        forge(good.clone(), Algorithm::HS512, "secret"),
        forge(json!({ "sub": "0123" }), Algorithm::HS256, "secret"),
        forge(future, Algorithm::HS256, "secret"),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIwMTIzIiwiZXhwIjo5OTk5OTk5OTk5fQ.".to_owned(),
        "no token".to_owned(),
    ] {
        assert_eq!(tokens.read_access(&token, NOW), Err(TokenError::Invalid), "{token}");
    }
}

#[test]
fn neither_kind_passes_for_the_other() {
    let tokens = tokens("secret", None);
    let refresh = tokens.refresh(&session()).unwrap();
    assert_eq!(tokens.read_refresh(&refresh, NOW).unwrap().generation, 3);
    assert_eq!(tokens.read_access(&refresh, NOW), Err(TokenError::Invalid));
    let access = tokens.access(&user(), Id([9; 12]), NOW).unwrap();
    assert_eq!(tokens.read_refresh(&access, NOW), Err(TokenError::Invalid));
}

#[test]
fn a_jobs_key_is_good_for_an_hour_and_for_nothing_else() {
    let tokens = tokens("secret", None);
    let job: JobId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    let key = tokens.job_key(job, NOW).unwrap();
    let last = NOW + Duration::from_secs(3599);
    assert_eq!(tokens.read_job_key(&key, last), Ok(job));
    assert_eq!(tokens.read_job_key(&key, NOW + Duration::from_secs(3600)), Err(TokenError::Expired));
    assert_eq!(tokens.read_access(&key, NOW), Err(TokenError::Invalid));
    assert_eq!(tokens.read_refresh(&key, NOW), Err(TokenError::Invalid));
    for other in [tokens.refresh(&session()).unwrap(), tokens.access(&user(), Id([9; 12]), NOW).unwrap()] {
        assert_eq!(tokens.read_job_key(&other, NOW), Err(TokenError::Invalid));
    }
    assert_eq!(self::tokens("other", None).read_job_key(&key, NOW), Err(TokenError::Invalid));
    assert_eq!(self::tokens("other", Some("secret")).read_job_key(&key, NOW), Ok(job));
}
