//! A strict reader of IDX, the format of the MNIST files.
//!
//! Layout: two zero bytes, a type byte (8 for unsigned bytes), the number of dimensions, each
//! dimension as a big-endian 32-bit number, then the data and nothing else.

use crate::run::{CLASSES, IMAGE_SIDE};

/// The largest number of digits. Every dataset of the MNIST family has fewer.
const MOST_DIGITS: usize = 1_000_000;

/// Size of the largest accepted file.
pub(super) const LARGEST_FILE: usize = 16 + MOST_DIGITS * IMAGE_SIDE * IMAGE_SIDE;

const LABELS_MAGIC: u32 = 0x0000_0801;
const IMAGES_MAGIC: u32 = 0x0000_0803;

/// What is wrong with an IDX file. The message follows the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdxError {
    /// The file is shorter than its header.
    #[error("is too short for an IDX header: {found} of {expected} bytes")]
    Header {
        /// Size of the header in bytes.
        expected: usize,
        /// Size of the file in bytes.
        found: usize,
    },
    /// The magic number belongs to another kind of file.
    #[error("starts with {found:#010x}; {kind} in IDX start with {expected:#010x}{remark}")]
    Magic {
        /// The kind of file that was expected.
        kind: &'static str,
        /// Its magic number.
        expected: u32,
        /// The first four bytes.
        found: u32,
        /// The kind of the file, if it is known.
        remark: &'static str,
    },
    /// The file is something else that people often have in its place.
    #[error("{0}")]
    SomethingElse(&'static str),
    /// No file has this name.
    #[error("is missing: the folder has {found}")]
    Missing {
        /// The names that are there.
        found: String,
    },
    /// Two files are meant by one name, and differ.
    #[error("is there twice, and the content differs: {0}")]
    Ambiguous(String),
    /// The images do not have the size of MNIST images.
    #[error("contains images of {rows}×{columns}; expected {IMAGE_SIDE}×{IMAGE_SIDE}")]
    ImageSize {
        /// Rows of an image.
        rows: usize,
        /// Columns of an image.
        columns: usize,
    },
    /// There are more digits than the reader accepts.
    #[error("contains more than {MOST_DIGITS} digits")]
    TooLarge,
    /// The file is shorter or longer than the header says.
    #[error("should have {expected} bytes by its header, but has {found}: it is {state}")]
    Length {
        /// The size according to the header.
        expected: usize,
        /// The size of the file.
        found: usize,
        /// `truncated` or `followed by other bytes`.
        state: &'static str,
    },
    /// A label is above 9.
    #[error("has the label {label} at position {position}; digits are 0 to 9")]
    Label {
        /// Index of the label.
        position: usize,
        /// Its value.
        label: u8,
    },
    /// The numbers of images and labels differ.
    #[error("contains {labels} labels, but `{other}` contains {images} images")]
    Mismatch {
        /// Number of images.
        images: usize,
        /// Number of labels.
        labels: usize,
        /// The image file.
        other: String,
    },
    /// The compressed data cannot be unpacked.
    #[error("is damaged or truncated: {0}")]
    Gzip(String),
    /// The embedded digits are damaged.
    #[error("has the digest {found}, not {expected}")]
    Digest {
        /// The documented digest.
        expected: String,
        /// The computed digest.
        found: String,
    },
}

/// The pixels of an image file, one byte each.
pub(super) fn images(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let ([count, rows, columns], data) = header::<3>(bytes, "images", IMAGES_MAGIC)?;
    if (rows, columns) != (IMAGE_SIDE, IMAGE_SIDE) {
        return Err(IdxError::ImageSize { rows, columns });
    }
    exactly(data, count, IMAGE_SIDE * IMAGE_SIDE, 16)
}

/// The classes of a label file.
pub(super) fn labels(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let ([count], data) = header::<1>(bytes, "labels", LABELS_MAGIC)?;
    let labels = exactly(data, count, 1, 8)?;
    match labels.iter().position(|label| usize::from(*label) >= CLASSES) {
        Some(position) => Err(IdxError::Label { position, label: labels[position] }),
        None => Ok(labels),
    }
}

