//! What of stored JSON an operator may see: no secrets, and texts only by their beginning.

use serde_json::Value;

use super::words::shortened;

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";
/// Parts of the names of what is secret.
const SECRET: &[&str] =
    &["password", "secret", "authorization", "apikey", "api_key", "accesstoken", "refreshtoken"];

/// The same without secrets, and with at most so many characters of each text.
pub fn redacted(value: &Value, most: usize) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let value = match is_secret(name) && !value.is_null() {
                    true => HIDDEN.into(),
                    false => redacted(value, most),
                };
                (name.clone(), value)
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(|value| redacted(value, most)).collect()),
        Value::String(text) => Value::String(shortened(text, most)),
        other => other.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "token" || SECRET.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_however_deep_and_texts_shortened() {
        let payload = json!({
            "source": { "type": "pdf", "blob": "1", "password": "open sesame" },
            "list": [{ "apiKey": { "deep": "x" }, "promptTokens": 5 }],
            "text": "x".repeat(1000),
            "password": null,
        });
        let shown = redacted(&payload, 300);
        assert_eq!(shown["source"], json!({ "type": "pdf", "blob": "1", "password": HIDDEN }));
        assert_eq!(shown["list"][0], json!({ "apiKey": HIDDEN, "promptTokens": 5 }));
        assert_eq!(shown["text"].as_str().map(|text| text.chars().count()), Some(301));
        assert_eq!(shown["password"], Value::Null);
    }
}
