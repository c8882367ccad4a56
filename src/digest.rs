//! Digests of configurations and of data: canonical JSON and its SHA-256. Pure.
//!
//! Keys are sorted here. Otherwise, another crate in the build could switch `serde_json` to
//! insertion order, which would change every digest.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, shown and stored as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

const HEXADECIMAL: &[u8; 16] = b"0123456789abcdef";

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of the canonical JSON of `value`.
    ///
    /// # Errors
    /// Returns an error in the same cases as [`canonical_json`].
    pub fn of<T: Serialize>(value: &T) -> Result<Self, CanonicalError> {
        canonical_json(value).map(|json| Self::of_bytes(json.as_bytes()))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first twelve digits, which are enough to tell runs apart in a listing.
    #[must_use]
    pub fn short(&self) -> String {
        let digits = self.digits();
        digits[..12].iter().map(|digit| char::from(*digit)).collect()
    }

    fn digits(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            pair[0] = HEXADECIMAL[usize::from(byte >> 4)];
            pair[1] = HEXADECIMAL[usize::from(byte & 15)];
        }
        digits
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.digits()).expect("digits are ASCII"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let malformed = || format!("`{text}` is not a digest of 64 lowercase hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (byte, start) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[start..start + 2], 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

/// Computes the digest of bytes that come in parts.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// Why a value has no canonical JSON.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// A value that JSON cannot express. `serde_json` would write `null`.
    #[error("the value at `{path}` is null or not a finite number")]
    NotFinite {
        /// Dotted path of the value, from the root.
        path: String,
    },
    /// The serialisation of the type failed.
    #[error("cannot be written as JSON")]
    Unserializable(#[source] serde_json::Error),
}

/// JSON with sorted keys, without white space and without null, so that each value has one
/// spelling.
///
/// An integer has all its digits. A float has the fewest digits that read back to it; it has a point or an
/// exponent, so that it is no integer. From 10⁻⁵ to below 10¹⁶ it has no exponent. `serde_json` writes
/// numbers, and a test fails if it ever writes them otherwise.
///
/// # Errors
/// Returns an error if `value` contains a null or a float that is not finite, or cannot be
/// serialised.
pub fn canonical_json<T: Serialize>(value: &T) -> Result<String, CanonicalError> {
    let value = serde_json::to_value(value).map_err(CanonicalError::Unserializable)?;
    let mut json = String::new();
    write_canonical(&value, &mut json).map(|()| json).ok_or_else(|| {
        let path = scalars(&value).into_iter().find(|(_, scalar)| scalar.is_null());
        CanonicalError::NotFinite { path: path.unwrap_or_default().0 }
    })
}

/// The scalars of a JSON value, and its empty lists and tables, each with its dotted path: `train.optimizer.lr`,
/// `model.branch.0`. A key with a point is in quotes.
#[must_use]
pub fn scalars(value: &Value) -> Vec<(String, &Value)> {
    let mut scalars = Vec::new();
    collect(value, String::new(), &mut scalars);
    scalars
}

fn collect<'v>(value: &'v Value, path: String, scalars: &mut Vec<(String, &'v Value)>) {
    let below = |key: &str| {
        let key = if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() };
        if path.is_empty() { key } else { format!("{path}.{key}") }
    };
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            entries.iter().for_each(|(key, item)| collect(item, below(key), scalars));
        }
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| collect(item, below(&index.to_string()), scalars));
        }
        scalar => scalars.push((path, scalar)),
    }
}

/// Writes a value; `None` if there is a null in it.
fn write_canonical(value: &Value, json: &mut String) -> Option<()> {
    match value {
        Value::Null => return None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            // Writing to a string cannot fail.
            let _ = write!(json, "{value}");
        }
        Value::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_canonical(item, json)?;
            }
            json.push(']');
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            json.push('{');
            for (index, (key, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                let _ = write!(json, "{}:", Value::from(key.as_str()));
                write_canonical(item, json)?;
            }
            json.push('}');
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_bytes_is_the_published_sha256() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of_bytes(b"abc").to_string(), expected);
    }

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = serde_json::json!({"b": 1, "a": [{"d": true, "c": 0.5}]});
        assert_eq!(canonical_json(&value).unwrap(), r#"{"a":[{"c":0.5,"d":true}],"b":1}"#);
    }

    #[test]
    fn the_spelling_of_numbers_is_frozen() {
        // Another spelling would move the key of every run with such a number.
        let floats = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.3f64 - 0.1, "0.19999999999999998"),
            (1.0 / 3.0, "0.3333333333333333"),
            (0.001, "0.001"),
            (1e-4, "0.0001"),
            (1e-5, "0.00001"),
            (1.234e-5, "0.00001234"),
            (9.99e-6, "9.99e-6"),
            (1e-6, "1e-6"),
            (1e-8, "1e-8"),
            (1.5e-10, "1.5e-10"),
            (5e-324, "5e-324"),
            (2.225_073_858_507_201_4e-308, "2.2250738585072014e-308"),
            (100_000.0, "100000.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.234_567_890_123_456_7e16, "1.2345678901234568e+16"),
            (1.234_567_890_123_456_7e17, "1.2345678901234566e+17"),
            (9_007_199_254_740_992.0, "9007199254740992.0"),
            (1e21, "1e+21"),
            (1e300, "1e+300"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::from(0.1f32), "0.10000000149011612"),
        ];
        for (number, spelling) in floats {
            assert_eq!(canonical_json(&number).unwrap(), spelling);
            assert_eq!(spelling.parse::<f64>().unwrap().to_bits(), number.to_bits(), "{spelling}");
        }
        for (number, spelling) in [(0, "0"), (u64::MAX, "18446744073709551615")] {
            assert_eq!(canonical_json(&number).unwrap(), spelling);
        }
        assert_eq!(canonical_json(&i64::MIN).unwrap(), "-9223372036854775808");
    }

    #[test]
    fn a_float_that_is_not_finite_is_refused_with_its_path() {
        let value = std::collections::BTreeMap::from([("train", vec![1.0, f64::NAN])]);
        let message = canonical_json(&value).unwrap_err().to_string();
        assert_eq!(message, "the value at `train.1` is null or not a finite number");
    }

    #[test]
    fn a_digest_survives_its_text_and_nothing_else_passes() {
        let digest = Digest::of_bytes(b"abc");
        assert_eq!(Digest::try_from(digest.to_string()).unwrap(), digest);
        for wrong in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
            assert!(Digest::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
