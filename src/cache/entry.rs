//! The text of a record file: one JSON object on one line, and in it the SHA-256 of the rest. Pure.
//!
//! ```text
//! {"format":3,"digest":"…","config":{…},"outcome":…,"curve":…,"provenance":…,"checksum":"…"}
//! ```
//!
//! `config` is the canonical JSON that `digest` is the SHA-256 of, and `checksum` is that of all that
//! stands before `,"checksum"`. So whatever happened to a file shows when it is read. Format 1 had no
//! checksum, and format 2 did not know all curves; their records are still read, with the checks that
//! their content allows.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::digest::{CanonicalError, Digest, canonical_json};
use crate::run::{
    Acceptance, LearningCurve, Outcome, RECORD_FORMAT, RunConfig, RunProvenance, RunRecord,
    RunResult,
};

/// The first format, without checksum.
const UNSUMMED: u32 = 1;

/// The format with checksum, but without the test accuracy in training mode with dropout off.
const SUMMED: u32 = 2;

/// What `,"checksum":"<64 digits>"}` and the end of the line take.
const TRAILER: usize = CHECKSUM.len() + 64 + END.len();
const CHECKSUM: &str = r#","checksum":""#;
const END: &str = "\"}\n";

/// A record file, with its configuration read as `C` and its curves as `V`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<C, V = LearningCurve> {
    format: u32,
    digest: Digest,
    config: C,
    outcome: Outcome,
    curve: V,
    #[serde(default)]
    accepted: Option<Acceptance>,
    provenance: RunProvenance,
    #[serde(default)]
    checksum: Option<Digest>,
}

/// A record of whatever configuration, also of one that this version cannot run: older versions had
/// other keys.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRecord {
    /// Digest of `config`.
    pub digest: Digest,
    /// The key of the run.
    pub config: Value,
    /// What happened.
    pub result: RunResult,
    /// Whether the file has a checksum: those of format 1 have none.
    pub has_checksum: bool,
}

/// What can be told of a record without its curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// Whether the user has put it there in place of a training.
    pub accepted: bool,
    /// Where and when.
    pub provenance: RunProvenance,
}

/// The file of the record of a run.
///
/// # Errors
/// If its configuration has no canonical form.
pub(super) fn write(record: &RunRecord) -> Result<Vec<u8>, CanonicalError> {
    let config = canonical_json(&*record.config)?;
    let result = serde_json::to_string(&record.result).map_err(CanonicalError::Unserializable)?;
    let head = head(record.digest, &config);
    let body = format!("{head}{}", &result[1..result.len() - 1]);
    let checksum = Digest::of_bytes(body.as_bytes());
    Ok(format!("{body}{CHECKSUM}{checksum}{END}").into_bytes())
}

