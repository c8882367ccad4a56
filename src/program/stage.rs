//! Prepares the directory of a run: the inputs of its program, and nothing else.

use std::path::{Path, PathBuf};

use super::error::ProgramError;
use super::place::Place;
use crate::digest::Digest;
use crate::fs;
use crate::run::ProgramConfig;

/// The largest input that is copied. Larger ones are linked: a copy would cost time and space.
pub(super) const LARGEST_COPY: u64 = 16 << 20;

/// Fills the directory `work` with the inputs of a program. Returns the places of those that the program could change:
/// those that are not copies.
///
/// # Errors
/// If an input cannot be read, or is not what the configuration says.
pub(super) fn stage(
    place: &Place<'_>,
    work: &Path,
    config: &ProgramConfig,
) -> Result<Vec<(String, PathBuf)>, ProgramError> {
    fs::create_directory(work).map_err(ProgramError::File)?;
    let mut shared = Vec::new();
    for (path, digest) in &config.program.inputs {
        let is_isolated = config.program.isolate;
        let from = match is_isolated {
            true => place.inputs.place(place.root, path, *digest),
            false => place.root.join(path),
        };
        let to = work.join(path);
        let is_large = fs::stamp(&from).map_err(ProgramError::File)?.size > LARGEST_COPY;
        if !is_isolated || is_large {
            check_one(place, path, &from, *digest)?;
        }
        if !is_isolated {
            shared.push((path.clone(), from));
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_directory(folder).map_err(ProgramError::File)?;
        }
        // A link to another disk is not possible; then the file is copied too.
        if is_large && fs::hard_link(&fs::physical(&from), &to).is_ok() {
            shared.push((path.clone(), from));
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

/// Refuses a run whose inputs changed while it used them.
///
/// # Errors
/// If one has other bytes now.
pub(super) fn check(
    place: &Place<'_>,
    shared: &[(String, PathBuf)],
    config: &ProgramConfig,
) -> Result<(), ProgramError> {
    let check = |(path, from): &(String, PathBuf)| {
        check_one(place, path, from, config.program.inputs[path])
    };
    shared.iter().try_for_each(check)
}

fn check_one(
    place: &Place<'_>,
    path: &str,
    from: &Path,
    digest: Digest,
) -> Result<(), ProgramError> {
    match place.digests.of(from).map_err(ProgramError::File)? == digest {
        true => Ok(()),
        false => Err(ProgramError::Changed(path.to_owned())),
    }
}
