//! The closed list of problem codes. A test holds it against the sources.

use serde_json::{Value, json};
use utoipa::openapi::{RefOr, Schema};

/// Where a code is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Answers to requests.
    Requests,
    /// Why jobs fail; also answers to requests that waited for the job.
    Jobs,
}

use Of::{Jobs, Requests};

/// Every code, where it is used, and what it means, in alphabetical order.
#[rustfmt::skip]
pub const CODES: &[(&str, Of, &str)] = &[
    ("accept.not_offered", Requests, "None of the media types that the request accepts is offered."),
    ("account.deactivated", Requests, "This account is deactivated."),
    ("account.not_found", Jobs, "The job belongs to no account."),
    ("attempt.expired", Requests, "The attempt's time is over; submit to see what was saved."),
    ("attempt.limit_reached", Requests, "All attempts that this quiz allows have been made."),
    ("attempt.not_found", Requests, "There is no such attempt, or it is not yours."),
    ("attempt.submitted", Requests, "The attempt is submitted; its answers are final."),
    ("auth.admin_required", Requests, "Only admins may do this."),
    ("auth.bad_credentials", Requests, "Incorrect email or password."),
    ("auth.cross_site", Requests, "Another site's page sent the request."),
    ("auth.guests_off", Requests, "Guest accounts are switched off here."),
    ("auth.not_a_guest", Requests, "The login sent along is no guest's, so there is nothing to take over."),
    ("auth.password_changed", Requests, "Another request changed the password meanwhile. Sign in with the new one."),
    ("auth.refresh_invalid", Requests, "The refresh token is not valid any more. Sign in again."),
    ("auth.refresh_reused", Requests, "The refresh token was used before, so the login was ended. Sign in again."),
    ("auth.required", Requests, "Sign in first: send a bearer token or the jwt cookie."),
    ("auth.token_expired", Requests, "The access token has expired. Refresh it."),
    ("auth.token_invalid", Requests, "The token is not valid."),
    ("auth.token_revoked", Requests, "This login has ended. Sign in again."),
    ("avatar.not_found", Requests, "There is no such user, or they have no picture."),
    ("body.malformed", Requests, "The body is not valid JSON, or not a readable form."),
    ("body.too_large", Requests, "The request is too large."),
    ("body.unreadable", Requests, "The body could not be read to its end."),
    ("body.unsupported_type", Requests, "The request's Content-Type is not accepted."),
    ("export.not_found", Requests, "There is no such copy, it is not yours, or its time is over. Ask for a new one."),
    ("feed.not_found", Requests, "There is no such feed. Take its address from the plan."),
    ("file.empty", Requests, "The file is empty."),
    ("file.not_pdf", Requests, "The file is not a PDF."),
    ("file.not_picture", Requests, "The file is not a picture: neither PNG nor JPEG nor WebP."),
    ("file.not_text", Requests, "The file is neither a PDF nor text in UTF-8."),
    ("file.too_large", Requests, "The file is larger than what is accepted."),
    ("file.unreadable", Requests, "The picture is damaged or too large to be read."),
    ("generation.slow", Requests, "The quiz takes too long. Try again later."),
    ("id.invalid", Requests, "The id in the path is not valid."),
    ("idempotency.invalid_key", Requests, "An Idempotency-Key has 1 to 255 visible ASCII characters."),
    ("idempotency.mismatch", Requests, "This Idempotency-Key was used for another request. Use a new key."),
    ("idempotency.running", Requests, "The first request with this Idempotency-Key still runs. Ask again in a moment."),
    ("job.busy", Requests, "A worker holds the job."),
    ("job.cancelled", Jobs, "The job was cancelled."),
    ("job.crashed", Jobs, "The job ended in a defect of ours."),
    ("job.lease_lost", Jobs, "The worker was lost; the job is taken over."),
    ("job.not_cancellable", Requests, "The job is finished already."),
    ("job.not_discardable", Requests, "Only a job that failed can be discarded."),
    ("job.not_found", Requests, "There is no such job, or it is not yours."),
    ("job.not_retryable", Requests, "The job is not in a state from which it can be tried again."),
    ("job.payload_unreadable", Jobs, "The worker is too old for this job."),
    ("job.poisoned", Jobs, "The job was lost with its worker too often."),
    ("job.released", Jobs, "The worker was stopped; the job is taken over."),
    ("job.retry_limit", Requests, "The job was tried again too often."),
    ("job.timeout", Jobs, "The job took too long."),
    ("job.unknown_kind", Jobs, "No worker knows the job's kind."),
    ("note.busy", Requests, "Others are changing this note. Try again."),
    ("note.not_found", Requests, "There is no such note, or it is not yours."),
    ("pdf.damaged", Jobs, "The PDF is damaged."),
    ("pdf.encrypted", Jobs, "The PDF needs a password, or another one."),
    ("pdf.internal", Jobs, "The PDF could not be read for a defect of ours."),
    ("pdf.no_such_page", Jobs, "The PDF has none of the pages asked for."),
    ("pdf.no_text", Jobs, "The PDF has no text, as a scan has none."),
    ("pdf.not_pdf", Jobs, "The file is not a PDF."),
    ("pdf.pages_invalid", Jobs, "The pages cannot be understood."),
    ("pdf.too_complex", Jobs, "The PDF takes more time or memory than allowed."),
    ("plan.busy", Jobs, "The plan is being changed by others. Try again in a moment."),
    ("plan.exam_passed", Jobs, "The day of the exam has come; there is no day left to move tasks to."),
    ("plan.no_owner", Jobs, "A plan belongs to a student. Sign in and ask for it again."),
    ("plan.no_time", Jobs, "There is no time for study before the exam. Give hours on one of the days before it."),
    ("plan.not_found", Jobs, "There is no such plan, or it is not yours."),
    ("plan.on_track", Requests, "Nothing was missed and every day has time for its tasks; there is nothing to move."),
    ("plan.too_large", Requests, "The plan has grown too large. Shorten texts or take tasks out."),
    ("precondition.failed", Requests, "It has changed since you read it. Read it again and repeat the change."),
    ("provider.busy", Jobs, "All calls that may run at once are running."),
    ("provider.content_filtered", Jobs, "The provider refused the content."),
    ("provider.malformed", Jobs, "The provider's answer could not be read."),
    ("provider.no_balance", Jobs, "The provider wants to be paid."),
    ("provider.rate_limited", Jobs, "The provider is asked too often."),
    ("provider.rejected", Jobs, "The provider rejected the request."),
    ("provider.timeout", Jobs, "The provider took too long."),
    ("provider.unauthorized", Jobs, "The provider does not accept the key."),
    ("provider.unavailable", Jobs, "The provider does not answer."),
    ("queue.not_found", Requests, "There is no such queue."),
    ("quiz.archived", Requests, "The quiz is archived; it takes no new attempts."),
    ("quiz.has_attempts", Requests, "The quiz has been attempted, so its questions are final. Send newVersion to change a copy."),
    ("quiz.not_found", Requests, "There is no such quiz, or it is not yours."),
    ("rate.limited", Requests, "Too many requests; Retry-After tells when one may follow."),
    ("report.not_found", Requests, "There is no such report, it is not yours, or it is no longer kept."),
    ("request.refused", Requests, "The request cannot be understood."),
    ("review.not_found", Requests, "You have not submitted this question yet, or it is no more."),
    ("route.method_not_allowed", Requests, "This path does not allow the method."),
    ("route.not_found", Requests, "There is nothing at this path."),
    ("server.failed", Requests, "Something failed on our side. Try again later."),
    ("share.not_found", Requests, "Nothing is shared by this token, or not any more."),
    ("store.unavailable", Jobs, "The database does not answer. Try again in a moment."),
    ("study_session.not_found", Requests, "There is no such study session, or it is not yours."),
    ("study_session.other_user", Requests, "Study sessions are recorded for oneself; leave userId out."),
    ("task.not_found", Requests, "There is no such task, or it is not yours."),
    ("text.not_utf8", Jobs, "The text is not UTF-8."),
    ("text.too_short", Jobs, "The text is too short to make questions from."),
    ("upload.gone", Jobs, "The upload is no longer kept. Upload it again."),
    ("user.email_taken", Requests, "Email already registered."),
    ("user.not_found", Requests, "There is no such user, or it is not you."),
    ("user.username_taken", Requests, "Username already taken."),
    ("validation.failed", Requests, "A field is missing, has the wrong type or breaks its limits; `errors` names each."),
];

