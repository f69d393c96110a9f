//! The choice of pages, as in `1-3,7`.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

/// Ranges that one choice may list.
const MAX_RANGES: usize = 100;

/// Pages of a document, counted from 1. Written `1-3,7`; held sorted and merged, so that two choices
/// of the same pages are equal and print alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PageRanges(Vec<RangeInclusive<u32>>);

/// Why a text does not name pages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageRangesError {
    /// A part is not a number or a range of two.
    #[error("`{0}` is neither a page nor a range of pages: write pages like 1-3,7")]
    Syntax(String),
    /// Page 0 was named.
    #[error("pages are counted from 1")]
    Zero,
    /// A range ends before it starts.
    #[error("the range {0}-{1} runs backwards")]
    Backwards(u32, u32),
    /// More ranges than one choice may list.
    #[error("at most {MAX_RANGES} ranges of pages can be listed")]
    TooMany,
}

impl PageRanges {
    /// Whether `page` (from 1) is among the chosen.
    pub fn contains(&self, page: u32) -> bool {
        self.0.iter().any(|range| range.contains(&page))
    }

    /// The chosen pages that a document of `count` pages has, ascending.
    pub fn within(&self, count: u32) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(move |range| *range.start()..=(*range.end()).min(count))
    }
}

impl FromStr for PageRanges {
    type Err = PageRangesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        if parts.len() > MAX_RANGES {
            return Err(PageRangesError::TooMany);
        }
        let mut ranges = parts.into_iter().map(parse_range).collect::<Result<Vec<_>, _>>()?;
        ranges.sort_by_key(|range| *range.start());
        let mut merged: Vec<RangeInclusive<u32>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=*last.end().max(range.end());
                }
                _ => merged.push(range),
            }
        }
        Ok(Self(merged))
    }
}

fn parse_range(part: &str) -> Result<RangeInclusive<u32>, PageRangesError> {
    let number = |digits: &str| match digits.trim().parse() {
        Ok(0) => Err(PageRangesError::Zero),
        Ok(page) => Ok(page),
        Err(_) => Err(PageRangesError::Syntax(part.to_owned())),
    };
    let (first, last) = match part.split_once('-') {
        Some((first, last)) => (number(first)?, number(last)?),
        None => (number(part)?, number(part)?),
    };
    if last < first {
        return Err(PageRangesError::Backwards(first, last));
    }
    Ok(first..=last)
}

impl fmt::Display for PageRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match (range.start(), range.end()) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for PageRanges {
    type Error = PageRangesError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PageRanges> for String {
    fn from(pages: PageRanges) -> Self {
        pages.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_sorted_and_merged() {
        for (text, canonical) in
            [("1-3,7", "1-3,7"), (" 7 , 1 - 3 ", "1-3,7"), ("4,1-3,2", "1-4"), ("5", "5"), ("2-9,3-4", "2-9")]
        {
            assert_eq!(text.parse::<PageRanges>().unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn only_pages_that_exist_are_chosen() {
        let pages: PageRanges = "2-4,7-4000000000".parse().unwrap();
        assert_eq!(pages.within(8).collect::<Vec<_>>(), [2, 3, 4, 7, 8]);
        assert_eq!(pages.within(1).count(), 0);
        assert!(pages.contains(3) && !pages.contains(5));
    }

    #[test]
    fn what_is_not_a_choice_of_pages_is_refused() {
        use PageRangesError::*;
        let error = |text: &str| text.parse::<PageRanges>().unwrap_err();
        for text in ["", "x", "1,,2", "1-2-3", "-3", "5-", "99999999999"] {
            assert!(matches!(error(text), Syntax(_)), "{text}");
        }
        assert_eq!(error("0-2"), Zero);
        assert_eq!(error("1,9-2"), Backwards(9, 2));
        assert_eq!(error(&"1,".repeat(200)), TooMany);
    }

    #[test]
    fn json_is_the_written_form() {
        let pages: PageRanges = serde_json::from_str("\"7,1-3\"").unwrap();
        assert_eq!(serde_json::to_string(&pages).unwrap(), "\"1-3,7\"");
        assert!(serde_json::from_str::<PageRanges>("\"0\"").is_err());
    }
}
