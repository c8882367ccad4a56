//! Prepares the directory of a run: the inputs of its program, and nothing else.

use std::path::{Path, PathBuf};

use super::digests::Digests;
use super::error::ProgramError;
use super::place::Place;
use crate::digest::Digest;
use crate::fs::{self, Stamp};
use crate::run::ProgramConfig;

/// The largest input that is copied. Larger ones are linked: a copy would cost time and space.
pub const LARGEST_COPY: u64 = 16 << 20;

/// An input that the program could change, because it is no copy.
pub(super) struct Shared {
    path: String,
    file: PathBuf,
    /// What it was when the program began.
    stamp: Stamp,
}

/// Fills the directory `work` with the inputs of a program. Returns those that are no copies.
///
/// # Errors
/// If an input cannot be read, or is not what the configuration says.
pub(super) fn stage(
    place: &Place<'_>,
    work: &Path,
    config: &ProgramConfig,
) -> Result<Vec<Shared>, ProgramError> {
    fs::create_directory(work).map_err(ProgramError::File)?;
    let mut shared = Vec::new();
    for (path, digest) in &config.program.inputs {
        let is_isolated = config.program.isolate;
        let from = match is_isolated {
            true => place.inputs.place(place.root, path, *digest),
            false => place.root.join(path),
        };
        let to = work.join(path);
        // A change from here on is seen in the end.
        let stamp = fs::stamp(&from).map_err(ProgramError::File)?;
        let is_large = stamp.size > LARGEST_COPY;
        if (!is_isolated || is_large)
            && place.digests.of(&from).map_err(ProgramError::File)? != *digest
        {
            return Err(ProgramError::Changed(path.clone()));
        }
        if !is_isolated {
            shared.push(Shared { path: path.clone(), file: from, stamp });
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_directory(folder).map_err(ProgramError::File)?;
        }
        // A link to another disk is not possible; then the file is copied too.
        if is_large && fs::hard_link(&fs::physical(&from), &to).is_ok() {
            shared.push(Shared { path: path.clone(), file: from, stamp });
            continue;
        }
        if is_large {
            fs::copy(&from, &to).map_err(ProgramError::File)?;
            if Digests::default().of(&to).map_err(ProgramError::File)? != *digest {
                return Err(ProgramError::Changed(path.clone()));
            }
            continue;
        }
        let bytes = fs::read(&from).map_err(ProgramError::File)?;
        if Digest::of_bytes(&bytes) != *digest {
            return Err(ProgramError::Changed(path.clone()));
        }
        fs::create_new(&to, &bytes).map_err(ProgramError::File)?;
        fs::copy_permissions(&from, &to).map_err(ProgramError::File)?;
    }
    Ok(shared)
}

/// Refuses a run whose inputs changed while it used them, also if they have their old content again.
///
/// # Errors
/// If one has changed.
pub(super) fn check(shared: &[Shared]) -> Result<(), ProgramError> {
    for Shared { path, file, stamp } in shared {
        if fs::stamp(file).map_err(ProgramError::File)? != *stamp {
            return Err(ProgramError::ChangedMeanwhile(path.clone()));
        }
    }
    Ok(())
}
