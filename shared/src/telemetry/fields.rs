//! The fields of spans and events, as log lines and reports of errors show them.

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope},
};

/// Fields by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Those of all spans around something; the inner ones win.
    pub(super) fn around<'a, R: LookupSpan<'a>>(scope: Option<Scope<'a, R>>) -> Self {
        let mut all = Map::new();
        for span in scope.into_iter().flat_map(Scope::from_root) {
            if let Some(Self(kept)) = span.extensions().get() {
                all.extend(kept.clone());
            }
        }
        Self(all)
    }

    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        if is_shown(field) {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, told(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, told(field, &format!("{value:?}")));
    }
}

/// Whether a field is for people, not for the machinery.
pub(super) fn is_shown(field: &Field) -> bool {
    !["otel.", "log."].iter().any(|machinery| field.name().starts_with(machinery))
}

/// A text as a field may show it. Errors of libraries quote what they stumbled over, which may be somebody's text.
pub(super) fn told<'t>(field: &Field, text: &'t str) -> Cow<'t, str> {
    if field.name() == "error" { without_quotes(text) } else { Cow::Borrowed(text) }
}

/// A text without what it has in double quotes.
pub(super) fn without_quotes(text: &str) -> Cow<'_, str> {
    if !text.contains('"') {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut quoted, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            '"' if quoted && escaped => escaped = false,
            '"' => {
                kept.push_str(if quoted { "…\"" } else { "\"" });
                quoted = !quoted;
            }
            _ if quoted => escaped = c == '\\' && !escaped,
            _ => kept.push(c),
        }
    }
    Cow::Owned(kept)
}

/// Keeps the fields of spans, for whoever asks what is around an event.
#[derive(Debug)]
pub(super) struct Keeper;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Keeper {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_quotes_is_left_out() {
        for (text, told) in [
            ("nothing is quoted", "nothing is quoted"),
            (
                r#"invalid type: string "My diary", expected a map"#,
                r#"invalid type: string "…", expected a map"#,
            ),
            (r#"string "she said \"no\" \\", and "more""#, r#"string "…", and "…""#),
            (r#"an open "quote"#, r#"an open ""#),
        ] {
            assert_eq!(without_quotes(text), told);
        }
    }
}
