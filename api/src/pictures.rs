//! Pictures of users: whatever comes in is decoded within bounds, turned upright, made small and written anew, which
//! leaves out all it said about where and with what it was taken.

use std::{io::Cursor, sync::Arc};

use axum::http::StatusCode;
use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use shared::telemetry::blocking;
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// Largest file, in bytes.
pub const BYTES_MAX: usize = 2 << 20;
/// Longest side of a picture as it is kept, in pixels.
const SIDE_MAX: u32 = 512;
/// Longest side of a picture as it comes, in pixels.
const SIDE_READ_MAX: u32 = 12_000;
/// Most memory that decoding one may take, in bytes: a small file can claim to be very large.
const MEMORY_MAX: u64 = 200 << 20;
/// Pictures decoded at once.
const AT_ONCE: usize = 2;
const JPEG_QUALITY: u8 = 88;

/// Why a file is no picture to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Neither PNG nor JPEG nor WebP, by its first bytes.
    #[error("The file is not a picture. Choose a PNG, JPEG or WebP file.")]
    NotAPicture,
    /// It breaks off, is damaged or too large to decode.
    #[error(
        "The picture cannot be read: it is damaged, or larger than {SIDE_READ_MAX} pixels. Choose another one."
    )]
    Unreadable,
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        let (status, code) = match error {
            PictureError::NotAPicture => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "file.not_picture"),
            PictureError::Unreadable => (StatusCode::UNPROCESSABLE_ENTITY, "file.unreadable"),
        };
        Self::new(status, code, error.to_string())
    }
}

/// Makes pictures, a few at a time.
#[derive(Debug, Clone)]
pub struct Pictures(Arc<Semaphore>);

impl Default for Pictures {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Pictures {
    /// A file as it is kept; see [`portrait`].
    pub async fn portrait(&self, file: Vec<u8>) -> Result<Vec<u8>, Problem> {
        let slot = self.0.clone().acquire_owned().await.map_err(|_| Problem::internal())?;
        let made = blocking(move || {
            let made = portrait(&file);
            drop(slot);
            made
        });
        // A crash itself was told.
        let made = made.await.map_err(|_| Problem::internal())?;
        Ok(made?)
    }
}

/// The media type of a picture as it is kept.
pub fn media_type(picture: &[u8]) -> &'static str {
    if picture.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }
}

/// A picture upright, at most 512 pixels wide and high, as JPEG, or as PNG where it is transparent somewhere.
fn portrait(file: &[u8]) -> Result<Vec<u8>, PictureError> {
    let format = match image::guess_format(file) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) => format,
        _ => return Err(PictureError::NotAPicture),
    };
    let unreadable = |error: image::ImageError| {
        tracing::debug!(%error, "a picture cannot be read");
        PictureError::Unreadable
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_READ_MAX);
    limits.max_image_height = Some(SIDE_READ_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    // Not every decoder counts what the picture itself takes.
    if decoder.total_bytes() > MEMORY_MAX {
        return Err(PictureError::Unreadable);
    }
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    if picture.width() > SIDE_MAX || picture.height() > SIDE_MAX {
        picture = picture.resize(SIDE_MAX, SIDE_MAX, FilterType::Triangle);
    }
    let mut written = Vec::new();
    if is_transparent(&picture) {
        picture.to_rgba8().write_to(&mut Cursor::new(&mut written), ImageFormat::Png).map_err(unreadable)?;
    } else {
        picture
            .to_rgb8()
            .write_with_encoder(JpegEncoder::new_with_quality(&mut written, JPEG_QUALITY))
            .map_err(unreadable)?;
    }
    Ok(written)
}

fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    /// Red above, blue below.
    fn flag(width: u32, height: u32) -> DynamicImage {
        let colour = |_, y| if y < height / 2 { Rgb([220, 0, 0]) } else { Rgb([0, 0, 220]) };
        RgbImage::from_fn(width, height, colour).into()
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        let read = image::load_from_memory(bytes).unwrap();
        (read.width(), read.height())
    }

    #[test]
    fn every_kind_is_made_small_and_keeps_its_shape() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            for ((width, height), kept) in [
                ((1024, 512), (512, 256)),
                ((300, 900), (171, 512)),
                ((512, 512), (512, 512)),
                ((40, 20), (40, 20)),
                ((2000, 1), (512, 1)),
            ] {
                let made = portrait(&written(&flag(width, height), format)).unwrap();
                assert_eq!(size(&made), kept, "{format:?}");
                assert_eq!(media_type(&made), "image/jpeg");
            }
        }
    }

    #[test]
    fn transparency_stays() {
        let clear: DynamicImage = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 0])).into();
        let opaque: DynamicImage = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 255])).into();
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let made = portrait(&written(&clear, format)).unwrap();
            assert_eq!(media_type(&made), "image/png");
            assert_eq!(image::load_from_memory(&made).unwrap().to_rgba8().get_pixel(0, 0).0[3], 0);
            assert_eq!(media_type(&portrait(&written(&opaque, format)).unwrap()), "image/jpeg");
        }
    }

    /// A JPEG that says in its EXIF data that it lies on its side, and where it was taken.
    fn lying() -> Vec<u8> {
        let plain = written(&flag(60, 40), ImageFormat::Jpeg);
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"Jewel Street 7, Springfield");
        let mut jpeg = plain[..2].to_vec();
        jpeg.extend_from_slice(&[0xff, 0xe1]);
        jpeg.extend_from_slice(&u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        jpeg.extend_from_slice(&exif);
        jpeg.extend_from_slice(&plain[2..]);
        jpeg
    }

    #[test]
    fn a_picture_is_turned_upright_and_tells_nothing_more() {
        let made = portrait(&lying()).unwrap();
        assert_eq!(size(&made), (40, 60));
        // Turned to the right, what was above is on the right.
        let read = image::load_from_memory(&made).unwrap().to_rgb8();
        assert!(read.get_pixel(38, 30).0[0] > 150 && read.get_pixel(2, 30).0[2] > 150);
        for told in [&b"Exif"[..], b"Springfield"] {
            assert!(memchr::memmem::find(&made, told).is_none());
        }
    }

    #[test]
    fn other_files_and_damaged_ones_are_told_apart() {
        let gif = b"GIF89a\x01\0\x01\0\0\0\0;".to_vec();
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
        for file in [Vec::new(), gif, svg, b"%PDF-1.7".to_vec(), b"BM".to_vec()] {
            assert_eq!(portrait(&file), Err(PictureError::NotAPicture));
        }
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let whole = written(&flag(64, 64), format);
            assert_eq!(portrait(&whole[..whole.len() / 2]), Err(PictureError::Unreadable), "{format:?}");
        }
        assert_eq!(portrait(&written(&flag(8, 8), ImageFormat::Jpeg)[..20]), Err(PictureError::Unreadable));
    }

    /// A PNG that claims a size, without having it.
    fn claiming(width: u32, height: u32) -> Vec<u8> {
        let mut png = written(&flag(1, 1), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = !0_u32;
        for byte in &png[12..29] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        png[29..33].copy_from_slice(&(!crc).to_be_bytes());
        png
    }

    #[test]
    fn what_would_fill_the_memory_is_not_decoded() {
        for (width, height) in [(50_000, 50_000), (12_000, 12_000), (12_001, 1)] {
            assert_eq!(portrait(&claiming(width, height)), Err(PictureError::Unreadable));
        }
        assert!(portrait(&claiming(1, 1)).is_ok());
    }
}
