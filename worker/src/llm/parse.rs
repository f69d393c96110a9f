//! Finds the questions in an answer while it is still arriving, and single objects in whole answers.

use serde::de::DeserializeOwned;
use serde_json::Deserializer;

/// Beginnings of objects that are looked at in an answer.
const OBJECTS_MAX: usize = 100;
const KEY: &str = "\"questions\"";

/// Yields each item of the array `questions` as soon as it is complete. Whatever stands around the
/// array (prose, code fences, other members) is passed over, and a broken-off item is never yielded.
#[derive(Debug, Default)]
pub struct Scanner {
    state: State,
    /// What is not yet decided, from the byte the state begins with.
    buffer: String,
    /// Bytes of the current item that have been read.
    read: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    found: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Key,
    Colon,
    Bracket,
    Between,
    Item,
}

impl Scanner {
    /// Takes the next piece of the answer and hands every item it completes to `item`, as JSON.
    pub fn push(&mut self, text: &str, mut item: impl FnMut(&str)) {
        self.buffer.push_str(text);
        while self.step(&mut item) {}
    }

    /// Whether an array of questions has begun.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Whether the answer, as far as it is known, breaks off inside the array.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Between | State::Item)
    }

    /// Takes one step; false when more text is needed.
    fn step(&mut self, item: &mut impl FnMut(&str)) -> bool {
        match self.state {
            State::Key => self.key(),
            State::Colon => self.expect(':', State::Bracket),
            State::Bracket => self.expect('[', State::Between),
            State::Between => self.between(),
            State::Item => self.item(item),
        }
    }

    fn go(&mut self, used: usize, state: State) {
        self.buffer.drain(..used);
        self.state = state;
    }

    fn key(&mut self) -> bool {
        if let Some(at) = self.buffer.find(KEY) {
            self.go(at + KEY.len(), State::Colon);
            return true;
        }
        // The end may be the beginning of the key.
        let keep = self.buffer.floor_char_boundary(self.buffer.len().saturating_sub(KEY.len() - 1));
        self.buffer.drain(..keep);
        false
    }

    fn expect(&mut self, wanted: char, next: State) -> bool {
        let space = self.buffer.len() - self.buffer.trim_start().len();
        self.buffer.drain(..space);
        match self.buffer.chars().next() {
            None => return false,
            Some(char) if char == wanted => self.go(wanted.len_utf8(), next),
            Some(_) => self.state = State::Key,
        }
        self.found |= self.state == State::Between;
        true
    }

    fn between(&mut self) -> bool {
        let Some(at) = self.buffer.find(['{', '[', '"', ']']) else {
            self.buffer.clear();
            return false;
        };
        if self.buffer.as_bytes()[at] == b']' {
            self.go(at + 1, State::Key);
        } else {
            self.go(at, State::Item);
            (self.read, self.depth, self.in_string, self.escaped) = (0, 0, false, false);
        }
        true
    }

    fn item(&mut self, item: &mut impl FnMut(&str)) -> bool {
        // Everything that matters is ASCII, so bytes will do.
        for (at, byte) in self.buffer.bytes().enumerate().skip(self.read) {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth -= 1,
                _ => {}
            }
            if self.depth == 0 && !self.in_string {
                item(&self.buffer[..=at]);
                self.go(at + 1, State::Between);
                return true;
            }
        }
        self.read = self.buffer.len();
        false
    }
}

/// The first object of an answer that has the shape of `T`. Whatever stands around it (prose, code fences, other
/// objects) is passed over.
pub(super) fn object<T: DeserializeOwned>(answer: &str) -> Option<T> {
    let starts = answer.match_indices('{').take(OBJECTS_MAX);
    starts.filter_map(|(at, _)| Deserializer::from_str(&answer[at..]).into_iter::<T>().next()?.ok()).next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan<'a>(parts: impl IntoIterator<Item = &'a str>) -> (Vec<String>, bool) {
        let (mut scanner, mut items) = (Scanner::default(), Vec::new());
        for part in parts {
            scanner.push(part, |item| items.push(item.to_owned()));
        }
        (items, scanner.is_open())
    }

    const ANSWER: &str = r#"Here are the "questions": as json, "questions" too.
```json
{ "title": "\"questions\": [", "questions" : [
  {"question": "a } ] \" \\", "options": ["{", "漢字 🦀"], "answer": {"x": [1]}}, "stray ]", 7,
  {"question": "b\u00e9"} ], "more": [] }
``` Good luck [student]!"#;

    #[test]
    fn items_are_found_among_prose() {
        let (items, open) = scan([ANSWER]);
        assert_eq!(items.len(), 3);
        assert_eq!(items[2], r#"{"question": "b\u00e9"}"#);
        assert!(!open);
    }

    #[test]
    fn a_broken_off_item_is_not_yielded() {
        let (items, open) = scan([r#"{"questions":[{"a":1},{"a":"#]);
        assert_eq!(items, [r#"{"a":1}"#]);
        assert!(open);
    }

    #[test]
    fn items_come_before_the_answer_ends() {
        let (mut scanner, mut items) = (Scanner::default(), 0);
        scanner.push("{\"questions\":[{}", |_| items += 1);
        assert_eq!(items, 1);
    }

    #[test]
    fn nothing_is_found_in_prose() {
        let mut scanner = Scanner::default();
        scanner.push("I cannot write \"questions\" [about] this.", |_| panic!("no item"));
        assert!(!scanner.found());
    }

    fn split(text: &str, cuts: Vec<usize>) -> Vec<&str> {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| text.floor_char_boundary(cut)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect()
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(cuts in prop::collection::vec(0usize..400, 0..40)) {
            prop_assert_eq!(scan(split(ANSWER, cuts)), scan([ANSWER]));
        }

        #[test]
        fn any_text_is_survived(text in r#"("questions":\[|[{}\[\]",:\\a漢 ]){0,60}"#, cuts in prop::collection::vec(0usize..200, 0..20)) {
            prop_assert_eq!(scan(split(&text, cuts)), scan([text.as_str()]));
        }
    }
}
