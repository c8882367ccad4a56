//! Reads digits and draws the pairs of a configuration. Pure: bytes in, values out.

mod draw;
mod idx;

use std::io::Read;

use crate::digest::Digest;
use crate::run::IMAGE_SIDE;

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
    /// Digest of the unpacked files.
    pub digest: Digest,
    /// Digits that training pairs are drawn from.
    pub train: Digits,
    /// Digits that test pairs are drawn from.
    pub test: Digits,
}

/// The whole of MNIST, as gzip files: they stay packed in this binary until a run needs them.
static EMBEDDED: [&[u8]; 4] = [
    include_bytes!("../experiments/data/mnist/train-images-idx3-ubyte.gz"),
    include_bytes!("../experiments/data/mnist/train-labels-idx1-ubyte.gz"),
    include_bytes!("../experiments/data/mnist/t10k-images-idx3-ubyte.gz"),
    include_bytes!("../experiments/data/mnist/t10k-labels-idx1-ubyte.gz"),
];

/// SHA-256 of the unpacked embedded files. The README beside them has the same values.
const EMBEDDED_SHA256: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// Numbers of embedded digits for training and for testing.
pub const EMBEDDED_POOLS: [usize; 2] = [60_000, 10_000];

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

/// Digest of the embedded digits, without unpacking them.
#[must_use]
pub fn embedded_digest() -> Digest {
    digest_of(&EMBEDDED_SHA256.map(str::to_owned))
}

/// The embedded digits: MNIST's own training and test files.
///
/// # Errors
/// Returns an error if the files in this binary are damaged.
pub fn embedded() -> Result<Dataset, DatasetError> {
    let dataset = standard(STANDARD_FILES, EMBEDDED)?;
    let expected = embedded_digest();
    if dataset.digest != expected {
        let [expected, found] = [expected, dataset.digest].map(|digest| digest.to_string());
        return Err(DatasetError::of("MNIST")(IdxError::Digest { expected, found }));
    }
    Ok(dataset)
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
    Ok(Dataset { digest: digest_of(&digests), train, test })
}

/// Whether two files have the same content after unpacking. Damaged files are equal to no file.
#[must_use]
pub fn same_content(a: &[u8], b: &[u8]) -> bool {
    matches!((unpack(a), unpack(b)), (Ok(a), Ok(b)) if a == b)
}

/// The digest of a dataset whose unpacked files have these digests.
fn digest_of(unpacked: &[String]) -> Digest {
    Digest::of_bytes(unpacked.join("\n").as_bytes())
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
        let counts = [&dataset.train, &dataset.test].map(|digits| {
            let mut counts = [0; 10];
            for label in &digits.labels {
                counts[usize::from(*label)] += 1;
            }
            counts
        });
        let expected = [
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ];
        assert_eq!(counts, expected);
        assert_eq!([dataset.train.len(), dataset.test.len()], EMBEDDED_POOLS);
        assert_eq!(dataset.test.images.len(), 10_000 * 28 * 28);
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
        let [images, labels] = [EMBEDDED[2], EMBEDDED[3]];
        let error = unpack_all(&["i", "l"], [images, &labels[..labels.len() / 2]]).unwrap_err();
        assert!(error.to_string().starts_with("`l` is damaged"), "{error}");
    }

    #[test]
    fn gzip_and_plain_files_are_the_same_dataset() {
        let packed = [EMBEDDED[2], EMBEDDED[3], EMBEDDED[2], EMBEDDED[3]];
        let plain = packed.map(|bytes| unpack(bytes).unwrap());
        let names = ["a", "b", "c", "d"];
        let of_plain = standard(names, plain.each_ref().map(|bytes| &bytes[..])).unwrap();
        assert_eq!(standard(names, packed).unwrap().digest, of_plain.digest);
    }
}
