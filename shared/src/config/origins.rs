//! Origins as browsers send them: scheme, host and port, without a path.

use super::reader::Reader;

/// In lower case, and without the port that the scheme has anyway.
fn as_browsers_send(origin: &str) -> String {
    let origin = origin.to_ascii_lowercase();
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(port).unwrap_or(&origin).to_owned()
}

pub(super) fn read(reader: &mut Reader<'_>) -> Vec<String> {
    let origins: Vec<String> = reader
        .list("ALLOWED_ORIGINS")
        .iter()
        .map(|origin| as_browsers_send(origin.trim_matches(['[', ']', '"', '\'']).trim_end_matches('/')))
        .filter(|origin| !origin.is_empty())
        .collect();
    for origin in &origins {
        let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
        let is_origin = host.is_some_and(|host| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        });
        if !is_origin {
            reader.mistake(format!(
                "ALLOWED_ORIGINS has {origin:?}; name each origin, such as https://study.example.org"
            ));
        }
    }
    origins
}
