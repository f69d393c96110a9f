use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Request},
    http::{HeaderValue, header},
};

use crate::{app::App, extract::body_problem, problem::Result};

/// Most characters of a form's boundary (RFC 2046).
const BOUNDARY_MAX: usize = 70;

/// The request with the content type that its body has: the old client says of all bodies that they are JSON, of
/// forms too.
pub async fn relabelled(mut request: Request, app: &App) -> Result<Request> {
    let said = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !said.is_some_and(|kind| kind.starts_with("application/json")) {
        return Ok(request);
    }
    DefaultBodyLimit::max(app.document_max()).apply(&mut request);
    let (mut parts, body) = request.into_parts();
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), app).await;
    let bytes = bytes.map_err(|rejection| body_problem(&rejection))?;
    let form = boundary(&bytes).map(|boundary| format!("multipart/form-data; boundary=\"{boundary}\""));
    if let Some(Ok(kind)) = form.map(HeaderValue::try_from) {
        parts.headers.insert(header::CONTENT_TYPE, kind);
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The boundary of a body that is a form: what stands in its first line after two hyphens, with which no JSON begins.
fn boundary(body: &[u8]) -> Option<&str> {
    let body = body.strip_prefix(b"--")?;
    let end = memchr::memmem::find(&body[..body.len().min(BOUNDARY_MAX + 2)], b"\r\n")?;
    let boundary = std::str::from_utf8(&body[..end]).ok()?;
    let may_be = |c: char| c.is_ascii_alphanumeric() || "'()+_,-./:=?".contains(c);
    (!boundary.is_empty() && boundary.chars().all(may_be)).then_some(boundary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_its_first_line() {
        assert_eq!(boundary(b"--xYz-1\r\nContent-Disposition: form-data\r\n"), Some("xYz-1"));
        assert_eq!(boundary(b"------WebKitFormBoundaryA\r\n"), Some("----WebKitFormBoundaryA"));
        for body in [&b"{\"a\": 1}"[..], b"", b"--", b"--\r\n", b"--a b\r\n", b"--\"\r\n", b"--abc"] {
            assert_eq!(boundary(body), None, "{body:?}");
        }
        let long = format!("--{}\r\n", "x".repeat(BOUNDARY_MAX));
        assert!(boundary(long.as_bytes()).is_some());
        assert_eq!(boundary(format!("--x{}", &long[2..]).as_bytes()), None);
    }
}
