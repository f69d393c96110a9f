//! A PDF or another document becomes a note.

use std::sync::Arc;

use shared::{
    domain::{
        Id, JobError, JobResult, NOTE_CONTENT_MAX, NOTE_TITLE_MAX, Note, NoteChange, Progress, is_visible,
    },
    jobs::pdf_extract::PdfExtract,
};

use super::reading;
use crate::{
    Context,
    document::Document,
    run::{Run, Stop},
};

/// Runs one try. The note's id comes from the job's, so that a job that runs twice writes one note.
pub(super) async fn run(context: &Arc<Context>, run: &Arc<Run>, ask: PdfExtract) -> Result<JobResult, Stop> {
    run.progress(progress(5, "reading", "Reading the document")).await?;
    let source = &ask.source;
    let document = reading::document(
        context,
        run,
        source.blob,
        source.kind,
        source.pages.as_deref(),
        source.password.as_deref(),
    )
    .await?;
    let (content, is_cut) = content_of(&document);
    if is_cut {
        let notice = "The text is longer than a note may be, so its end was cut off after 1 MB. \
                      Upload the other pages by themselves.";
        run.note(|job| {
            if !job.notices.iter().any(|other| other == notice) {
                job.notices.push(notice.to_owned());
            }
        })
        .await?;
    }
    run.progress(progress(90, "saving", "Saving the note")).await?;
    let Some(user_id) = run.snapshot().await.user_id else {
        return Err(JobError::fatal("job.payload_unreadable", "Nobody asked for this note.").into());
    };
    let change = NoteChange {
        title: ask.title.or_else(|| document.title.and_then(short)),
        content: Some(content),
        tags: Some(ask.tags),
        category: ask.category.map(Some),
        metadata: None,
    };
    let note = Note::new(Id::for_job(run.id), user_id, change, context.ledger.clock.now());
    context.ledger.store.insert_note(&note).await?;
    Ok(JobResult { kind: "note".into(), id: note.id.to_string(), url: format!("/notes/{}", note.id) })
}

/// The pages one after the other, and whether some of it did not fit into a note.
fn content_of(document: &Document) -> (String, bool) {
    let pages: Vec<&str> = document.pages.iter().map(|page| page.text.trim()).collect();
    let mut content = pages.join("\n\n").replace('\0', "");
    let is_cut = content.len() > NOTE_CONTENT_MAX;
    content.truncate(content.floor_char_boundary(NOTE_CONTENT_MAX));
    (content, is_cut)
}

/// A document's own title, where it can be a note's.
fn short(title: String) -> Option<String> {
    let title: String = title.replace('\0', "").chars().take(NOTE_TITLE_MAX).collect();
    is_visible(&title).then_some(title)
}

fn progress(percent: u32, stage: &str, message: &str) -> Progress {
    Progress { percent, stage: stage.into(), message: message.into(), done: 0, total: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Page;

    fn document(pages: &[&str]) -> Document {
        let page = |(number, text): (u32, &&str)| Page { number: Some(number), text: (*text).to_owned() };
        Document::from_pages((1..).zip(pages).map(page).collect())
    }

    #[test]
    fn pages_follow_each_other() {
        assert_eq!(content_of(&document(&["One\0.", " Two. "])), ("One.\n\nTwo.".to_owned(), false));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let (content, is_cut) = content_of(&document(&[&"é".repeat(NOTE_CONTENT_MAX)]));
        assert_eq!((content.len(), is_cut), (NOTE_CONTENT_MAX, true));
        let (content, is_cut) = content_of(&document(&[&format!("x{}", "é".repeat(NOTE_CONTENT_MAX / 2))]));
        assert_eq!((content.len(), is_cut), (NOTE_CONTENT_MAX - 1, true));
    }

    #[test]
    fn only_a_title_that_says_something_is_taken() {
        assert_eq!(short(" \0".into()), None);
        assert_eq!(short("x".repeat(500)).map(|title| title.len()), Some(NOTE_TITLE_MAX));
    }
}
