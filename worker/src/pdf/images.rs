//! The pictures of scanned pages, as files that a text recognizer opens.

use pdfboss_core::{Dict, Document, Object, Page, Stream};

/// Most pixels of a picture: a page of A4 at 600 dots an inch has 35 million.
const PIXELS: usize = 40_000_000;

/// Longest picture, in bytes.
pub(super) const BYTES: usize = 64 << 20;

/// Fewest pixels to a square point of the page: half of it at 72 dots an inch, the least that shows letters.
const DENSITY: f32 = 0.5;

/// The largest picture on the page, if it may be a scan of all of it: JPEG as it is, else PBM, PGM or PPM.
/// Pictures in other colors or codings, or cut into strips, are left out.
pub(super) fn scan(document: &Document, page: &Page) -> Option<Vec<u8>> {
    let (width, height, stream) = largest(document, page)?;
    let data = document.stream_data(&stream).ok().filter(|data| data.len() <= BYTES)?;
    if data.starts_with(b"\xff\xd8\xff") {
        return Some(data);
    }
    let bits = integer(document, &stream.dict, "BitsPerComponent").unwrap_or(1);
    raster(width, height, bits, is_inverted(document, &stream.dict), &data)
}

/// Whether the page holds a picture that may be a scan of it.
pub(super) fn has_scan(document: &Document, page: &Page) -> bool {
    largest(document, page).is_some()
}

fn largest(document: &Document, page: &Page) -> Option<(usize, usize, Stream)> {
    let objects = document.resolve(page.resources.get("XObject")?).ok()?;
    let pictures = objects.as_dict()?.iter().filter_map(|(_, object)| {
        let object = document.resolve(object).ok()?;
        let stream = object.as_stream()?;
        let is_picture = stream.dict.get_name("Subtype").is_some_and(|name| name.0 == "Image");
        let (width, height) = is_picture.then_some((
            integer(document, &stream.dict, "Width")?,
            integer(document, &stream.dict, "Height")?,
        ))?;
        let pixels = width.checked_mul(height).filter(|pixels| (1..=PIXELS).contains(pixels))?;
        Some((pixels, width, height, stream.clone()))
    });
    let (pixels, width, height, stream) = pictures.max_by_key(|(pixels, ..)| *pixels)?;
    let (across, down) = page.size();
    (pixels as f32 >= across * down * DENSITY).then_some((width, height, stream))
}

fn integer(document: &Document, dict: &Dict, key: &str) -> Option<usize> {
    let value: Object = document.resolve(dict.get(key)?).ok()?;
    usize::try_from(value.as_int()?).ok()
}

/// Whether the least value is white.
fn is_inverted(document: &Document, dict: &Dict) -> bool {
    let decode = dict.get("Decode").and_then(|decode| document.resolve(decode).ok());
    let first = decode.as_ref().and_then(Object::as_array).and_then(|array| array.first());
    first.and_then(Object::as_f64).is_some_and(|first| first > 0.5)
}

/// Samples with a head that says what they are. Of one bit 0 is black in PDF and white in PBM.
fn raster(width: usize, height: usize, bits: usize, is_inverted: bool, data: &[u8]) -> Option<Vec<u8>> {
    let (kind, row) = match bits {
        1 => ("P4", width.div_ceil(8)),
        8 if data.len() / (width * height) == 3 => ("P6", width * 3),
        8 if data.len() / (width * height) == 1 => ("P5", width),
        _ => return None,
    };
    let samples = data.get(..row * height)?;
    let depth = if bits == 8 { " 255" } else { "" };
    let mut picture = format!("{kind} {width} {height}{depth}\n").into_bytes();
    let flip = if (bits == 1) != is_inverted { 0xff } else { 0 };
    picture.extend(samples.iter().map(|sample| sample ^ flip));
    Some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_become_pictures_with_black_text() {
        assert_eq!(raster(9, 1, 1, false, &[0x0f, 0x80]).unwrap(), b"P4 9 1\n\xf0\x7f");
        assert_eq!(raster(8, 1, 1, true, &[0x0f]).unwrap(), b"P4 8 1\n\x0f");
        assert_eq!(raster(2, 1, 8, false, &[0, 7]).unwrap(), b"P5 2 1 255\n\0\x07");
        assert_eq!(raster(1, 1, 8, true, &[0, 1, 255]).unwrap(), b"P6 1 1 255\n\xff\xfe\0");
        for (bits, data) in [(1, &[0_u8; 1][..]), (8, &[0; 8]), (8, &[0; 1]), (16, &[0; 4])] {
            assert_eq!(raster(2, 2, bits, false, data), None, "{bits} {}", data.len());
        }
    }
}
