//! The list of all files of a bundle, with their digests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::path::BundlePath;
use crate::digest::Digest;

/// The files of a bundle and their digests, in order of the paths.
///
/// Its text has the format of `sha256sum`, so that `sha256sum --check` compares unpacked files with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(BTreeMap<BundlePath, Digest>);

impl Manifest {
    /// Its file in a bundle.
    pub(super) const FILE: &str = "manifest-sha256.txt";

    /// The manifest of these files.
    ///
    /// # Errors
    /// If two files cannot be in the same directory on every system, or a file has the name of the manifest. The text
    /// says which.
    pub fn new(files: impl IntoIterator<Item = (BundlePath, Digest)>) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        let mut lowercase = BTreeSet::new();
        for (path, digest) in files {
            let is_new = lowercase.insert(folded(path.as_str()));
            if !is_new || path.as_str().eq_ignore_ascii_case(Self::FILE) {
                return Err(format!(
                    "the name `{path}` appears twice, perhaps with other upper and lower case"
                ));
            }
            all.insert(path, digest);
        }
        let is_file = |folder: &str| lowercase.contains(&folded(folder));
        match all.keys().find(|path| path.folders().any(is_file)) {
            Some(path) => Err(format!("a folder of `{path}` is also a file")),
            None => Ok(Self(all)),
        }
    }

    /// The files, in order of the paths.
    pub fn files(&self) -> impl Iterator<Item = (&BundlePath, Digest)> {
        self.0.iter().map(|(path, digest)| (path, *digest))
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (path, digest) in &self.0 {
            writeln!(text, "{digest}  {path}").expect("a text grows");
        }
        text
    }

    pub(super) fn read(text: &str) -> Result<Self, String> {
        let line = |line: &str| {
            let (digest, path) = line
                .split_once("  ")
                .ok_or_else(|| format!("the line `{line}` is not a digest and a path"))?;
            let digest = Digest::try_from(digest.to_owned())?;
            let path = BundlePath::new(path).map_err(|why| format!("the path `{path}` {why}"))?;
            Ok((path, digest))
        };
        Self::new(text.lines().map(line).collect::<Result<Vec<_>, String>>()?)
    }
}

/// A path without the difference between upper and lower case.
fn folded(path: &str) -> String {
    path.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Result<Manifest, String> {
        let files = paths.iter().map(|path| BundlePath::new(path).unwrap());
        Manifest::new(files.map(|path| (path, Digest::of_bytes(b"abc"))))
    }

    #[test]
    fn a_manifest_is_read_from_its_text() {
        let manifest = of(&["b/c d.png", "a"]).unwrap();
        // The digest of `abc` is an example of FIPS 180.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(manifest.text(), format!("{digest}  a\n{digest}  b/c d.png\n"));
        assert_eq!(Manifest::read(&manifest.text()), Ok(manifest));
        for bad in [format!("{digest} a"), "x  a".to_owned(), format!("{digest}  ../a")] {
            assert!(Manifest::read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_files_of_one_place_are_refused() {
        for paths in [
            &["a", "A"][..],
            &["a", "a/b"],
            &["A", "a/b"],
            &["a", "a"],
            &["ß", "SS"],
            &["Manifest-SHA256.txt"],
        ] {
            assert!(of(paths).is_err(), "{paths:?}");
        }
    }
}
