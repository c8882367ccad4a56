//! The text of a record file: one JSON object on one line, with a checksum. Pure.
//!
//! ```text
//! {"format":4,"digest":"…","config":{…},"outcome":…,"curves":…,"confusion":…,"artifacts":…,"provenance":…,"checksum":"…"}
//! ```
//!
//! `digest` is the SHA-256 of `config`, which is canonical JSON. `checksum` is the SHA-256 of the
//! text before `,"checksum"`. So a reader detects any change of the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::parts::{self, Parts};
use crate::digest::{CanonicalError, Digest, canonical_json};
use crate::plan::Fresh;
use crate::run::{
    Acceptance, Curves, Outcome, RECORD_FORMAT, RecordExtract, RunConfig, RunProvenance, RunRecord,
    RunResult, Source, Wanted,
};
use crate::task;

/// Length of `,"checksum":"<64 digits>"}` and the end of the line.
const TRAILER: usize = CHECKSUM.len() + 64 + END.len();
const CHECKSUM: &str = r#","checksum":""#;
const END: &str = "\"}\n";

/// A record file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    format: u32,
    digest: Digest,
    config: Value,
    outcome: Outcome,
    curves: Curves,
    #[serde(default)]
    confusion: Option<Vec<Vec<u64>>>,
    #[serde(default)]
    artifacts: BTreeMap<String, Digest>,
    #[serde(default)]
    accepted: Option<Acceptance>,
    provenance: RunProvenance,
    /// [`sound_body`] checks it.
    #[serde(rename = "checksum")]
    _checksum: Digest,
}

/// A record of any configuration, including configurations that this version cannot run.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRecord {
    /// Digest of `config`.
    pub digest: Digest,
    /// The configuration of the run.
    pub config: Value,
    /// Its seed.
    pub seed: u64,
    /// What happened.
    pub result: RunResult,
}

/// The file of the record of a run.
///
/// # Errors
/// If its configuration has no canonical form.
pub(super) fn write(record: &RunRecord) -> Result<Vec<u8>, CanonicalError> {
    let RunRecord { digest, config, result } = record;
    let head = head(*digest, &canonical_json(&**config)?);
    let parts = parts::write(result).map_err(CanonicalError::Unserializable)?;
    let body = [head, parts].concat();
    let checksum = Digest::of_bytes(body.as_bytes());
    Ok(format!("{body}{CHECKSUM}{checksum}{END}").into_bytes())
}

/// The first bytes of the record of a run.
fn head(digest: Digest, canonical: &str) -> String {
    let [format, digest] = [RECORD_FORMAT.to_string(), digest.to_string()];
    // Joined at once: `format!` grows its text several times.
    ["{\"format\":", &format, ",\"digest\":\"", &digest, "\",\"config\":", canonical, ","].concat()
}

/// The state of the run with this canonical JSON. The checksum covers the curves, so they are not
/// read.
///
/// # Errors
/// As [`read`].
pub(super) fn read_state(bytes: &[u8], digest: Digest, canonical: &str) -> Result<Fresh, String> {
    #[derive(Deserialize)]
    struct Times {
        started_at: u64,
        seconds: f64,
    }
    let found = own(bytes, digest, canonical)?;
    let Times { started_at, seconds } = parts::read(found.provenance)?;
    Ok(Fresh { accepted: found.accepted.is_some(), started_at, seconds })
}

/// The extract of the record of the run with this configuration and canonical JSON. Only the `wanted`
/// curves and answers are read.
///
/// # Errors
/// As [`read`].
pub(super) fn read_extract(
    bytes: &[u8],
    digest: Digest,
    canonical: &str,
    config: &Arc<RunConfig>,
    wanted: &Wanted,
) -> Result<RecordExtract, String> {
    let found = own(bytes, digest, canonical)?;
    let outcome = parts::read(found.outcome)?;
    let curves = parts::read_curves(found.curves, &wanted.curves, config.folds())?;
    for curve in wanted.curves.iter().filter(|curve| task::records(curve, config)) {
        for values in curves.folds(curve) {
            task::check_curve(curve, values, config, outcome)?;
        }
    }
    let provenance: RunProvenance = parts::read(found.provenance)?;
    Ok(RecordExtract {
        config: Arc::clone(config),
        outcome,
        curves,
        confusion: found.confusion.filter(|_| wanted.has_confusion).map(parts::read).transpose()?,
        accepted: found.accepted.map(parts::read).transpose()?,
        content: Digest::of_bytes(found.content.as_bytes()),
        started_at: provenance.started_at,
        seconds: provenance.seconds,
        source: Arc::new(Source::of(provenance)),
    })
}