fn header<'b, const N: usize>(
    bytes: &'b [u8],
    kind: &'static str,
    magic: u32,
) -> Result<([usize; N], &'b [u8]), IdxError> {
    if let Some(what) = something_else(bytes) {
        return Err(IdxError::SomethingElse(what));
    }
    let word = |index: usize| {
        let word = bytes.get(4 * index..)?.first_chunk()?;
        Some(u32::from_be_bytes(*word))
    };
    let expected = 4 * (N + 1);
    let too_short = IdxError::Header { expected, found: bytes.len() };
    let found = word(0).ok_or_else(|| too_short.clone())?;
    if found != magic {
        let remark = match found {
            LABELS_MAGIC => "; this is a file of labels",
            IMAGES_MAGIC => "; this is a file of images",
            _ => "",
        };
        return Err(IdxError::Magic { kind, expected: magic, found, remark });
    }
    let mut dimensions = [0; N];
    for (index, dimension) in dimensions.iter_mut().enumerate() {
        *dimension = word(index + 1).ok_or_else(|| too_short.clone())? as usize;
    }
    Ok((dimensions, &bytes[expected..]))
}

/// What a file is that a failed download leaves in place of the data.
fn something_else(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    let start = start[..start.len().min(30)].to_ascii_lowercase();
    let is = |begin: &str| start.starts_with(begin.as_bytes());
    if is("version https://git-lfs") {
        return Some("is a Git LFS pointer and not the data: `git lfs pull` fetches the data");
    }
    (is("<!doctype html") || is("<html"))
        .then_some("is an HTML page and not the data: download the file again")
}

fn exactly(data: &[u8], count: usize, size: usize, header: usize) -> Result<Vec<u8>, IdxError> {
    if count > MOST_DIGITS {
        return Err(IdxError::TooLarge);
    }
    let expected = count * size;
    let state = match data.len() {
        found if found < expected => "truncated",
        found if found > expected => "followed by other bytes",
        _ => return Ok(data.to_owned()),
    };
    Err(IdxError::Length { expected: expected + header, found: data.len() + header, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: std::fmt::Debug>(result: Result<T, IdxError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn two_labels_are_read() {
        assert_eq!(labels(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 9]).unwrap(), [7, 9]);
    }

    #[test]
    fn each_way_to_be_wrong_has_its_own_message() {
        assert_eq!(message(labels(&[])), "is too short for an IDX header: 0 of 8 bytes");
        assert_eq!(
            message(labels(&[0, 0, 8, 3, 0, 0, 0, 0])),
            "starts with 0x00000803; labels in IDX start with 0x00000801; this is a file of images"
        );
        assert_eq!(
            message(labels(&[0, 0, 8, 1, 0, 0, 0, 3, 1, 2])),
            "should have 11 bytes by its header, but has 10: it is truncated"
        );
        assert_eq!(
            message(labels(&[0, 0, 8, 1, 0, 0, 0, 1, 1, 2])),
            "should have 9 bytes by its header, but has 10: it is followed by other bytes"
        );
        assert_eq!(
            message(labels(&[0, 0, 8, 1, 0, 0, 0, 2, 1, 10])),
            "has the label 10 at position 1; digits are 0 to 9"
        );
        assert_eq!(
            message(images(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3])),
            "contains images of 2×3; expected 28×28"
        );
    }

    #[test]
    fn what_a_failed_download_leaves_is_called_by_its_name() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        assert!(message(images(pointer)).starts_with("is a Git LFS pointer and not the data"));
        for page in ["<html>", "\n <!DOCTYPE html><html>404"] {
            assert!(message(labels(page.as_bytes())).starts_with("is an HTML page"));
        }
    }

    #[test]
    fn a_header_that_promises_four_billion_digits_asks_for_no_memory() {
        let hostile = [0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(labels(&hostile).unwrap_err(), IdxError::TooLarge);
    }
}
