//! Unpacks compressed files, and recognises what is no data.

use std::io::Read as _;

/// Size of the largest accepted file after unpacking: one gibibyte.
pub(super) const LARGEST_FILE: usize = 1 << 30;

/// The unpacked bytes of a gzip file, or the bytes themselves if they are not compressed. Stops
/// after the size of the largest accepted file, so that a small file cannot fill the memory.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the file.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return match bytes.len() > LARGEST_FILE {
            true => Err(too_large()),
            false => Ok(bytes.to_owned()),
        };
    }
    let mut unpacked = Vec::new();
    let limit = LARGEST_FILE + 1;
    flate2::read::MultiGzDecoder::new(bytes)
        .take(limit as u64)
        .read_to_end(&mut unpacked)
        .map_err(|error| format!("is damaged or truncated: {error}"))?;
    if unpacked.len() == limit {
        return Err(too_large());
    }
    Ok(unpacked)
}

fn too_large() -> String {
    format!("has more than {LARGEST_FILE} bytes")
}

/// What a file is that a failed download leaves in place of the data.
pub(super) fn something_else(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    let start = start[..start.len().min(30)].to_ascii_lowercase();
    let is = |begin: &str| start.starts_with(begin.as_bytes());
    if is("version https://git-lfs") {
        return Some("is a Git LFS pointer and not the data: `git lfs pull` fetches the data");
    }
    (is("<!doctype html") || is("<html"))
        .then_some("is an HTML page and not the data: download the file again")
}
