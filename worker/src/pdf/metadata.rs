//! What a PDF says about itself.

use super::Options;

/// Longest title worth showing, in characters.
const LONGEST: usize = 120;

/// The title its author gave it; not the file names and placeholders that programs put there.
pub(super) fn title(bytes: &[u8], options: &Options) -> Option<String> {
    let metadata = match &options.password {
        Some(password) => lopdf::Document::load_metadata_mem_with_password(bytes, password),
        None => lopdf::Document::load_metadata_mem(bytes),
    };
    metadata.ok()?.title.and_then(|title| meaningful(&title))
}

fn meaningful(title: &str) -> Option<String> {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = title
        .strip_prefix("Microsoft Word - ")
        .or(title.strip_prefix("PowerPoint Presentation"))
        .unwrap_or(&title);
    let lower = title.to_lowercase();
    let is_file =
        [".doc", ".docx", ".ppt", ".pptx", ".pdf", ".tex", ".dvi", ".odt", ".indd", ".qxd", ".html", ".txt"]
            .iter()
            .any(|ending| lower.ends_with(ending));
    let is_placeholder =
        ["untitled", "document", "title", "(anonymous)", "unknown", "slide 1"].contains(&lower.as_str());
    let is_readable = title.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && !title.chars().any(|c| c.is_control() || c == '\u{fffd}');
    let fits = title.chars().count() <= LONGEST;
    (is_readable && fits && !is_file && !is_placeholder && !title.contains("://")).then(|| title.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_what_a_person_wrote() {
        assert_eq!(meaningful(" Cell  Biology\n"), Some("Cell Biology".to_owned()));
        for other in
            ["", "untitled", "Microsoft Word - notes.docx", "lecture3.pdf", "a", "\u{fffd}\u{fffd}abc", "12"]
        {
            assert_eq!(meaningful(other), None, "{other}");
        }
    }
}
