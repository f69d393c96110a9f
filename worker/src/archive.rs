//! ZIP files, made part by part on a thread of their own.

use std::io::{Cursor, Write};

use shared::telemetry::blocking;
use tokio::{sync::mpsc, task::JoinHandle};
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Parts that may wait to be compressed.
const WAITING: usize = 8;

enum Part {
    File(String),
    Bytes(Vec<u8>),
}

/// The archive could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    /// The format or its compression failed.
    #[error("the archive cannot be written: {0}")]
    Zip(#[from] ZipError),
    /// A defect.
    #[error("the archive's writer ended before its time")]
    Ended,
}

impl From<std::io::Error> for ArchiveError {
    fn from(error: std::io::Error) -> Self {
        Self::Zip(error.into())
    }
}

/// A ZIP file in the making.
pub(crate) struct Archive {
    parts: mpsc::Sender<Part>,
    writer: JoinHandle<Result<Vec<u8>, ArchiveError>>,
}

impl Archive {
    /// An empty one.
    pub(crate) fn begin() -> Self {
        let (parts, waiting) = mpsc::channel(WAITING);
        Self { parts, writer: blocking(move || write(waiting)) }
    }

    /// Begins a file; what is added next belongs to it.
    pub(crate) async fn file(&self, name: impl Into<String>) -> Result<(), ArchiveError> {
        self.send(Part::File(name.into())).await
    }

    /// Adds to the file that was begun last.
    pub(crate) async fn add(&self, bytes: impl Into<Vec<u8>>) -> Result<(), ArchiveError> {
        self.send(Part::Bytes(bytes.into())).await
    }

    async fn send(&self, part: Part) -> Result<(), ArchiveError> {
        self.parts.send(part).await.map_err(|_| ArchiveError::Ended)
    }

    /// The whole.
    pub(crate) async fn finish(self) -> Result<Vec<u8>, ArchiveError> {
        drop(self.parts);
        self.writer.await.map_err(|_| ArchiveError::Ended)?
    }
}

fn write(mut parts: mpsc::Receiver<Part>) -> Result<Vec<u8>, ArchiveError> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::File(name) => zip.start_file(name, options)?,
            Part::Bytes(bytes) => zip.write_all(&bytes)?,
        }
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[tokio::test]
    async fn what_goes_in_comes_out() {
        let archive = Archive::begin();
        archive.file("a.txt").await.unwrap();
        archive.add("one ").await.unwrap();
        archive.add("two").await.unwrap();
        archive.file("files/ü.bin").await.unwrap();
        archive.add(vec![7; 1 << 20]).await.unwrap();
        let bytes = archive.finish().await.unwrap();
        assert!(bytes.len() < 1 << 16, "it is compressed");
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        zip.by_name("a.txt").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one two");
        assert_eq!(zip.by_name("files/ü.bin").unwrap().size(), 1 << 20);
        assert_eq!(zip.len(), 2);
    }
}
