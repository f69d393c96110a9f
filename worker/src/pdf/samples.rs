//! Documents small enough to be written in a test.

use super::{Limits, Options, engine, normalize};

/// The text of a page with this content, whose font `F` has these entries.
pub(super) fn page(font: &str, content: &str) -> String {
    let document = format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
         3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>\nendobj\n\
         4 0 obj\n<</Length {}>>\nstream\n{content}\nendstream\nendobj\n5 0 obj\n<<{font}>>\nendobj\n\
         trailer\n<</Root 1 0 R>>\n",
        content.len()
    );
    let reading = engine::read(document.into_bytes(), &Options::default(), &Limits::default()).unwrap();
    normalize::document(reading.pages).pages.into_iter().map(|page| page.text).collect()
}
