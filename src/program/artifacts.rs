//! The files that a program leaves beside its numbers.

use std::collections::BTreeMap;
use std::path::Path;

use super::digests::Digests;
use super::error::ProgramError;
use crate::digest::Digest;
use crate::format::chain;
use crate::fs;

/// The most names of files that a warning lists.
const MOST_NAMES: usize = 3;

/// The digests of the `declared` files in `folder`. If there is a folder to keep them in, copies each there, under its
/// digest as the name. Also returns a warning about files that are not declared.
///
/// # Errors
/// If a declared file is missing or no file, or cannot be copied.
pub(super) fn take(
    folder: &Path,
    declared: &[String],
    kept: Option<&Path>,
) -> Result<(BTreeMap<String, Digest>, Option<String>), ProgramError> {
    let refused = |name: &str, what: &str| {
        Err(ProgramError::Result(format!(
            "its artefact `{name}` {what}; it must write a file into the directory that `REPORT_ARTIFACTS` names"
        )))
    };
    let mut taken = BTreeMap::new();
    for name in declared {
        // A link could lead to the user's own files.
        let parts = Path::new(name).ancestors().filter(|part| !part.as_os_str().is_empty());
        let mut parts = parts.map(|part| folder.join(part)).chain([folder.to_owned()]);
        if parts.any(|part| fs::is_link(&part)) {
            return refused(name, "is a link, or in one");
        }
        let path = folder.join(name);
        if !fs::is_plain_file(&path) {
            return refused(name, if fs::is_there(&path) { "is no file" } else { "is not there" });
        }
        let digest = Digests::default().of(&path);
        let digest = digest.map_err(|error| ProgramError::Result(chain(&error)))?;
        if let Some(kept) = kept {
            // A copy: the file may have another name elsewhere, through which it changes later.
            fs::copy_content(&path, &kept.join(digest.to_string())).map_err(ProgramError::File)?;
        }
        taken.insert(name.clone(), digest);
    }
    let others = fs::files_below(folder).map_err(ProgramError::File)?;
    let names = others.iter().filter(|name| !taken.contains_key(*name)).take(MOST_NAMES + 1);
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let warning = (!names.is_empty()).then(|| {
        let shown = names[..names.len().min(MOST_NAMES)].join(", ");
        let more = if names.len() > MOST_NAMES { " and more" } else { "" };
        format!(
            "it left files that `artifacts` does not declare, and that are not kept: {shown}{more}"
        )
    });
    Ok((taken, warning))
}
