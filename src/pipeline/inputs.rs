//! The inputs of programs that are kept: to say how many lines changed, and for workers on other machines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use similar::{DiffTag, TextDiff};

use super::{Error, Project};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::experiment::Run;
use crate::fs::{self, FileError};
use crate::plan::{Difference, Plan, State};
use crate::program::LARGEST_COPY;
use crate::run::RunConfig;

/// The largest text that is kept only to count its lines later, in bytes.
const LARGEST_TEXT: u64 = 256 << 10;

/// The most lines of a text whose changes are counted.
const MOST_LINES: usize = 10_000;

/// Which inputs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptInputs {
    /// Short texts, to say later how many of their lines changed.
    Texts,
    /// All: workers find them, whatever becomes of the project.
    All,
}

/// Keeps the inputs of these runs.
///
/// # Errors
/// If an input cannot be read, is not what it was when the runs were planned, or cannot be written.
pub(super) fn keep<'r>(
    project: &Project,
    runs: impl IntoIterator<Item = &'r Run>,
    kept: KeptInputs,
) -> Result<(), Error> {
    let folder = Cache::new(&project.root).inputs();
    let mut inputs = BTreeSet::new();
    for run in runs {
        if let RunConfig::Program(config) = &*run.config {
            inputs.extend(config.program.inputs.iter());
        }
    }
    for (path, digest) in inputs {
        let (from, to) = (project.root.join(path), folder.join(digest.to_string()));
        match kept {
            KeptInputs::Texts => {
                // Without it, a later message only says less.
                let _ = keep_text(&from, &to, *digest);
            }
            KeptInputs::All => keep_one(project, path, &from, &to, *digest)?,
        }
    }
    Ok(())
}

/// Keeps an input of any size, unless it is there already with its content.
fn keep_one(
    project: &Project,
    path: &str,
    from: &Path,
    to: &Path,
    digest: Digest,
) -> Result<(), Error> {
    let is_kept = || Ok(fs::is_file(to) && project.digests.of(to).map_err(Error::File)? == digest);
    if is_kept()? {
        return Ok(());
    }
    // A large one is a second name of a file that may have been edited.
    fs::remove(to).map_err(Error::File)?;
    let copied = match fs::size(from) <= LARGEST_COPY {
        // An edit would change what is linked.
        true => fs::copy(from, to),
        false => fs::link_or_copy(&fs::physical(from), to),
    };
    copied.map_err(Error::Input)?;
    match is_kept()? {
        true => Ok(()),
        false => Err(Error::Request {
            message: format!("the input `{path}` changed since this command began"),
            hint: "run the same command again".to_owned(),
        }),
    }
}

fn keep_text(from: &Path, to: &Path, digest: Digest) -> Result<(), FileError> {
    if fs::size(from) > LARGEST_TEXT || fs::is_file(to) {
        return Ok(());
    }
    let bytes = fs::read(from)?;
    match std::str::from_utf8(&bytes).is_ok() && Digest::of_bytes(&bytes) == digest {
        true => fs::write_atomic(to, &bytes),
        false => Ok(()),
    }
}

/// Adds to the differences of each run how many lines of an input changed, where both texts are known.
pub(super) fn count_lines(project: &Project, plan: &mut Plan) {
    let mut known = KnownLines::new();
    for state in plan.states.values_mut() {
        let State::Absent(absent) = state else { continue };
        if let Some(compared) = &mut absent.compared {
            count_changed_lines(project, &mut compared.differences, &mut known);
        }
    }
}

/// How many lines changed between two texts, by their digests.
pub type KnownLines = BTreeMap<(String, String), Option<usize>>;

/// Adds to these differences how many lines of an input changed, where both texts are known.
pub fn count_changed_lines(
    project: &Project,
    differences: &mut [Difference],
    known: &mut KnownLines,
) {
    let folder = Cache::new(&project.root).inputs();
    for difference in differences {
        let Difference { old, new, .. } = &*difference;
        let (Some(path), Some(old), Some(new)) = (difference.input(), old, new) else { continue };
        let both = (old.clone(), new.clone());
        difference.lines = *known.entry(both).or_insert_with(|| {
            let read = |path: &Path| {
                (fs::size(path) <= LARGEST_TEXT).then(|| fs::read_to_string(path).ok())?
            };
            // The names come from a record, which anybody may have written.
            let kept = |digest: &String| {
                Some(folder.join(Digest::try_from(digest.clone()).ok()?.to_string()))
            };
            let old = read(&kept(old)?)?;
            let new = read(&kept(new)?).or_else(|| read(&project.root.join(path)))?;
            let is_short = |text: &str| text.lines().count() <= MOST_LINES;
            (is_short(&old) && is_short(&new)).then(|| changed_lines(&old, &new))
        });
    }
}

/// How many lines of a text changed: in each place, those that went or those that came, whichever are more.
fn changed_lines(old: &str, new: &str) -> usize {
    let diff = TextDiff::from_lines(old, new);
    let changes = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    changes.map(|op| op.old_range().len().max(op.new_range().len())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_line_counts_once() {
        let old = "a\nb\nc\nd\n";
        assert_eq!(changed_lines(old, old), 0);
        assert_eq!(changed_lines(old, "a\nB\nc\nd\ne\nf\n"), 3);
        assert_eq!(changed_lines(old, "a\nd\n"), 2);
        assert_eq!(changed_lines("", "a\n"), 1);
    }
}
