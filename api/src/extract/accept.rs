use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use std::convert::Infallible;

/// Which media types a request likes (RFC 9110): its `Accept`.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept(Vec<Range>);

/// A media range with its quality, as `text/*;q=0.5`.
#[derive(Debug, Clone, PartialEq)]
struct Range {
    kind: String,
    subkind: String,
    quality: f32,
}

impl<S: Send + Sync> FromRequestParts<S> for Accept {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

impl Accept {
    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        Self(values.flat_map(|value| value.split(',')).filter_map(Range::read).collect())
    }

    /// The one of these media types that is liked best, of equals the first; none where none is acceptable. Who says
    /// nothing likes all.
    pub fn preferred(&self, offered: &[&'static str]) -> Option<&'static str> {
        if self.0.is_empty() {
            return offered.first().copied();
        }
        let liked = offered.iter().map(|offer| (*offer, self.quality(offer)));
        let acceptable = liked.filter(|(_, quality)| *quality > 0.0);
        // The first of equals: the last maximum of the reversed order.
        acceptable.rev().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(offer, _)| offer)
    }

    /// Whether this media type is acceptable. Who says nothing takes all.
    pub fn takes(&self, kind: &str) -> bool {
        self.0.is_empty() || self.quality(kind) > 0.0
    }

    /// What the most specific range that fits says.
    fn quality(&self, offer: &str) -> f32 {
        let fitting = self.0.iter().filter_map(|range| Some((range.fits(offer)?, range.quality)));
        fitting.max_by(|(a, _), (b, _)| a.cmp(b)).map_or(0.0, |(_, quality)| quality)
    }
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subkind) = parts.next()?.split_once('/')?;
        let quality = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().unwrap_or(0.0))
        });
        let quality = quality.unwrap_or(1.0).clamp(0.0, 1.0);
        Some(Self { kind: kind.to_ascii_lowercase(), subkind: subkind.to_ascii_lowercase(), quality })
    }

    /// How specific it is, if the media type is within it.
    fn fits(&self, offer: &str) -> Option<u8> {
        let (kind, subkind) = offer.split_once('/')?;
        match (self.kind.as_str(), self.subkind.as_str()) {
            ("*", "*") => Some(0),
            (own, "*") if own == kind => Some(1),
            (own, sub) if own == kind && sub == subkind => Some(2),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const OFFERED: [&str; 3] = ["application/json", "text/html", "application/pdf"];

    fn preferred(accept: &[&'static str]) -> Option<&'static str> {
        let headers = accept.iter().map(|value| (header::ACCEPT, HeaderValue::from_static(value)));
        Accept::of(&headers.collect()).preferred(&OFFERED)
    }

    #[test]
    fn the_best_liked_type_is_taken() {
        for (accept, wanted) in [
            ("*/*", "application/json"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
            ("application/pdf", "application/pdf"),
            ("APPLICATION/PDF; Q=0.5, text/html;level=1;q=0.4", "application/pdf"),
            ("application/*;q=0.5, text/*;q=0.6", "text/html"),
            ("*/*;q=0.9, application/json;q=0.1", "text/html"),
            ("application/*, application/json;q=0", "application/pdf"),
            ("text/html;q=1.000, application/pdf", "text/html"),
            ("application/json;q=0.001", "application/json"),
        ] {
            assert_eq!(preferred(&[accept]), Some(wanted), "{accept}");
        }
        assert_eq!(preferred(&[]), Some("application/json"));
        assert_eq!(
            preferred(&["image/png, text/html;q=0.1", "application/pdf;q=0.2"]),
            Some("application/pdf")
        );
    }

    #[test]
    fn what_is_not_offered_or_refused_is_none() {
        for accept in
            ["image/png", "text/plain, text/*;q=0", "*/*;q=0", "text/html;q=0", "application/json;q=x"]
        {
            assert_eq!(preferred(&[accept]), None, "{accept}");
        }
    }
}
