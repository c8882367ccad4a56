//! The path of a file in a bundle.

use std::fmt;

use crate::digest::Digest;

/// The path of a file in a bundle: relative, with `/` between its parts, and the same place on every system. So it
/// never leads out of the directory that it is unpacked into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundlePath(String);

/// The longest path in bytes. No part of a path is longer on any common file system.
const LONGEST: usize = 255;

/// The folder of the records.
pub(super) const RECORDS: &str = ".report/records/";

/// The folder of the artefacts of programs. Each is named by its digest.
const ARTIFACTS: &str = ".report/artifacts/";

/// The folder of what probes of programs said.
const PROBES: &str = ".report/probes/";

/// The file that marks a project from a bundle.
const MARK: &str = ".report/from-bundle";

impl BundlePath {
    /// The path with this text.
    ///
    /// # Errors
    /// If it could mean another place on some system. The text says why, as a phrase that follows the path.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let is_mark = text == MARK;
        let visible =
            [RECORDS, ARTIFACTS, PROBES].into_iter().find_map(|own| text.strip_prefix(own));
        let visible = if is_mark { "mark" } else { visible.unwrap_or(text) };
        let parts = || visible.split('/');
        // Letters with separate accents have two spellings, and marks can hide or reorder what is read.
        let is_special = |c: char| match c.is_ascii() {
            true => c.is_ascii_control() || "\\:*?\"<>|".contains(c),
            false => !c.is_alphanumeric(),
        };
        let is_reserved = |part: &str| {
            let stem = part.split('.').next().unwrap_or_default().to_ascii_uppercase();
            let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
            ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
                || numbered.is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
        };
        match () {
            () if text.len() > LONGEST => Err("is longer than 255 bytes"),
            () if text.contains(is_special) => Err("has a character that not every system allows"),
            () if parts().any(|part| ["", ".", ".."].contains(&part)) => {
                Err("leads out of the directory, or has a part without a name")
            }
            () if parts().any(|part| part.starts_with('.')) => Err("is hidden"),
            () if parts().any(is_reserved) => Err("has a name that Windows reserves"),
            () if parts().any(|part| part.ends_with([' ', '.'])) => {
                Err("has a part that ends with a space or a point")
            }
            () => Ok(Self(text.to_owned())),
        }
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folders that it is in, the innermost first.
    pub(super) fn folders(&self) -> impl Iterator<Item = &str> {
        let ends = self.0.rmatch_indices('/').map(|(end, _)| end);
        ends.map(|end| &self.0[..end])
    }

    /// The digest in the name of an artefact of a program, if it is one.
    #[must_use]
    pub fn artifact(&self) -> Option<Digest> {
        Digest::try_from(self.0.strip_prefix(ARTIFACTS)?.to_owned()).ok()
    }

    /// The place of the artefact with this digest.
    #[must_use]
    pub fn of_artifact(digest: Digest) -> Self {
        Self(format!("{ARTIFACTS}{digest}"))
    }

    /// Whether it is the file that marks a project from a bundle.
    #[must_use]
    pub fn is_mark(&self) -> bool {
        self.0 == MARK
    }

    /// Whether it is a record.
    #[must_use]
    pub fn is_record(&self) -> bool {
        self.0.starts_with(RECORDS)
    }
}

impl fmt::Display for BundlePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_directory_on_every_system() {
        for good in [
            "a",
            "a/b c.png",
            ".report/records/0.json",
            ".report/probes/0.txt",
            ".report/from-bundle",
            "experiments/é.toml",
        ] {
            assert_eq!(BundlePath::new(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a\\b",
            "C:a",
            "a\nb",
            "a\0",
            ".git/config",
            "a/.b",
            ".report/x",
            ".report/from-bundle/x",
            ".report/from-bundles",
            ".report/records/../x",
            ".report/records/.x",
            ".report/records/",
            "a ",
            "a./b",
            "a/NUL.txt",
            "com1",
            "e\u{301}",
            "a\u{202e}b",
        ] {
            assert!(BundlePath::new(bad).is_err(), "{bad:?}");
        }
        assert!(BundlePath::new(&"a".repeat(256)).is_err());
    }

    #[test]
    fn a_path_knows_its_folders() {
        let path = BundlePath::new("a/b/c").unwrap();
        assert_eq!(path.folders().collect::<Vec<_>>(), ["a/b", "a"]);
    }
}
