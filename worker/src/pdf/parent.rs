//! The parent's side: start a child, feed it, wait no longer than allowed.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::{
    Limits, Options, PdfError, SUBCOMMAND,
    child::{Ask, Failure, Request},
    looks_like_pdf,
};
use crate::document::Document;

/// The exit status of a Rust program that panicked.
const PANICKED: i32 = 101;

/// The command that becomes a reading child.
#[derive(Debug, Clone)]
pub struct ChildCommand {
    program: PathBuf,
    args: Vec<OsString>,
}

impl ChildCommand {
    /// The running binary itself, whose `main` must obey [`SUBCOMMAND`].
    ///
    /// # Errors
    /// If the system does not tell which binary that is.
    pub fn current() -> io::Result<Self> {
        // On Linux this link stays with the running binary when an upgrade replaces the file.
        let program =
            if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        Ok(Self::new(program))
    }

    /// A binary whose `main` obeys [`SUBCOMMAND`].
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), args: vec![SUBCOMMAND.into()] }
    }

    /// Starts a child with these arguments after the usual ones.
    pub(super) fn start(&self, more: &[&OsStr]) -> io::Result<Child> {
        Command::new(&self.program)
            .args(&self.args)
            .args(more)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

/// Reads the text of the document in `bytes` with a child process of `command`. Dropping the future kills
/// the child.
///
/// # Errors
/// A [`PdfError`] that says what is wrong with the document, or that no child could be run.
pub async fn extract(
    command: &ChildCommand,
    bytes: &[u8],
    options: &Options,
    limits: &Limits,
) -> Result<Document, PdfError> {
    question(command, bytes, Request { ask: Ask::Text, options: options.clone(), limits: *limits }).await
}

/// What a child answers to `request` about the PDF in `bytes`.
pub(super) async fn question<T: DeserializeOwned>(
    command: &ChildCommand,
    bytes: &[u8],
    request: Request,
) -> Result<T, PdfError> {
    if request.options.kind.is_pdf() && !looks_like_pdf(bytes) {
        return Err(PdfError::NotPdf);
    }
    let Limits { wall, output, .. } = request.limits;
    let request = request.to_line()?;
    let (status, answer) = talk(command.start(&[])?, Talk { request: &request, bytes, wall, output }).await?;
    understand(status, &answer)
}

/// What is said to a child, and how long and how much it may answer.
pub(super) struct Talk<'a> {
    pub(super) request: &'a [u8],
    pub(super) bytes: &'a [u8],
    pub(super) wall: Duration,
    pub(super) output: u64,
}

/// Feeds a child and hears it to its end, or kills it as [`PdfError::TooComplex`] where it goes beyond what it may.
pub(super) async fn talk(mut child: Child, said: Talk<'_>) -> Result<(ExitStatus, Vec<u8>), PdfError> {
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
    };
    let talk = async {
        let (sent, answer) =
            tokio::join!(send(stdin, said.request, said.bytes), receive(stdout, said.output));
        sent?;
        let answer = answer?;
        if answer.len() as u64 > said.output {
            return Ok(None);
        }
        Ok::<_, io::Error>(Some((child.wait().await?, answer)))
    };
    let outcome = timeout(said.wall, talk).await;
    match outcome {
        Ok(Ok(Some(answer))) => Ok(answer),
        Ok(Err(error)) => Err(error.into()),
        Ok(Ok(None)) | Err(_) => {
            // If this fails the child is gone, or goes when it is dropped.
            child.kill().await.ok();
            Err(PdfError::TooComplex)
        }
    }
}

/// Sends it all, or as much as the child lives to read.
async fn send(mut stdin: ChildStdin, request: &[u8], bytes: &[u8]) -> io::Result<()> {
    let sent = async {
        stdin.write_all(request).await?;
        stdin.write_all(bytes).await?;
        stdin.shutdown().await
    };
    match sent.await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        sent => sent,
    }
}

/// Receives up to one byte more than `most`.
async fn receive(stdout: ChildStdout, most: u64) -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    stdout.take(most.saturating_add(1)).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn understand<T: DeserializeOwned>(status: ExitStatus, answer: &[u8]) -> Result<T, PdfError> {
    if status.signal().is_some() || status.code() == Some(PANICKED) {
        tracing::warn!(%status, "the PDF reader died");
        return Err(PdfError::TooComplex);
    }
    match serde_json::from_slice::<Result<T, Failure>>(answer) {
        Ok(reply) if status.success() => Ok(reply?),
        _ => Err(PdfError::Reader(status)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n";

    /// A shell script in the child's place.
    fn script(script: &str) -> ChildCommand {
        ChildCommand { program: "/bin/sh".into(), args: vec!["-c".into(), script.into()] }
    }

    async fn run(command: &ChildCommand) -> Result<Document, PdfError> {
        let limits = Limits { wall: Duration::from_millis(500), output: 1000, ..Limits::default() };
        extract(command, PDF, &Options::default(), &limits).await
    }

    #[tokio::test]
    async fn an_answer_is_understood() {
        let ok = script(r#"cat >&2; echo '{"Ok":{"pages":[{"number":1,"text":"x"}]}}'"#);
        assert_eq!(run(&ok).await.unwrap().pages[0].text, "x");
        let failed = script(r#"cat >&2; echo '{"Err":"encrypted"}'"#);
        assert!(matches!(run(&failed).await, Err(PdfError::Encrypted)));
    }

    #[tokio::test]
    async fn the_request_goes_ahead_of_the_bytes() {
        let check = r#"read -r line; case "$line" in *'"password":"pw"'*) ;; *) exit 9;; esac
            [ "$(cat)" = "$(printf '%%PDF-1.7\n1 0 obj\n<<>>\nendobj')" ] || exit 8
            [ -z "$HOME" ] || exit 7; echo '{"Err":"damaged"}'"#;
        let check = script(&format!("PATH=/bin:/usr/bin; {check}"));
        let options = Options { password: Some("pw".into()), ..Options::default() };
        let outcome = extract(&check, PDF, &options, &Limits::default()).await;
        assert!(matches!(outcome, Err(PdfError::Damaged)), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_child_that_dies_or_hangs_or_babbles_is_too_complex() {
        let started = Instant::now();
        for end in
            ["kill -9 $$", "exit 101", "exec sleep 60", "exec sleep 60 >&-", "while :; do echo babble; done"]
        {
            let outcome = run(&script(&format!("PATH=/bin:/usr/bin; {end}"))).await;
            assert!(matches!(outcome, Err(PdfError::TooComplex)), "{end}: {outcome:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_wrong_program_is_not_the_documents_fault() {
        for other in ["cat >&2; exit 2", "cat >&2", "cat >&2; echo '{}'"] {
            let error = run(&script(other)).await.unwrap_err();
            assert!(matches!(error, PdfError::Reader(_)) && !error.is_permanent(), "{other}: {error:?}");
        }
        let missing = run(&ChildCommand::new("/nonexistent")).await;
        assert!(matches!(missing, Err(PdfError::Io(_))));
    }

    #[tokio::test]
    async fn what_is_no_pdf_starts_no_child() {
        let missing = ChildCommand::new("/nonexistent");
        let outcome = extract(&missing, b"hello", &Options::default(), &Limits::default()).await;
        assert!(matches!(outcome, Err(PdfError::NotPdf)));
    }
}
