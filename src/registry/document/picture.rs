//! Pictures: decoded to the last point, within limits, so that who examines a request can look at
//! them.

use std::io::Cursor;

use image::{ImageError, ImageFormat, ImageReader, Limits};

use super::Flaw;

/// Points of one side, at most.
const LONGEST_SIDE: u32 = 10_000;
/// Points at most: more than what phones make of a page, within 4 MB.
const MOST_POINTS: u64 = 30_000_000;
/// What a decoder may ask for. Points of 16 bits in four channels, and as much to work with.
const MEMORY: u64 = 2 * 8 * MOST_POINTS;

/// A PNG.
pub(super) fn inspect_png(bytes: &[u8]) -> Result<(), Flaw> {
    decode(bytes, ImageFormat::Png)
}

/// A JPEG. The decoder fills up what is missing with grey, which is kind to holiday pictures: whether
/// one is whole is seen by its end.
pub(super) fn inspect_jpeg(bytes: &[u8]) -> Result<(), Flaw> {
    if !has_end(bytes).unwrap_or(false) {
        return Err(Flaw::Unreadable);
    }
    decode(bytes, ImageFormat::Jpeg)
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<(), Flaw> {
    let reader = || ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader().into_dimensions().map_err(|error| flaw(&error))?;
    let is_small =
        width.max(height) <= LONGEST_SIDE && u64::from(width) * u64::from(height) <= MOST_POINTS;
    if !is_small {
        return Err(Flaw::TooLarge);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    let mut whole = reader();
    whole.limits(limits);
    whole.decode().map(drop).map_err(|error| flaw(&error))
}

fn flaw(error: &ImageError) -> Flaw {
    match error {
        ImageError::Limits(_) => Flaw::TooLarge,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::Unsupported(_)
        | ImageError::IoError(_) => Flaw::Unreadable,
    }
}

/// Whether a JPEG goes on to its end marker after the start of its scan (ITU-T T.81, annex B); a
/// thumbnail before it has an end of its own. `None` where a segment is cut off.
fn has_end(bytes: &[u8]) -> Option<bool> {
    const START_OF_SCAN: u8 = 0xda;
    let mut rest = bytes.get(2..)?;
    loop {
        let ([0xff, marker], after) = rest.split_first_chunk::<2>()? else { return None };
        if *marker == START_OF_SCAN {
            return Some(after.windows(2).any(|two| two == [0xff, 0xd9]));
        }
        // A marker may be preceded by any number of fill bytes.
        if *marker == 0xff {
            rest = rest.get(1..)?;
            continue;
        }
        let (length, _) = after.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_be_bytes(*length)).max(2)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = include_bytes!("../../../tests/pieces/piece.jpg");
    const PNG: &[u8] = include_bytes!("../../../tests/pieces/piece.png");

    /// The PNG, said to be of another size, its checksum (PNG, section 5.5) right.
    fn of_size(width: u32, height: u32) -> Vec<u8> {
        let mut png = PNG.to_vec();
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
    fn a_picture_is_decoded_to_its_end() {
        #[track_caller]
        fn check(bytes: &[u8], expected: Result<(), Flaw>) {
            let inspected = if bytes.starts_with(b"\x89PNG") { inspect_png } else { inspect_jpeg };
            assert_eq!(inspected(bytes), expected);
        }
        let (unreadable, too_large) = (Err(Flaw::Unreadable), Err(Flaw::TooLarge));
        check(PNG, Ok(()));
        check(&of_size(96, 60), Ok(()));
        check(&PNG[..PNG.len() / 2], unreadable);
        check(b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", unreadable);
        check(&of_size(96, 61), unreadable);
        check(&of_size(60_000, 60_000), too_large);
        check(&of_size(10_001, 1), too_large);
        check(&of_size(6_000, 5_001), too_large);
        check(&of_size(0, 60), unreadable);
        check(JPEG, Ok(()));
        check(&[JPEG, b"what a phone adds"].concat(), Ok(()));
        check(&JPEG[..20], unreadable);
        check(&JPEG[..JPEG.len() / 2], unreadable);
        check(&JPEG[..JPEG.len() - 2], unreadable);
        check(&[0xff, 0xd8, 0xff, 0xff, 0xff], unreadable);
        check(&[0xff, 0xd8, 0xff, 0xda, 0xff, 0xd9], unreadable);
        let mut huge = JPEG.to_vec();
        let frame = huge.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        huge[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
        check(&huge, too_large);
    }
}
