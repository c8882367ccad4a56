//! Records between a project and a store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::audit::contradiction;
use super::{Error, Project, datasets};
use crate::cache::{Cache, Lookup, Stored, read_past};
use crate::digest::Digest;
use crate::document::{self, Reader, Violations};
use crate::fs::{self, FileError};
use crate::keys;
use crate::plan::Plan;
use crate::store::{Address, Kind, LARGEST, Store, StoreError};

/// The file with the address of the store of a project.
const SETTINGS: &str = "experiments/store.toml";

/// The store of a project: `given` on the command line, else that of `experiments/store.toml`, if there is one.
///
/// # Errors
/// If the file has mistakes, or the address is no address.
pub fn store_address(root: &Path, given: Option<&str>) -> Result<Option<Address>, Error> {
    if let Some(text) = given {
        let address = Address::parse(text, |path| datasets::path(Path::new(""), path));
        return address.map(Some).map_err(|why| Error::Request {
            message: format!("the address of `--store` {why}"),
            hint: "docs/sharing.md shows addresses".to_owned(),
        });
    }
    let Some(bytes) = fs::read_if_there(&root.join(SETTINGS)).map_err(Error::Input)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes);
    // The line may have credentials, so it is not shown.
    let invalid = |violations| Error::invalid(violations, SETTINGS, "");
    let settings = document::parse(SETTINGS, &text).map_err(invalid)?;
    let violations = Violations::default();
    let address_of = |text: &str| Address::parse(text, |path| datasets::path(root, path));
    let address = Reader::new(&settings, "", &keys::STORE, &violations).and_then(|reader| {
        let text = reader.required::<String>("url");
        if let Some(Err(why)) = text.as_ref().map(|text| address_of(text)) {
            reader.refuse("url", why);
        }
        address_of(&text?).ok()
    });
    match address {
        Some(address) if violations.is_empty() => Ok(Some(address)),
        _ => Err(invalid(violations.into_sorted())),
    }
}

/// What came from a store.
#[derive(Debug, Default)]
pub struct Pulled {
    /// Number of records that came.
    pub new: usize,
    /// Records that are not sound. They are in quarantine, at this path, for this reason.
    pub damaged: Vec<(PathBuf, String)>,
    /// Records here that another command has written meanwhile, with another result than in the store. They stay.
    pub different: Vec<PathBuf>,
    /// Number of records that are not taken, because an artefact of theirs did not come.
    pub lacking: usize,
    /// Why the rest did not come.
    pub failure: Option<StoreError>,
}

impl Pulled {
    /// Writes a sound record.
    fn take(&mut self, cache: &Cache, digest: Digest, bytes: &[u8]) -> Result<(), Stop> {
        match take(cache, digest, bytes).map_err(Error::File)? {
            Stored::New => self.new += 1,
            Stored::Same => {}
            Stored::Different | Stored::Damaged(_) => self.different.push(cache.path(digest)),
        }
        Ok(())
    }
}

/// Takes the records of `digests` from a store, if it has them. Checks each one.
///
/// # Errors
/// If a record cannot be written here.
pub fn pull(project: &Project, store: &Store, digests: &[Digest]) -> Result<Pulled, Error> {
    let cache = Cache::new(&project.root);
    let mut pulled = Pulled::default();
    // Records whose artefacts come after them.
    let mut waiting: Vec<(Digest, Vec<u8>, Vec<Digest>)> = Vec::new();
    let fetched = store.fetch(Kind::Record, digests, |digest, bytes| {
        // An accepted result is a decision for one project.
        let damage = match read_past(&bytes, digest) {
            Ok(past) if past.result.accepted.is_some() => {
                Some("was accepted by hand, so it is not shared".to_owned())
            }
            Ok(past) => {
                let artifacts: Vec<_> = past.result.artifacts.values().copied().collect();
                let damage = contradiction(past);
                if damage.is_none() && !artifacts.is_empty() {
                    waiting.push((digest, bytes, artifacts));
                    return Ok(());
                }
                damage
            }
            Err(damage) => Some(damage),
        };
        match damage {
            None => pulled.take(&cache, digest, &bytes),
            Some(damage) => {
                let path = cache.quarantine_bytes(digest, &bytes).map_err(Error::File)?;
                pulled.damaged.push((path, damage));
                Ok(())
            }
        }
    });
    let is_here = |artifact: &Digest| fs::is_file(&cache.artifact(*artifact));
    let artifacts = waiting.iter().flat_map(|(_, _, artifacts)| artifacts.iter().copied());
    let artifacts: BTreeSet<_> = artifacts.filter(|artifact| !is_here(artifact)).collect();
    let artifacts: Vec<_> = artifacts.into_iter().collect();
    let of_artifacts = store.fetch(Kind::Artifact, &artifacts, |digest, bytes| {
        if Digest::of_bytes(&bytes) == digest {
            let written = fs::publish(&cache.artifact(digest), &bytes);
            written.map_err(|error| Stop::Here(Error::File(error)))?;
        }
        Ok(())
    });
    // A record without its artefacts would never get them.
    for (digest, bytes, artifacts) in waiting {
        match artifacts.iter().all(is_here) {
            true => pulled.take(&cache, digest, &bytes).map_err(Stop::into_error)?,
            false => pulled.lacking += 1,
        }
    }
    let fetched = fetched.and(of_artifacts);
    match fetched {
        Ok(()) => {}
        Err(Stop::Store(failure)) => pulled.failure = Some(failure),
        Err(Stop::Here(error)) => return Err(error),
    }
    Ok(pulled)
}

