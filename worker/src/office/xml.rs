//! XML parts, element by element. Entities that a document declares itself are not known, so they cannot expand.

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};

use super::{Failure, Limits};

/// A step through a part.
pub(super) enum Node<'a> {
    /// An element begins; an empty one ends at once.
    Open(&'a Element<'a>),
    /// An element of this name ends.
    Close(&'a str),
    /// Text within an element.
    Text(&'a str),
}

/// The beginning of an element.
pub(super) struct Element<'a>(BytesStart<'a>);

impl Element<'_> {
    /// Its name without prefix.
    pub(super) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of an attribute, named without prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let attributes = self.0.attributes().filter_map(Result::ok);
        let mut named = attributes.filter(|attribute| attribute.key.local_name().into_inner() == name);
        named.find_map(|attribute| {
            attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
        })
    }

    /// The value of an attribute, named with its prefix.
    pub(super) fn exactly(&self, name: &str) -> Option<String> {
        let attribute = self
            .0
            .attributes()
            .filter_map(Result::ok)
            .find(|attribute| attribute.key.into_inner() == name)?;
        attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
    }
}

/// Goes through a part from its beginning to its end.
pub(super) fn walk(
    part: &str,
    limits: &Limits,
    mut visit: impl FnMut(Node<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = Reader::from_str(part);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|_| Failure::Damaged)? {
            Event::Start(start) => {
                depth += 1;
                if depth > limits.depth {
                    return Err(Failure::TooComplex);
                }
                visit(Node::Open(&Element(start)))?;
            }
            Event::Empty(start) => {
                let element = Element(start);
                visit(Node::Open(&element))?;
                visit(Node::Close(element.name()))?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                visit(Node::Close(end.local_name().into_inner()))?;
            }
            Event::Text(text) => visit(Node::Text(&text))?,
            Event::CData(text) => visit(Node::Text(&text))?,
            Event::GeneralRef(entity) => match entity.resolve_char_ref().map_err(|_| Failure::Damaged)? {
                Some(char) => visit(Node::Text(char.encode_utf8(&mut [0; 4])))?,
                None => visit(Node::Text(resolve_xml_entity(&entity).ok_or(Failure::Damaged)?))?,
            },
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(Failure::Damaged),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}