/// The result of the run with this configuration and canonical JSON.
///
/// # Errors
/// With what is wrong with the file, as a phrase that follows its name.
pub(super) fn read(
    bytes: &[u8],
    digest: Digest,
    canonical: &str,
    config: &RunConfig,
) -> Result<RunResult, String> {
    let found = own(bytes, digest, canonical)?;
    let result = RunResult {
        outcome: parts::read(found.outcome)?,
        curves: parts::read(found.curves)?,
        confusion: found.confusion.map(parts::read).transpose()?,
        artifacts: found.artifacts.map(parts::read).transpose()?.unwrap_or_default(),
        accepted: found.accepted.map(parts::read).transpose()?,
        provenance: parts::read(found.provenance)?,
    };
    task::check(&result, config)?;
    Ok(result)
}

/// The record named `digest`, of any configuration.
///
/// # Errors
/// With what is wrong with the file, as a phrase that follows its name.
pub fn read_past(bytes: &[u8], digest: Digest) -> Result<PastRecord, String> {
    let entry: Entry = parse(bytes)?;
    if entry.format != RECORD_FORMAT {
        return Err(foreign(entry.format));
    }
    if sound_body(bytes).is_none() {
        return Err("is damaged: its checksum is that of other content".to_owned());
    }
    let canonical = canonical_json(&entry.config).map_err(|e| format!("is not a record: {e}"))?;
    if entry.digest != Digest::of_bytes(canonical.as_bytes()) {
        return Err("has a digest that is not that of its configuration".to_owned());
    }
    if entry.digest != digest {
        return Err("contains the record of another run".to_owned());
    }
    if !bytes.starts_with(head(digest, &canonical).as_bytes()) {
        return Err("is not a record: its configuration is not in canonical form".to_owned());
    }
    let Some(seed) = entry.config.get("seed").and_then(Value::as_u64) else {
        return Err("is not a record: its configuration has no seed".to_owned());
    };
    let Entry { config, outcome, curves, confusion, artifacts, accepted, provenance, .. } = entry;
    let result = RunResult { outcome, curves, confusion, artifacts, accepted, provenance };
    Ok(PastRecord { digest, config, seed, result })
}

/// Whether two records of the run `digest` have the same outcome and curves, bit by bit. Records that a user
/// accepted count as equal to any other: they are results of another configuration.
///
/// # Errors
/// With what is wrong with the file `present`, as a phrase that follows its name.
pub(super) fn is_same_result(present: &[u8], own: &[u8], digest: Digest) -> Result<bool, String> {
    let [present, own] = [read_past(present, digest)?.result, read_past(own, digest)?.result];
    let is_accepted = present.accepted.is_some() || own.accepted.is_some();
    Ok(is_accepted || present.content() == own.content())
}

/// The parts of the record of the run with this canonical JSON. The record must begin with this
/// JSON and have the right checksum. Then the other parts are as [`write()`] writes them.
fn own<'b>(bytes: &'b [u8], digest: Digest, canonical: &str) -> Result<Parts<'b>, String> {
    let parts = || {
        let rest = sound_body(bytes)?.strip_prefix(head(digest, canonical).as_bytes())?;
        Parts::of(std::str::from_utf8(rest).ok()?)
    };
    parts().ok_or_else(|| {
        let damage = read_past(bytes, digest).err();
        damage.unwrap_or_else(|| "contains the record of another run".to_owned())
    })
}

fn parse<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| match serde_json::from_slice(bytes) {
        Ok(Format { format }) if format != RECORD_FORMAT => foreign(format),
        _ if error.is_eof() => "is truncated".to_owned(),
        _ => format!("is not a record: {error}"),
    })
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

fn foreign(format: u32) -> String {
    format!("has format {format}; this version reads format {RECORD_FORMAT}")
}

