//! Reads digits and draws the pairs of a configuration. Pure: bytes in, values out.

mod draw;
mod idx;

use std::io::Read;

use crate::digest::Digest;
use crate::run::{DatasetIdentity, IMAGE_SIDE, Pools};

pub use draw::{DrawError, Pairs, Split, check_pools, draw};
pub use idx::IdxError;

/// A set of digits.
#[derive(Clone, Debug)]
pub struct Digits {
    /// The pixels: 28 × 28 bytes for each digit, row by row.
    pub images: Vec<u8>,
    /// The class of each digit, 0 to 9.
    pub labels: Vec<u8>,
}

impl Digits {
    /// Number of digits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no digit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// Digits for training and for testing.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The digest, and which digits the pairs are drawn from.
    pub identity: DatasetIdentity,
    /// Digits that training pairs are drawn from.
    pub train: Digits,
    /// Digits that test pairs are drawn from.
    pub test: Digits,
}

/// The files in this binary.
const EMBEDDED_IMAGES: &[u8] = include_bytes!("../experiments/data/mnist-10k/images-idx3-ubyte.gz");
const EMBEDDED_LABELS: &[u8] = include_bytes!("../experiments/data/mnist-10k/labels-idx1-ubyte.gz");

/// SHA-256 of the unpacked embedded files. The README beside them has the same values.
const EMBEDDED_SHA256: [&str; 2] = [
    "87ff80b1af14cbb3cd72b14f87b48775177b2bbd6ad1b2645c25bd389d95c284",
    "abc1ca0c0af29e09d56751fab3baff6f96ac830fe542e7e091e7f3ed8afce81d",
];

/// Number of digits in each half of the embedded files.
pub const EMBEDDED_POOLS: [usize; 2] = [5000, 5000];

