//! What a question passes before it is stored, whoever wrote it.

use shared::domain::Method;

use crate::{document::Document, draft::Draft, hygiene::is_clean, lint::flaws, proof::proven};

/// Why a draft may not be asked, if so: `unproven`, `unclean` or the name of a flaw. What stands in an exam paper is
/// asked as it stands, whatever its style.
pub(crate) fn fault(document: &Document, method: Method, draft: &Draft) -> Option<String> {
    if !proven(document, draft) {
        return Some("unproven".to_owned());
    }
    if !is_clean(draft) {
        return Some("unclean".to_owned());
    }
    let has_style = matches!(method, Method::Ai | Method::Local);
    flaws(draft).first().filter(|_| has_style).map(|flaw| format!("{flaw:?}"))
}