/// The text before the checksum, if the checksum is right. It is compared as text, so that every byte
/// of the file is checked.
fn sound_body(bytes: &[u8]) -> Option<&[u8]> {
    let (body, trailer) = bytes.split_at(bytes.len().checked_sub(TRAILER)?);
    let checksum = Digest::of_bytes(body).to_string();
    (*trailer == *[CHECKSUM, &checksum, END].concat().as_bytes()).then_some(body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::run::{Origin, samples};
    use crate::task::{curves::VALIDATION_ACCURACY, has, pair_curves as pairs};

    fn record() -> RunRecord {
        let config = samples::config();
        let mut curves = Curves::default();
        for curve in pairs::CURVES.into_iter().filter(|curve| has(curve, &config)) {
            curves.set(curve, vec![1.0 / 3.0, 0.1 + 0.2]);
        }
        let origin = Origin { machine: None, revision: None, lockfile: None };
        let provenance = RunProvenance {
            version: "1".to_owned(),
            platform: "a \"platform\"".to_owned(),
            started_at: 5,
            seconds: 0.5,
            origin,
            condition: BTreeMap::from([("experiment".to_owned(), "deep".to_owned())]),
        };
        let result = RunResult {
            outcome: Outcome::Completed,
            curves,
            confusion: None,
            artifacts: BTreeMap::new(),
            accepted: None,
            provenance,
        };
        let config = RunConfig::Network(config);
        RunRecord { digest: Digest::of(&config).unwrap(), config: Arc::new(config), result }
    }

    /// The file of a record whose result is changed, with a right checksum.
    fn changed(change: impl FnOnce(&mut RunResult)) -> (RunRecord, Vec<u8>) {
        let mut record = record();
        change(&mut record.result);
        let bytes = write(&record).unwrap();
        (record, bytes)
    }

    fn read_back(record: &RunRecord, bytes: &[u8]) -> Result<RunResult, String> {
        let canonical = canonical_json(&*record.config).unwrap();
        read(bytes, record.digest, &canonical, &record.config)
    }

    #[test]
    fn a_record_reads_back_as_what_was_written_to_the_last_bit() {
        let (record, bytes) = changed(|_| {});
        assert_eq!(read_back(&record, &bytes).unwrap(), record.result);
        let past = read_past(&bytes, record.digest).unwrap();
        assert_eq!((past.result, past.seed), (record.result.clone(), 7));
        let canonical = canonical_json(&*record.config).unwrap();
        let state = read_state(&bytes, record.digest, &canonical).unwrap();
        assert_eq!(state, Fresh { accepted: false, started_at: 5, seconds: 0.5 });
        let wanted = Wanted { curves: vec![&pairs::DIGIT_ACCURACY], has_confusion: true };
        let extract =
            read_extract(&bytes, record.digest, &canonical, &record.config, &wanted).unwrap();
        assert_eq!(extract, RecordExtract::of(record, &wanted));
    }

    #[test]
    fn curves_that_the_run_cannot_have_are_damage() {
        let set = |curve: &'static crate::run::Curve, values: &[f64]| {
            let (record, bytes) = changed(|result| result.curves.set(curve, values.to_vec()));
            read_back(&record, &bytes).unwrap_err()
        };
        let too_short = set(&pairs::DIGIT_ACCURACY, &[0.5]);
        assert_eq!(too_short, "has 1 values in `digit_accuracy`, where its run has 2");
        let no_fraction = set(&pairs::DIGIT_ACCURACY, &[0.5, 1.5]);
        assert_eq!(no_fraction, "has a value in `digit_accuracy` that is not a fraction");
        let unasked = set(&VALIDATION_ACCURACY, &[0.5, 0.5]);
        assert_eq!(unasked, "has 2 values in `validation_accuracy`, where its run has 0");
    }

    #[test]
    fn the_losses_of_a_diverged_run_end_before_the_epoch_of_the_divergence() {
        let diverged = |losses: &[f64]| {
            let (record, bytes) = changed(|result| {
                result.outcome = Outcome::Diverged { epoch: 1, step: 0 };
                result.curves.set(&pairs::TRAIN_MAIN_LOSS, losses.to_vec());
                result.curves.set(&pairs::TRAIN_AUXILIARY_LOSS, losses.to_vec());
            });
            read_back(&record, &bytes)
        };
        assert!(diverged(&[0.5]).is_ok());
        assert!(diverged(&[0.5, 0.5]).is_err());
    }

    #[test]
    fn another_format_another_run_and_another_spelling_of_the_configuration_are_told() {
        let (record, bytes) = changed(|_| {});
        let text = String::from_utf8(bytes.clone()).unwrap();
        let foreign = text.replacen("\"format\":4", "\"format\":3", 1);
        let damage = read_back(&record, foreign.as_bytes()).unwrap_err();
        assert_eq!(damage, "has format 3; this version reads format 4");
        let other = Digest::of_bytes(b"another run");
        assert_eq!(read_past(&bytes, other).unwrap_err(), "contains the record of another run");
        // The same content with a right checksum, but a space in the configuration.
        let spaced = text.replacen("\"seed\":7", "\"seed\": 7", 1);
        let (body, _) = spaced.split_once(CHECKSUM).unwrap();
        let spaced = format!("{body}{CHECKSUM}{}{END}", Digest::of_bytes(body.as_bytes()));
        let damage = read_back(&record, spaced.as_bytes()).unwrap_err();
        assert!(damage.contains("canonical form"), "{damage}");
        assert!(read_past(spaced.as_bytes(), record.digest).is_err());
    }
}
