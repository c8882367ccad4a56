//! Reads `experiments/slurm.toml`.

use std::path::Path;

use crate::document::{self, suggestion};
use crate::fs;
use crate::pipeline::Error;
use crate::slurm::{self, Profile};

/// The settings of a cluster: the profile with this name in `experiments/slurm.toml`. Without a name, the profile
/// `default`, or the only one. Without the file, Slurm's own defaults.
///
/// # Errors
/// If the file has mistakes, or no such profile.
pub fn profile(root: &Path, name: Option<&str>) -> Result<Profile, Error> {
    let path = root.join("experiments").join("slurm.toml");
    let profiles = match fs::is_file(&path) {
        true => {
            let text = fs::read_to_string(&path).map_err(Error::Input)?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
            let invalid = |violations| Error::invalid(violations, &name, &text);
            let root = document::parse(&name, &text).map_err(invalid)?;
            slurm::read(&root).map_err(invalid)?
        }
        false => Vec::new(),
    };
    let names: Vec<_> = profiles.iter().map(|(name, _)| name.as_str()).collect();
    let wanted = name.unwrap_or(slurm::DEFAULT);
    let found = names.iter().position(|name| *name == wanted);
    match (found, name, names.len()) {
        (Some(index), _, _) => Ok(profiles[index].1.clone()),
        (None, None, 0) => Ok(Profile::default()),
        (None, None, 1) => Ok(profiles[0].1.clone()),
        (None, None, _) => Err(Error::Request {
            message: format!("`{}` has several profiles and no `{wanted}`", path.display()),
            hint: format!("choose one with `--profile`: {}", names.join(", ")),
        }),
        (None, Some(_), _) => Err(Error::Request {
            message: format!("`{}` has no profile `{wanted}`", path.display()),
            hint: suggestion(wanted, &names),
        }),
    }
}
