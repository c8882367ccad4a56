//! Files of `NumPy`: one array (NPY), or several by name (NPZ).

use std::io::{Cursor, Read as _};

use npyz::npz::NpzArchive;
use npyz::{DType, NpyFile, NpyHeader, Order, TypeChar};

use super::array::{Array, Numbers};
use super::packed::LARGEST_FILE;
use crate::document::suggestion;

/// The first bytes of an NPY file, and of an NPZ file.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
pub(super) const ARCHIVE_MAGIC: &[u8] = b"PK\x03\x04";

/// The array of an NPY file.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the file.
pub(super) fn read(bytes: &[u8]) -> Result<Array, String> {
    let file = NpyFile::new(bytes).map_err(|error| format!("is no sound NPY file: {error}"))?;
    array(file.header().clone(), file.into_inner())
}

/// The array of this name in an NPZ file.
///
/// # Errors
/// With what is wrong, as a phrase that follows the name of the file.
pub(super) fn read_named(bytes: &[u8], name: &str) -> Result<Array, String> {
    let faulty = |error: std::io::Error| format!("is no sound NPZ file: {error}");
    let mut archive = NpzArchive::new(Cursor::new(bytes)).map_err(faulty)?;
    let Some(file) = archive.by_name(name).map_err(faulty)? else {
        let names: Vec<_> = archive.array_names().collect();
        return Err(format!("has no array `{name}`; {}", suggestion(name, &names)));
    };
    let (header, inner) = (file.header().clone(), file.into_inner());
    // The checksum is compared only when all bytes were read.
    let mut bytes = Vec::new();
    inner.take(LARGEST_FILE as u64 + 1).read_to_end(&mut bytes).map_err(faulty)?;
    array(header, &bytes).map_err(|reason| format!("has the array `{name}`, which {reason}"))
}

/// The array with this header and these bytes.
fn array(header: NpyHeader, mut bytes: &[u8]) -> Result<Array, String> {
    let lengths = header.shape().to_vec();
    let n = lengths.iter().try_fold(1u64, |all, length| all.checked_mul(*length));
    let n = n.and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= LARGEST_FILE / 8);
    if n.is_none() {
        return Err(format!("promises more than {} numbers", LARGEST_FILE / 8));
    }
    if lengths.is_empty() {
        return Err("is a single number and no array".to_owned());
    }
    let dimensions: Vec<_> = lengths.iter().map(|length| *length as usize).collect();
    let order = header.order();
    let numbers = numbers(NpyFile::with_header(header, &mut bytes))?;
    if !bytes.is_empty() {
        return Err(format!("has {} bytes after its numbers", bytes.len()));
    }
    let numbers = match numbers {
        Numbers::Bytes(bytes) => Numbers::Bytes(row_major(bytes, &dimensions, order)),
        Numbers::Floats(floats) => Numbers::Floats(row_major(floats, &dimensions, order)),
    };
    Ok(Array { dimensions, numbers })
}

fn numbers<R: std::io::Read>(file: NpyFile<R>) -> Result<Numbers, String> {
    let DType::Plain(kind) = file.dtype() else {
        return Err("has records with fields; arrays of plain numbers are read".to_owned());
    };
    let faulty = |error: std::io::Error| format!("is damaged: {error}");
    macro_rules! floats {
        ($number:ty, $convert:expr) => {
            file.into_vec::<$number>().map_err(faulty)?.into_iter().map($convert).collect()
        };
    }
    let floats = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Uint, 1) => return Ok(Numbers::Bytes(file.into_vec().map_err(faulty)?)),
        (TypeChar::Bool, _) => {
            let all: Vec<bool> = file.into_vec().map_err(faulty)?;
            return Ok(Numbers::Bytes(all.into_iter().map(u8::from).collect()));
        }
        (TypeChar::Uint, 2) => floats!(u16, f64::from),
        (TypeChar::Uint, 4) => floats!(u32, f64::from),
        (TypeChar::Uint, 8) => {
            let all: Vec<u64> = file.into_vec().map_err(faulty)?;
            exact(all.iter().map(|x| (i128::from(*x), *x as f64)))?
        }
        (TypeChar::Int, 1) => floats!(i8, f64::from),
        (TypeChar::Int, 2) => floats!(i16, f64::from),
        (TypeChar::Int, 4) => floats!(i32, f64::from),
        (TypeChar::Int, 8) => {
            let all: Vec<i64> = file.into_vec().map_err(faulty)?;
            exact(all.iter().map(|x| (i128::from(*x), *x as f64)))?
        }
        (TypeChar::Float, 4) => floats!(f32, f64::from),
        (TypeChar::Float, 8) => floats!(f64, |x| x),
        _ => {
            return Err(format!(
                "has numbers of type `{kind}`; booleans, integers, float32 and float64 are read"
            ));
        }
    };
    Ok(Numbers::Floats(floats))
}

/// Whole numbers as numbers of 64 bits.
///
/// # Errors
/// If one is so large that others become the same number.
fn exact(numbers: impl Iterator<Item = (i128, f64)>) -> Result<Vec<f64>, String> {
    let limit = 1 << f64::MANTISSA_DIGITS;
    numbers
        .map(|(whole, number)| match whole.abs() <= limit {
            true => Ok(number),
            false => {
                Err(format!("has the number {whole}; whole numbers are read up to 2⁵³ = {limit}"))
            }
        })
        .collect()
}

/// The numbers in row-major order.
fn row_major<T: Copy>(numbers: Vec<T>, dimensions: &[usize], order: Order) -> Vec<T> {
    if order == Order::C || numbers.is_empty() {
        return numbers;
    }
    let place = |index: usize| {
        let (mut rest, mut place) = (index, 0);
        let mut step = numbers.len();
        for length in dimensions.iter().rev() {
            step /= length;
            place += rest % length * step;
            rest /= length;
        }
        numbers[place]
    };
    (0..numbers.len()).map(place).collect()
}
