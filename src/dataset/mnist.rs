//! MNIST, which this binary contains, and other data in the same four files.

use std::fmt::Write as _;

use super::error::DataError;
use super::examples::{Examples, PartName, TableRows, Targets, Values};
use super::idx;
use super::packed::unpack;
use crate::digest::Digest;
use crate::run::{Shape, mnist_image};

/// The whole of MNIST, as gzip files: they stay packed in this binary until a run needs them.
static EMBEDDED: [&[u8]; 4] = [
    include_bytes!("../../experiments/data/mnist/train-images-idx3-ubyte.gz"),
    include_bytes!("../../experiments/data/mnist/train-labels-idx1-ubyte.gz"),
    include_bytes!("../../experiments/data/mnist/t10k-images-idx3-ubyte.gz"),
    include_bytes!("../../experiments/data/mnist/t10k-labels-idx1-ubyte.gz"),
];

/// SHA-256 of the unpacked embedded files. The README beside them has the same values.
const EMBEDDED_SHA256: [&str; 4] = [
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
];

/// Numbers of embedded images for training, validation and testing.
pub const EMBEDDED_POOLS: [usize; 3] = [60_000, 0, 10_000];

/// Names of the four standard files: images and labels for training, then for testing.
pub const STANDARD_FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Digest of the embedded images, without unpacking them.
#[must_use]
pub fn embedded_digest() -> Digest {
    digest_of(&EMBEDDED_SHA256.map(str::to_owned))
}

/// MNIST's own training and test files.
///
/// # Errors
/// Returns an error if the files in this binary are damaged.
pub fn embedded() -> Result<Examples, DataError> {
    let examples = standard(STANDARD_FILES, EMBEDDED)?;
    let expected = embedded_digest();
    if examples.digest != expected {
        let found = examples.digest;
        return Err(DataError::of("MNIST")(format!("has the digest {found}, not {expected}")));
    }
    Ok(examples)
}

/// MNIST without the pixels, which take most of the time to unpack. Checks of splits need no pixels: a test proves that
/// all images differ, and that none is of one value.
///
/// # Errors
/// Returns an error if the files in this binary are damaged.
pub fn embedded_labels() -> Result<Examples, DataError> {
    let of_file = |at: usize| {
        let unpacked = unpack(EMBEDDED[at]).and_then(|bytes| labels(&bytes));
        unpacked.map_err(DataError::of(STANDARD_FILES[at]))
    };
    let (train, test) = (of_file(1)?, of_file(3)?);
    let shape = mnist_image();
    Ok(of_classes(embedded_digest(), (shape, Vec::new()), train, test))
}

/// Examples from the bytes of the [`STANDARD_FILES`] in that order. Each may be compressed with
/// gzip.
///
/// # Errors
/// Returns an error that names the file at fault, from `names`.
pub fn standard(names: [&str; 4], bytes: [&[u8]; 4]) -> Result<Examples, DataError> {
    let mut unpacked = Vec::with_capacity(4);
    for (name, bytes) in names.iter().zip(bytes) {
        unpacked.push(unpack(bytes).map_err(DataError::of(name))?);
    }
    let digests: Vec<_> = unpacked.iter().map(|b| Digest::of_bytes(b).to_string()).collect();
    let (train_shape, mut pixels) = images(&unpacked[0]).map_err(DataError::of(names[0]))?;
    let classes = labels(&unpacked[1]).map_err(DataError::of(names[1]))?;
    check_counts([names[0], names[1]], train_shape, &pixels, &classes)?;
    let (shape, test_pixels) = images(&unpacked[2]).map_err(DataError::of(names[2]))?;
    let test_classes = labels(&unpacked[3]).map_err(DataError::of(names[3]))?;
    check_counts([names[2], names[3]], shape, &test_pixels, &test_classes)?;
    if shape != train_shape {
        let reason =
            format!("has images of {shape}, but `{}` has images of {train_shape}", names[0]);
        return Err(DataError::of(names[2])(reason));
    }
    pixels.extend(test_pixels);
    Ok(of_classes(digest_of(&digests), (shape, pixels), classes, test_classes))
}

/// Examples with these pixels, and with these classes in the training part and the test part.
fn of_classes(
    digest: Digest,
    (shape, pixels): (Shape, Vec<u8>),
    train: Vec<u32>,
    test: Vec<u32>,
) -> Examples {
    let parts = [(PartName::Train, train.len()), (PartName::Test, test.len())];
    let classes = [train, test].concat();
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    Examples {
        digest,
        shape,
        values: Values::Bytes(pixels),
        parts: parts.into_iter().flat_map(|(part, n)| std::iter::repeat_n(part, n)).collect(),
        rows: TableRows::default(),
        targets: Targets::Classes(classes),
        classes: (0..n_classes).map(|class| class.to_string()).collect(),
        columns: Vec::new(),
        groups: Vec::new(),
    }
}

/// Whether two files have the same content after unpacking. Damaged files are equal to no file.
#[must_use]
pub fn same_content(a: &[u8], b: &[u8]) -> bool {
    matches!((unpack(a), unpack(b)), (Ok(a), Ok(b)) if a == b)
}

