//! The files that a program sees.

use std::path::{Path, PathBuf};

use super::error::ProgramError;
use crate::digest::Digest;
use crate::fs;
use crate::run::ProgramConfig;

/// Larger inputs are linked and not copied.
const LARGEST_COPY: u64 = 16 << 20;

/// Fills the directory `work` with the inputs of a program. Returns those that are not copies.
///
/// # Errors
/// If an input cannot be read, or is not what the configuration says.
pub(super) fn stage(
    root: &Path,
    work: &Path,
    config: &ProgramConfig,
) -> Result<Vec<String>, ProgramError> {
    fs::create_directory(work).map_err(ProgramError::File)?;
    let mut linked = Vec::new();
    for (path, digest) in &config.program.inputs {
        let from = root.join(path);
        let bytes = fs::read(&from).map_err(ProgramError::File)?;
        if Digest::of_bytes(&bytes) != *digest {
            return Err(ProgramError::Changed(path.clone()));
        }
        if !config.program.isolate {
            linked.push(path.clone());
            continue;
        }
        let to: PathBuf = work.join(path);
        if let Some(folder) = to.parent() {
            fs::create_directory(folder).map_err(ProgramError::File)?;
        }
        // A link to another disk is not possible; then the file is copied too.
        if bytes.len() as u64 > LARGEST_COPY && fs::hard_link(&from, &to).is_ok() {
            linked.push(path.clone());
            continue;
        }
        fs::create_new(&to, &bytes).map_err(ProgramError::File)?;
        fs::copy_permissions(&from, &to).map_err(ProgramError::File)?;
    }
    Ok(linked)
}

/// Refuses a run whose inputs changed while it used them.
///
/// # Errors
/// If one has other bytes now.
pub(super) fn check(
    root: &Path,
    linked: &[String],
    config: &ProgramConfig,
) -> Result<(), ProgramError> {
    for path in linked {
        let bytes = fs::read(&root.join(path)).map_err(ProgramError::File)?;
        if Digest::of_bytes(&bytes) != config.program.inputs[path] {
            return Err(ProgramError::Changed(path.clone()));
        }
    }
    Ok(())
}