/// The first bytes of the record of a run.
fn head(digest: Digest, canonical: &str) -> String {
    format!(r#"{{"format":{RECORD_FORMAT},"digest":"{digest}","config":{canonical},"#)
}

/// What a sound file says that happened in the run of this configuration, but for what was measured:
/// the curves are covered by the checksum, and not read.
///
/// # Errors
/// As [`read`].
pub(super) fn glance(
    bytes: &[u8],
    digest: Digest,
    canonical: &str,
    config: &RunConfig,
) -> Result<Glance, String> {
    if bytes.starts_with(head(digest, canonical).as_bytes()) {
        let entry: Entry<IgnoredAny, IgnoredAny> = parse(bytes)?;
        check_sum(bytes, entry.checksum)?;
        let Entry { accepted, provenance, .. } = entry;
        return Ok(Glance { accepted: accepted.is_some(), provenance });
    }
    let RunResult { accepted, provenance, .. } = read(bytes, digest, canonical, config)?;
    Ok(Glance { accepted: accepted.is_some(), provenance })
}

/// What the file says that happened in the run of this configuration.
///
/// # Errors
/// With what is wrong with the file, as what follows its name in a sentence.
pub(super) fn read(
    bytes: &[u8],
    digest: Digest,
    canonical: &str,
    config: &RunConfig,
) -> Result<RunResult, String> {
    // The short way for a sound file of this version: its head is known, so the configuration need
    // not be read.
    let result = if bytes.starts_with(head(digest, canonical).as_bytes()) {
        let entry: Entry<IgnoredAny> = parse(bytes)?;
        check_sum(bytes, entry.checksum)?;
        checked(entry)?.1
    } else {
        let past = read_past(bytes, digest)?;
        if canonical_json(&past.config).ok().as_deref() != Some(canonical) {
            return Err("holds the record of another run".to_owned());
        }
        past.result
    };
    match result.curve.answers(config) {
        true => Ok(result),
        false => Err(format!("does not have {} values in each curve", config.train.epochs)),
    }
}

/// The record named `digest`, of whatever configuration.
///
/// # Errors
/// With what is wrong with the file, as what follows its name in a sentence.
pub fn read_past(bytes: &[u8], digest: Digest) -> Result<PastRecord, String> {
    let entry: Entry<Value> = parse(bytes)?;
    match entry.format {
        SUMMED | RECORD_FORMAT => check_sum(bytes, entry.checksum)?,
        UNSUMMED if entry.checksum.is_none() => {}
        format => return Err(foreign(format)),
    }
    let of_config = Digest::of(&entry.config).map_err(|error| format!("is no record: {error}"))?;
    if entry.digest != of_config {
        return Err("has a digest that is not that of its configuration".to_owned());
    }
    if entry.digest != digest {
        return Err("holds the record of another run".to_owned());
    }
    let has_checksum = entry.checksum.is_some();
    let (config, result) = checked(entry)?;
    Ok(PastRecord { digest, config, result, has_checksum })
}

fn parse<'b, C: Deserialize<'b>, V: Deserialize<'b>>(
    bytes: &'b [u8],
) -> Result<Entry<C, V>, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| match serde_json::from_slice(bytes) {
        Ok(Format { format }) if !(UNSUMMED..=RECORD_FORMAT).contains(&format) => foreign(format),
        _ if error.is_eof() => "is truncated".to_owned(),
        _ => format!("is no record: {error}"),
    })
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn foreign(format: u32) -> String {
    format!("has format {format}; this version reads {UNSUMMED} to {RECORD_FORMAT}")
}

fn check_sum(bytes: &[u8], stated: Option<Digest>) -> Result<(), String> {
    let damaged = || Err("is damaged: its checksum is that of other content".to_owned());
    let Some(body) = bytes.len().checked_sub(TRAILER).map(|end| &bytes[..end]) else {
        return damaged();
    };
    // The trailer is compared as text, so that no byte of the file is left unchecked.
    let trailer = stated.map(|checksum| format!("{CHECKSUM}{checksum}{END}"));
    match trailer.is_some_and(|trailer| bytes.ends_with(trailer.as_bytes()))
        && stated == Some(Digest::of_bytes(body))
    {
        true => Ok(()),
        false => damaged(),
    }
}

fn checked<C>(entry: Entry<C>) -> Result<(C, RunResult), String> {
    let Entry { config, outcome, curve, accepted, provenance, .. } = entry;
    let epochs = curve.epochs();
    let is_full = |values: &Vec<f64>| values.len() == epochs;
    let required = [
        &curve.published_test_accuracy,
        &curve.corrected_test_accuracy,
        &curve.first_digit_accuracy,
        &curve.second_digit_accuracy,
        &curve.comparison_accuracy,
    ];
    let optional = [&curve.undropped_test_accuracy, &curve.validation_accuracy];
    let is_whole = curve.train_auxiliary_loss.len() == epochs
        && required.into_iter().all(is_full)
        && optional.into_iter().all(|values| values.is_empty() || is_full(values));
    if !is_whole {
        return Err("does not have one value for each epoch in each curve".to_owned());
    }
    if curve.accuracies().into_iter().flatten().any(|accuracy| !(0.0..=1.0).contains(accuracy)) {
        return Err("has an accuracy that is no fraction".to_owned());
    }
    Ok((config, RunResult { outcome, curve, accepted, provenance }))
}

impl PastRecord {
    /// The seed of the run, if its configuration has one.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.config.get("seed").and_then(Value::as_u64)
    }
}