/// Names of the four standard files: images and labels for training, then for testing.
pub const STANDARD_FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Why bytes are no dataset.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` {reason}")]
pub struct DatasetError {
    /// The file at fault, by the name that the caller gave.
    pub file: String,
    /// What is wrong with it.
    pub reason: IdxError,
}

impl DatasetError {
    /// An error of this file.
    pub fn of(file: &str) -> impl FnOnce(IdxError) -> Self {
        move |reason| Self { file: file.to_owned(), reason }
    }
}

/// Identity of the embedded digits, without unpacking them.
///
/// # Panics
/// Never panics: the digests are constants of this file, and [`embedded`] compares the data with
/// them.
#[must_use]
pub fn embedded_identity() -> DatasetIdentity {
    identity(Pools::Halves, &EMBEDDED_SHA256.map(str::to_owned))
}

/// The embedded digits: the first half for training, the second for testing.
///
/// # Errors
/// Returns an error if the files in this binary are damaged.
pub fn embedded() -> Result<Dataset, DatasetError> {
    let files = ["images-idx3-ubyte.gz", "labels-idx1-ubyte.gz"];
    let unpacked = unpack_all(&files, [EMBEDDED_IMAGES, EMBEDDED_LABELS])?;
    for ((file, bytes), expected) in files.into_iter().zip(&unpacked).zip(EMBEDDED_SHA256) {
        let found = Digest::of_bytes(bytes).to_string();
        if found != expected {
            let reason = IdxError::Digest { expected: expected.to_owned(), found };
            return Err(DatasetError::of(file)(reason));
        }
    }
    let mut train = digits(files, [&unpacked[0], &unpacked[1]])?;
    let half = train.len() / 2;
    let test = Digits {
        images: train.images.split_off(half * IMAGE_SIDE * IMAGE_SIDE),
        labels: train.labels.split_off(half),
    };
    Ok(Dataset { identity: embedded_identity(), train, test })
}

/// A dataset from the bytes of the [`STANDARD_FILES`] in that order. Each may be compressed with
/// gzip.
///
/// # Errors
/// Returns an error that names the file at fault, from `names`.
pub fn standard(names: [&str; 4], bytes: [&[u8]; 4]) -> Result<Dataset, DatasetError> {
    let unpacked = unpack_all(&names, bytes)?;
    let train = digits([names[0], names[1]], [&unpacked[0], &unpacked[1]])?;
    let test = digits([names[2], names[3]], [&unpacked[2], &unpacked[3]])?;
    let digests: Vec<_> = unpacked.iter().map(|b| Digest::of_bytes(b).to_string()).collect();
    Ok(Dataset { identity: identity(Pools::Separate, &digests), train, test })
}

/// Whether two files have the same content after unpacking. Damaged files are equal to no file.
#[must_use]
pub fn same_content(a: &[u8], b: &[u8]) -> bool {
    matches!((unpack(a), unpack(b)), (Ok(a), Ok(b)) if a == b)
}

fn identity(pools: Pools, unpacked: &[String]) -> DatasetIdentity {
    DatasetIdentity { digest: Digest::of_bytes(unpacked.join("\n").as_bytes()), pools }
}

/// Digits from an unpacked image file and an unpacked label file.
fn digits(names: [&str; 2], unpacked: [&[u8]; 2]) -> Result<Digits, DatasetError> {
    let images = idx::images(unpacked[0]).map_err(DatasetError::of(names[0]))?;
    let labels = idx::labels(unpacked[1]).map_err(DatasetError::of(names[1]))?;
    let n_images = images.len() / (IMAGE_SIDE * IMAGE_SIDE);
    if n_images != labels.len() {
        let other = names[0].to_owned();
        let reason = IdxError::Mismatch { images: n_images, labels: labels.len(), other };
        return Err(DatasetError::of(names[1])(reason));
    }
    Ok(Digits { images, labels })
}

fn unpack_all<const N: usize>(
    names: &[&str; N],
    bytes: [&[u8]; N],
) -> Result<Vec<Vec<u8>>, DatasetError> {
    names
        .iter()
        .zip(bytes)
        .map(|(name, bytes)| unpack(bytes).map_err(DatasetError::of(name)))
        .collect()
}

/// The unpacked bytes of a gzip file, or the bytes themselves if they are not compressed. Stops
/// after the size of the largest accepted IDX file, so that a small file cannot fill the memory.
fn unpack(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.to_owned());
    }
    let mut unpacked = Vec::new();
    let limit = idx::LARGEST_FILE + 1;
    flate2::read::MultiGzDecoder::new(bytes)
        .take(limit as u64)
        .read_to_end(&mut unpacked)
        .map_err(|error| IdxError::Gzip(error.to_string()))?;
    if unpacked.len() == limit {
        return Err(IdxError::TooLarge);
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_digits_have_the_class_counts_of_their_readme() {
        let dataset = embedded().unwrap();
        let mut counts = [0; 10];
        for label in dataset.train.labels.iter().chain(&dataset.test.labels) {
            counts[usize::from(*label)] += 1;
        }
        assert_eq!(counts, [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]);
        assert_eq!([dataset.train.len(), dataset.test.len()], EMBEDDED_POOLS);
        assert_eq!(dataset.test.images.len(), 5000 * 28 * 28);
    }

    #[test]
    fn files_of_one_set_must_agree_and_the_one_at_fault_is_named() {
        let image = [vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28], vec![0; 784]].concat();
        let two_labels = vec![0, 0, 8, 1, 0, 0, 0, 2, 3, 4];
        let names = ["a", "b", "c", "d"];
        let error = standard(names, [&image, &two_labels, &image, &two_labels]).unwrap_err();
        assert_eq!(error.to_string(), "`b` contains 2 labels, but `a` contains 1 images");
    }

    #[test]
    fn a_damaged_gzip_file_is_an_error_and_not_a_shorter_dataset() {
        let half = &EMBEDDED_LABELS[..EMBEDDED_LABELS.len() / 2];
        let error = unpack_all(&["i", "l"], [EMBEDDED_IMAGES, half]).unwrap_err();
        assert!(error.to_string().starts_with("`l` is damaged"), "{error}");
    }

    #[test]
    fn gzip_and_plain_files_are_the_same_dataset() {
        let plain = [EMBEDDED_IMAGES, EMBEDDED_LABELS].map(|bytes| unpack(bytes).unwrap());
        let names = ["a", "b", "c", "d"];
        let packed =
            standard(names, [EMBEDDED_IMAGES, EMBEDDED_LABELS, EMBEDDED_IMAGES, EMBEDDED_LABELS]);
        let unpacked = standard(names, [&plain[0], &plain[1], &plain[0], &plain[1]]);
        assert_eq!(packed.unwrap().identity, unpacked.unwrap().identity);
    }
}
