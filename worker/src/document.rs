//! The text that questions are made from and proven by.

use serde::{Deserialize, Serialize};

/// A source text, page by page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The name its author gave it, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The pages in reading order; plain text is one page without a number.
    pub pages: Vec<Page>,
}

/// One page of text, or all of a plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Page of the uploaded document, from 1.
    pub number: Option<u32>,
    /// The text, normalized (NFKC, hyphens at line ends joined, paragraphs split by a blank line).
    pub text: String,
}

impl Document {
    /// A document of one plain text.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self::from_pages(vec![Page { number: None, text: text.into() }])
    }

    /// A document without a name.
    pub fn from_pages(pages: Vec<Page>) -> Self {
        Self { title: None, pages }
    }

    /// Unicode characters over all pages.
    pub fn chars(&self) -> usize {
        self.pages.iter().map(|page| page.text.chars().count()).sum()
    }

    /// Words over all pages, split at white space.
    pub fn words(&self) -> usize {
        self.pages.iter().map(|page| page.text.split_whitespace().count()).sum()
    }
}