/// Writes a sound record from a store. A damaged one in its place goes to the quarantine.
fn take(cache: &Cache, digest: Digest, bytes: &[u8]) -> Result<Stored, FileError> {
    let mut stored = cache.publish(digest, bytes)?;
    if let Stored::Damaged(_) = stored {
        cache.quarantine(digest)?;
        stored = cache.publish(digest, bytes)?;
    }
    cache.forget_failure(digest)?;
    Ok(stored)
}

/// Why records are not fetched any more.
enum Stop {
    Store(StoreError),
    Here(Error),
}

impl Stop {
    fn into_error(self) -> Error {
        match self {
            Self::Store(error) => Error::Store(error),
            Self::Here(error) => error,
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Here(error)
    }
}

/// The runs of a plan whose records can be shared: they exist, and were not accepted by hand.
#[must_use]
pub fn sharable(plan: &Plan) -> BTreeSet<Digest> {
    let fresh = plan.states.iter().filter_map(|(digest, state)| Some((*digest, state.fresh()?)));
    fresh.filter(|(_, fresh)| !fresh.accepted).map(|(digest, _)| digest).collect()
}

/// Copies the sound records of `digests` into a store. Calls `each` for every record that the store has then: with
/// true if it is new there. Returns the number of artefacts that are too large to share.
///
/// # Errors
/// If the store does not answer, or refuses to.
pub fn push(
    project: &Project,
    store: &Store,
    digests: impl Iterator<Item = Digest>,
    each: impl FnMut(Digest, bool),
) -> Result<usize, StoreError> {
    let cache = Cache::new(&project.root);
    let digests: Vec<_> = digests.collect();
    let mut left_out = 0;
    if project.leaves_artifacts() {
        let records = digests.iter().filter_map(|digest| cache.past(*digest).ok()?.hit());
        let artifacts: BTreeSet<_> =
            records.flat_map(|past| past.result.artifacts.into_values()).collect();
        let is_too_large = |digest: &&Digest| fs::size(&cache.artifact(**digest)) > LARGEST;
        left_out = artifacts.iter().filter(is_too_large).count();
        let files = artifacts.into_iter().filter_map(|digest| {
            let file = cache.artifact(digest);
            // A larger file could not be fetched again.
            let bytes = (fs::size(&file) <= LARGEST).then(|| fs::read(&file).ok())??;
            (Digest::of_bytes(&bytes) == digest).then_some((digest, bytes))
        });
        // They come first: a record in the store then has its files.
        store.put(Kind::Artifact, files, |_, _| ())?;
    }
    let sound = digests.into_iter().filter_map(|digest| match cache.past_bytes(digest) {
        Ok(Lookup::Hit((bytes, past))) => {
            let has_artifacts =
                past.result.artifacts.values().all(|one| fs::is_file(&cache.artifact(*one)));
            let is_accepted = past.result.accepted.is_some();
            let is_sharable = has_artifacts && !is_accepted && contradiction(past).is_none();
            is_sharable.then_some((digest, bytes))
        }
        _ => None,
    });
    store.put(Kind::Record, sound, each).map(|()| left_out)
}
