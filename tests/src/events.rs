//! Server-Sent Events as a client reads them.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::time::timeout;

use crate::process::PATIENCE;

/// A Server-Sent Event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id, if it has one of its own.
    pub id: Option<String>,
    /// Its name; `message` when it has none.
    pub event: String,
    /// Its data as JSON; as a JSON string when it is not.
    pub data: Value,
}

/// An open event stream.
pub struct Events {
    /// The status code: 204 when the client has everything already.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Why the stream ended before its end, if it did.
    pub error: Option<String>,
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    parser: Parser,
    parsed: VecDeque<Event>,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            error: None,
            body: response.bytes_stream().boxed(),
            parser: Parser::default(),
            parsed: VecDeque::new(),
        }
    }

    /// The next event; none when the stream has ended. Panics when it is silent for too long.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.parsed.pop_front() {
                return Some(event);
            }
            let Ok(chunk) = timeout(PATIENCE, self.body.next()).await else {
                panic!("an event stream is silent for {PATIENCE:?}");
            };
            match chunk? {
                Ok(bytes) => self.parsed.extend(self.parser.feed(&bytes)),
                Err(error) => {
                    self.error = Some(format!("{error:?}"));
                    return None;
                }
            }
        }
    }

    /// All events up to the end.
    pub async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// How many comments (heartbeats) have come.
    pub fn comments(&self) -> usize {
        self.parser.comments
    }

    /// The events as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Event> {
        stream::unfold(self, |mut events| async move { Some((events.next().await?, events)) })
    }
}

#[derive(Debug, Default)]
struct Parser {
    line: Vec<u8>,
    id: Option<String>,
    event: String,
    data: Option<String>,
    comments: usize,
}

impl Parser {
    fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            if byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8(line).expect("an event stream is UTF-8");
            events.extend(self.take(line.trim_end_matches('\r')));
        }
        events
    }

    fn take(&mut self, line: &str) -> Option<Event> {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" if line.is_empty() => return self.finish(),
            "" => self.comments += 1,
            "id" => self.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => *data = format!("{data}\n{value}"),
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
        None
    }

    fn finish(&mut self) -> Option<Event> {
        let (id, event) = (self.id.take(), std::mem::take(&mut self.event));
        let data = self.data.take()?;
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(Event { id, event, data: serde_json::from_str(&data).unwrap_or(Value::String(data)) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_put_together_from_any_pieces() {
        let wire = ": hello\r\n\r\nid: 7\nevent: progress\ndata: {\"percent\":\ndata: 5}\n\ndata:naïve\n\nid: 9\n\nevent: cut";
        for size in 1..wire.len() {
            let mut parser = Parser::default();
            let events: Vec<Event> =
                wire.as_bytes().chunks(size).flat_map(|piece| parser.feed(piece)).collect();
            assert_eq!(
                events,
                [
                    Event { id: Some("7".into()), event: "progress".into(), data: json!({ "percent": 5 }) },
                    Event { id: None, event: "message".into(), data: json!("naïve") },
                ]
            );
            assert_eq!(parser.comments, 1);
        }
    }
}
