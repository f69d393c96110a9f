//! Log lines, for people or for machines.

use std::fmt::{self, Debug};

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{Writer, debug_fn},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
    reload,
};

use super::{
    AnyLayer,
    fields::{self, Fields},
};
use crate::config::LogFormat;

/// Chooses which log lines are written, while they are.
#[derive(Debug)]
pub struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// From now on what this filter lets through, in the form of `RUST_LOG`.
    pub fn set(&self, filter: &str) {
        if let Err(error) = self.0.reload(EnvFilter::builder().parse_lossy(filter)) {
            tracing::warn!(%error, "the log filter cannot be changed");
        }
    }
}

/// Writes to standard output what `filter` lets through, in the form of `RUST_LOG`.
pub(super) fn layer(format: LogFormat, filter: &str) -> (AnyLayer, LogFilter) {
    let (filter, handle) = reload::Layer::new(EnvFilter::builder().parse_lossy(filter));
    let lines = tracing_subscriber::fmt::layer().with_ansi(false);
    let layer = match format {
        // The keeper has the fields of spans.
        LogFormat::Json => {
            lines.event_format(Json).fmt_fields(debug_fn(|_, _, _| Ok(()))).with_filter(filter).boxed()
        }
        LogFormat::Text => lines.with_target(false).fmt_fields(Plain).with_filter(filter).boxed(),
    };
    (layer, LogFilter(handle))
}

/// One JSON object a line, in which the fields of all spans around it stand beside its own.
struct Json;

#[derive(Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'a str,
    target: &'a str,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::around(context.event_scope());
        event.record(&mut fields);
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        let line = Line { timestamp: &timestamp, level, target, fields: fields.0 };
        writeln!(writer, "{}", serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}

/// `name=value`, without what is there for the machinery.
struct Plain;

impl<'w> FormatFields<'w> for Plain {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut shown = Shown { writer, separator: "", written: Ok(()) };
        fields.record(&mut shown);
        shown.written
    }
}

struct Shown<'w> {
    writer: Writer<'w>,
    separator: &'static str,
    written: fmt::Result,
}

impl Visit for Shown<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.written.is_err() || !fields::is_shown(field) {
            return;
        }
        let separator = std::mem::replace(&mut self.separator, " ");
        self.written = match field.name() {
            "message" => write!(self.writer, "{separator}{value:?}"),
            "error" => {
                write!(self.writer, "{separator}error={}", fields::told(field, &format!("{value:?}")))
            }
            name => write!(self.writer, "{separator}{name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing::level_filters::LevelFilter;
    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn say() {
        let span =
            tracing::error_span!("job", otel.name = "hidden", job = "01", trace = tracing::field::Empty);
        span.record("trace", "0af7");
        let _entered = span.enter();
        let error = r#"invalid type: string "My diary""#;
        tracing::info!(attempt = 2, %error, "failed");
    }

    #[test]
    fn lines_for_machines_have_the_fields_of_spans_at_the_top() {
        let lines = Lines::default();
        let json = tracing_subscriber::fmt::layer().event_format(Json).with_writer(lines.clone());
        let keeper = fields::Keeper.with_filter(LevelFilter::ERROR);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(keeper).with(json), say);
        let mut line: Value = serde_json::from_str(&lines.text()).unwrap();
        assert!(line["timestamp"].take().as_str().unwrap().ends_with('Z'));
        let told = serde_json::json!({
            "timestamp": null, "level": "INFO", "target": module_path!(), "job": "01", "trace": "0af7", "attempt": 2,
            "error": "invalid type: string \"…\"", "message": "failed",
        });
        assert_eq!(line, told);
    }

    #[test]
    fn lines_for_people_have_the_spans_before_the_message() {
        let lines = Lines::default();
        let text = tracing_subscriber::fmt::layer().with_ansi(false).with_target(false).fmt_fields(Plain);
        let text = text.with_writer(lines.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(text), say);
        let told = "INFO job{job=\"01\" trace=\"0af7\"}: failed attempt=2 error=invalid type: string \"…\"\n";
        assert!(lines.text().ends_with(told), "{}", lines.text());
    }
}
