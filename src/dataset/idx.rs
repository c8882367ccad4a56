//! A strict reader of IDX, the format of the MNIST files.
//!
//! Layout: two zero bytes, a type byte, the number of dimensions, each dimension as a big-endian 32-bit
//! number, then the numbers, big-endian, and nothing else.

use super::array::{Array, Numbers};
use super::packed::{LARGEST_FILE, something_else};

/// The array of an unpacked IDX file.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the file.
pub(super) fn read(bytes: &[u8]) -> Result<Array, String> {
    if let Some(what) = something_else(bytes) {
        return Err(what.to_owned());
    }
    let (kind, rank) = match *bytes {
        [0, 0, kind, rank, ..] if size_of_type(kind).is_some() && rank > 0 => {
            (kind, usize::from(rank))
        }
        [a, b, c, d, ..] => {
            return Err(format!(
                "is no IDX file: it starts with the bytes {a:02x} {b:02x} {c:02x} {d:02x}; IDX starts with 00 00, a \
                 type from 08 to 0e, and the number of dimensions"
            ));
        }
        _ => return Err(format!("is too short for an IDX header: {} bytes", bytes.len())),
    };
    let header = 4 + 4 * rank;
    if bytes.len() < header {
        return Err(format!("is too short for an IDX header: {} of {header} bytes", bytes.len()));
    }
    let (words, _) = bytes[4..header].as_chunks();
    let dimensions: Vec<_> = words.iter().map(|word| u32::from_be_bytes(*word) as usize).collect();
    let size = size_of_type(kind).unwrap_or(1);
    let expected = dimensions.iter().try_fold(size, |all, length| all.checked_mul(*length));
    let Some(expected) = expected.filter(|expected| *expected <= LARGEST_FILE) else {
        return Err(format!("promises more than {LARGEST_FILE} bytes in its header"));
    };
    let data = &bytes[header..];
    if data.len() != expected {
        let state = if data.len() < expected { "truncated" } else { "followed by other bytes" };
        return Err(format!(
            "should have {} bytes by its header, but has {}: it is {state}",
            expected + header,
            bytes.len()
        ));
    }
    Ok(Array { dimensions, numbers: numbers(kind, data) })
}

/// The size of a number of this type. Returns `None` for an unknown type.
fn size_of_type(kind: u8) -> Option<usize> {
    match kind {
        0x08 | 0x09 => Some(1),
        0x0b => Some(2),
        0x0c | 0x0d => Some(4),
        0x0e => Some(8),
        _ => None,
    }
}

fn numbers(kind: u8, data: &[u8]) -> Numbers {
    fn all<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Numbers {
        let (numbers, _) = data.as_chunks();
        Numbers::Floats(numbers.iter().map(|bytes| number(*bytes)).collect())
    }
    match kind {
        0x09 => all(data, |bytes| f64::from(i8::from_be_bytes(bytes))),
        0x0b => all(data, |bytes| f64::from(i16::from_be_bytes(bytes))),
        0x0c => all(data, |bytes| f64::from(i32::from_be_bytes(bytes))),
        0x0d => all(data, |bytes| f64::from(f32::from_be_bytes(bytes))),
        0x0e => all(data, f64::from_be_bytes),
        _ => Numbers::Bytes(data.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        read(bytes).unwrap_err()
    }

    #[test]
    fn each_type_of_number_is_read() {
        let bytes = read(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]).unwrap();
        assert_eq!(bytes, Array { dimensions: vec![1, 2], numbers: Numbers::Bytes(vec![7, 9]) });
        let header = |kind| [0, 0, kind, 1, 0, 0, 0, 2];
        for (kind, numbers) in [
            (9, [3i8.to_be_bytes().to_vec(), (-4i8).to_be_bytes().to_vec()]),
            (11, [3i16.to_be_bytes().to_vec(), (-4i16).to_be_bytes().to_vec()]),
            (12, [3i32.to_be_bytes().to_vec(), (-4i32).to_be_bytes().to_vec()]),
            (13, [3f32.to_be_bytes().to_vec(), (-4f32).to_be_bytes().to_vec()]),
            (14, [3f64.to_be_bytes().to_vec(), (-4f64).to_be_bytes().to_vec()]),
        ] {
            let file = [header(kind).to_vec(), numbers.concat()].concat();
            assert_eq!(read(&file).unwrap().numbers, Numbers::Floats(vec![3.0, -4.0]), "{kind}");
        }
    }

    #[test]
    fn each_way_to_be_wrong_has_its_own_message() {
        assert_eq!(message(&[]), "is too short for an IDX header: 0 bytes");
        assert_eq!(message(&[0, 0, 8, 3, 0, 0]), "is too short for an IDX header: 6 of 16 bytes");
        assert!(
            message(b"PK\x03\x04").starts_with("is no IDX file: it starts with the bytes 50 4b")
        );
        assert!(message(&[0, 0, 10, 1, 0, 0, 0, 0]).starts_with("is no IDX file"));
        assert_eq!(
            message(&[0, 0, 8, 1, 0, 0, 0, 3, 1, 2]),
            "should have 11 bytes by its header, but has 10: it is truncated"
        );
        assert_eq!(
            message(&[0, 0, 8, 1, 0, 0, 0, 1, 1, 2]),
            "should have 9 bytes by its header, but has 10: it is followed by other bytes"
        );
    }

    #[test]
    fn what_a_failed_download_leaves_is_called_by_its_name() {
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
        assert!(message(pointer).starts_with("is a Git LFS pointer and not the data"));
        for page in ["<html>", "\n <!DOCTYPE html><html>404"] {
            assert!(message(page.as_bytes()).starts_with("is an HTML page"));
        }
    }

    #[test]
    fn a_header_that_promises_too_much_asks_for_no_memory() {
        for rank in [1, 4] {
            let hostile = [vec![0, 0, 14, rank], vec![0xff; 16], vec![1]].concat();
            assert!(message(&hostile).starts_with("promises more than"));
        }
    }
}
