//! Office Open XML packages: ZIP archives of XML parts (ECMA-376, part 2).

use std::io::{Cursor, ErrorKind, Read};

use zip::{ZipArchive, result::ZipError};

use super::{Failure, Limits, encoding, xml};

/// An opened package, and how much of it may still be unpacked.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    left: u64,
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Failure> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Failure::Damaged)?;
        if archive.len() > limits.parts {
            return Err(Failure::TooComplex);
        }
        Ok(Self { archive, left: limits.unpacked })
    }

    /// A part as text; `None` if there is none of this name.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let file = match self.archive.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(_) => return Err(Failure::Damaged),
        };
        // What the archive says of a part's size is not to be believed.
        let mut bytes = Vec::new();
        let read = file.take(self.left + 1).read_to_end(&mut bytes).map_err(|error| match error.kind() {
            ErrorKind::OutOfMemory => Failure::TooComplex,
            _ => Failure::Damaged,
        })?;
        self.left = self.left.checked_sub(read as u64).ok_or(Failure::TooComplex)?;
        Ok(Some(encoding::decode(&bytes, encoding::Declared::InXml).into_owned()))
    }

    /// The document's name, where its author gave it one.
    pub(super) fn title(&mut self, limits: &Limits) -> Result<Option<String>, Failure> {
        let Some(core) = self.part("docProps/core.xml")? else { return Ok(None) };
        let (mut title, mut is_inside) = (String::new(), false);
        xml::walk(&core, limits, |node| {
            match node {
                xml::Node::Open(element) => is_inside = element.name() == "title",
                xml::Node::Close(_) => is_inside = false,
                xml::Node::Text(text) if is_inside => title.push_str(text),
                xml::Node::Text(_) => {}
            }
            Ok(())
        })?;
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok((!title.is_empty()).then_some(title))
    }
}