/// The digest of data whose unpacked files have these digests.
fn digest_of(unpacked: &[String]) -> Digest {
    Digest::of_bytes(unpacked.join("\n").as_bytes())
}

/// The size of the images of an unpacked file, and their pixels.
fn images(bytes: &[u8]) -> Result<(Shape, Vec<u8>), String> {
    let array = idx::read(bytes)?;
    match (&*array.dimensions, array.numbers) {
        (&[_, height, width], super::array::Numbers::Bytes(pixels)) => {
            Ok((Shape::Image { height, width, channels: 1 }, pixels))
        }
        (dimensions, _) => {
            let remark = if dimensions.len() == 1 { "; this is a file of labels" } else { "" };
            let sizes = sizes(dimensions);
            Err(format!("has {sizes}; images have n × height × width bytes{remark}"))
        }
    }
}

/// The classes in an unpacked file.
fn labels(bytes: &[u8]) -> Result<Vec<u32>, String> {
    let array = idx::read(bytes)?;
    match (&*array.dimensions, array.numbers) {
        (&[_], super::array::Numbers::Bytes(labels)) => {
            Ok(labels.into_iter().map(u32::from).collect())
        }
        (dimensions, _) => {
            let remark = if dimensions.len() == 3 { "; this is a file of images" } else { "" };
            Err(format!("has {}; labels have n bytes{remark}", sizes(dimensions)))
        }
    }
}

/// `3 × 28 × 28 numbers`
fn sizes(dimensions: &[usize]) -> String {
    let mut text = String::new();
    for length in dimensions {
        let _ = write!(text, "{}{length}", if text.is_empty() { "" } else { " × " });
    }
    text + " numbers"
}

/// Checks that there are as many images as labels.
fn check_counts(
    names: [&str; 2],
    shape: Shape,
    pixels: &[u8],
    labels: &[u32],
) -> Result<(), DataError> {
    let n_images = pixels.len().checked_div(shape.len()).unwrap_or(0);
    if n_images != labels.len() {
        let n_labels = labels.len();
        let reason =
            format!("contains {n_labels} labels, but `{}` contains {n_images} images", names[0]);
        return Err(DataError::of(names[1])(reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::alike::alike;
    use super::*;

    #[test]
    fn the_embedded_digits_have_the_class_counts_of_their_readme() {
        let examples = embedded().unwrap();
        let mut counts = [[0; 10]; 3];
        let Targets::Classes(classes) = &examples.targets else { panic!("digits have classes") };
        for (class, part) in classes.iter().zip(&examples.parts) {
            counts[*part as usize][*class as usize] += 1;
        }
        let expected = [
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
            [0; 10],
            [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
        ];
        assert_eq!(counts, expected);
        assert_eq!(examples.pools(), EMBEDDED_POOLS);
        assert_eq!(examples.shape, mnist_image());
        assert_eq!(examples.classes.len(), crate::run::mnist_classes());
    }

    #[test]
    fn the_digits_without_pixels_check_a_split_as_well_as_those_with_pixels() {
        let (whole, labels) = (embedded().unwrap(), embedded_labels().unwrap());
        assert!(labels.values.is_empty());
        assert_eq!((labels.digest, labels.shape), (whole.digest, whole.shape));
        assert_eq!((&labels.targets, &labels.classes), (&whole.targets, &whole.classes));
        assert_eq!((&labels.parts, &labels.rows), (&whole.parts, &whole.rows));
        assert_eq!(alike(&labels), alike(&whole));
        let Values::Bytes(pixels) = &whole.values else { panic!("pixels are bytes") };
        for image in pixels.chunks_exact(whole.shape.len()) {
            assert!(image.iter().any(|pixel| *pixel != image[0]));
        }
    }

    #[test]
    fn files_of_one_set_must_agree_and_the_one_at_fault_is_named() {
        let image = [vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28], vec![0; 784]].concat();
        let wide = [vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 30], vec![0; 840]].concat();
        let [label, two_labels] =
            [&[0, 0, 8, 1, 0, 0, 0, 1, 3][..], &[0, 0, 8, 1, 0, 0, 0, 2, 3, 4]];
        let names = ["a", "b", "c", "d"];
        for (files, message) in [
            (
                [&image[..], two_labels, &image, label],
                "`b` contains 2 labels, but `a` contains 1 images",
            ),
            (
                [&image, label, &wide, label],
                "`c` has images of 28×30×1, but `a` has images of 28×28×1",
            ),
            (
                [label, label, &image, label],
                "`a` has 1 numbers; images have n × height × width bytes; this is a file of labels",
            ),
            (
                [&image, label, &image, &image],
                "`d` has 1 × 28 × 28 numbers; labels have n bytes; this is a file of images",
            ),
        ] {
            assert_eq!(standard(names, files).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_damaged_gzip_file_is_an_error_and_not_a_shorter_dataset() {
        let mut files = EMBEDDED;
        files[3] = &EMBEDDED[3][..EMBEDDED[3].len() / 2];
        let error = standard(["a", "b", "c", "l"], files).unwrap_err();
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
