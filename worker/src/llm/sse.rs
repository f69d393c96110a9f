//! Server-sent events, decoded from bytes however they are cut.

use super::LlmError;

/// Splits a byte stream into the data of its events. Comments (keep-alives), blank lines and fields
/// other than `data` are dropped; lines may end in LF, CRLF or CR.
#[derive(Debug)]
pub struct Decoder {
    line: Vec<u8>,
    data: Option<String>,
    after_cr: bool,
    limit: usize,
}

impl Decoder {
    /// A decoder that refuses events of more than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { line: Vec::new(), data: None, after_cr: false, limit }
    }

    /// Takes the next bytes and appends the events they complete to `events`.
    ///
    /// # Errors
    ///
    /// [`LlmError::Malformed`] for an event that is too long or not UTF-8.
    pub fn push(&mut self, mut bytes: &[u8], events: &mut Vec<String>) -> Result<(), LlmError> {
        while let Some((&first, rest)) = bytes.split_first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                bytes = rest;
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
            if held + end.unwrap_or(bytes.len()) > self.limit {
                return Err(LlmError::malformed("an event is too long"));
            }
            let Some(end) = end else {
                self.line.extend_from_slice(bytes);
                return Ok(());
            };
            self.line.extend_from_slice(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(events)?;
        }
        Ok(())
    }

    /// The event the stream ended in, if it ended without the blank line that closes one.
    pub fn finish(mut self) -> Option<String> {
        let mut events = Vec::new();
        self.end_line(&mut events).ok()?;
        self.data
    }

    fn end_line(&mut self, events: &mut Vec<String>) -> Result<(), LlmError> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            events.extend(self.data.take());
            return Ok(());
        }
        let Some(value) = line.strip_prefix(b"data:") else { return Ok(()) };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let value = std::str::from_utf8(value).map_err(|_| LlmError::malformed("the stream is not UTF-8"))?;
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            None => self.data = Some(value.to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let (mut decoder, mut events) = (Decoder::new(1000), Vec::new());
        for part in parts {
            decoder.push(part, &mut events).unwrap();
        }
        events.extend(decoder.finish());
        events
    }

    #[test]
    fn keep_alives_and_blank_lines_are_no_events() {
        let stream = b"\n\n: keep-alive\n\r\n\r\n:\nevent: x\ndata: {\"a\":1}\r\n\r\ndata:b\ndata: c\n\n: keep-alive\n\n";
        assert_eq!(decode([&stream[..]]), ["{\"a\":1}", "b\nc"]);
    }

    #[test]
    fn an_unclosed_event_is_handed_over_at_the_end() {
        assert_eq!(decode([&b"data: a\n\ndata: [DO"[..], b"NE]"]), ["a", "[DONE]"]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut decoder = Decoder::new(10);
        assert!(decoder.push(b"data: 1234", &mut Vec::new()).is_ok());
        assert!(decoder.push(b"5", &mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(cuts in prop::collection::vec(0usize..90, 0..12), end in "\n|\r\n|\r") {
            let text = ["data: ünï 漢字 🦀", "", ": keep-alive", "", "data: zwei", "data: drei", "", ""].join(&end);
            let bytes = text.as_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
            prop_assert_eq!(decode(parts), vec!["ünï 漢字 🦀".to_owned(), "zwei\ndrei".to_owned()]);
        }
    }
}