/// Codes with which jobs fail.
pub fn of_jobs() -> impl Iterator<Item = &'static str> {
    CODES.iter().filter(|(_, of, _)| *of == Jobs).map(|(code, ..)| *code)
}

/// What a code means; none for what is no code.
pub fn meaning(code: &str) -> Option<&'static str> {
    let at = CODES.binary_search_by(|(known, ..)| (*known).cmp(code)).ok()?;
    Some(CODES[at].2)
}

/// Lists in a schema with codes what its codes can be.
pub fn list_in(name: &str, schema: &mut RefOr<Schema>) {
    let listed = |of: Option<Of>| {
        let codes = CODES.iter().filter(move |(_, used, _)| of.is_none_or(|of| *used == of));
        codes.map(|(code, ..)| json!(code)).collect()
    };
    let values: Vec<Value> = match name {
        "JobError" => listed(Some(Jobs)),
        "ProblemBody" => listed(None),
        _ => return,
    };
    if let RefOr::T(Schema::Object(object)) = schema
        && let Some(RefOr::T(Schema::Object(code))) = object.properties.get_mut("code")
    {
        code.enum_values = Some(values);
    }
}

/// What a description says in back quotes that has the form of a code.
pub fn quoted(description: &str) -> impl Iterator<Item = &str> {
    description.split('`').skip(1).step_by(2).filter(|text| is_code(text))
}

fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    text.split_once('.').is_some_and(|(area, what)| is_word(area) && is_word(what))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// What has the form of a code in the sources and is none.
    const OTHERS: [&str; 3] = ["pairs.left", "pairs.right", "status.tsv"];
    const FILES: [&str; 10] = [".css", ".db", ".html", ".ics", ".js", ".json", ".md", ".pdf", ".sql", ".svg"];

    /// String literals with the form of a code, outside of tests.
    fn literals(dir: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap();
            if path.is_dir() {
                // Words of natural languages, fields of documents, names in traces, and the list itself.
                if !["local", "mongo", "openapi", "sqlite", "telemetry"].contains(&name.as_str()) {
                    literals(&path, found);
                }
            } else if name.ends_with(".rs") && !["noop.rs", "tests.rs"].contains(&name.as_str()) {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                for line in code {
                    let quoted = line.split('"').skip(1).step_by(2).filter(|text| is_code(text));
                    found.extend(quoted.map(str::to_owned));
                }
            }
        }
    }

    #[test]
    fn every_code_of_the_sources_is_listed_and_every_listed_one_is_used() {
        let mut found = BTreeSet::new();
        for source in ["api/src", "shared/src", "worker/src"] {
            literals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(source), &mut found);
        }
        found.retain(|text| {
            let is_file = FILES.iter().any(|ending| text.ends_with(ending));
            let is_version = text.rsplit_once(".v").is_some_and(|(_, number)| number.parse::<u32>().is_ok());
            !is_file
                && !is_version
                && !OTHERS.contains(&text.as_str())
                && !shared::jobs::KINDS.contains(&text.as_str())
        });
        let listed: BTreeSet<String> = CODES.iter().map(|(code, ..)| (*code).to_owned()).collect();
        assert_eq!(
            found.difference(&listed).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "not listed in codes.rs"
        );
        assert_eq!(
            listed.difference(&found).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "listed, but nowhere used"
        );
    }

    #[test]
    fn codes_are_in_order_so_that_they_can_be_searched() {
        assert!(CODES.is_sorted_by(|(one, ..), (next, ..)| one < next));
        assert_eq!(meaning("quiz.archived"), Some("The quiz is archived; it takes no new attempts."));
    }

    #[test]
    fn codes_are_read_from_descriptions() {
        let text = "With `Prefer: wait=N`: `pdf.no_text`, or not `job.x`; see `GET /jobs/{id}`";
        assert_eq!(quoted(text).collect::<Vec<_>>(), ["pdf.no_text", "job.x"]);
    }
}
