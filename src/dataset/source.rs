//! Where examples come from, and which of their columns are used.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where examples come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// MNIST, inside the binary.
    Mnist,
    /// A directory with the four standard MNIST files.
    Directory(PathBuf),
    /// Tables or arrays.
    Files(Box<FileSource>),
}

/// Tables or arrays, and which of their columns are used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// The files of the training part, or of all examples.
    pub train: FilePair,
    /// The files of the validation part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<FilePair>,
    /// The files of the test part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<FilePair>,
    /// Which columns are used.
    pub columns: Columns,
}

/// A file of examples, and the file of their targets if it is another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePair {
    /// The examples.
    pub file: PathBuf,
    /// Their targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_file: Option<PathBuf>,
}

/// Which columns of a table, or arrays of an NPZ file, are used, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Whether the targets are classes. They are numbers otherwise.
    pub are_classes: bool,
    /// The column of the targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Names of columns, `*` for all columns that have no other use, and `!name` for all but this one.
    /// Empty means `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Columns whose values are words. Each word becomes a column of 1 and 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categorical: Vec<String>,
    /// What stands between two values of a row.
    pub delimiter: char,
    /// Whether rows with a missing value are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drops_rows: bool,
    /// The column whose equal values keep examples in one part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The column that names the part of each example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl Source {
    /// Its files, or its directory.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        match self {
            Self::Mnist => Vec::new(),
            Self::Directory(path) => vec![path.clone()],
            Self::Files(files) => files.pairs().into_iter().flat_map(FilePair::paths).collect(),
        }
    }

    /// The same source with each path replaced.
    #[must_use]
    pub fn map(&self, place: impl Fn(&PathBuf) -> PathBuf) -> Self {
        let of_pair = |pair: &FilePair| FilePair {
            file: place(&pair.file),
            target_file: pair.target_file.as_ref().map(&place),
        };
        match self {
            Self::Mnist => Self::Mnist,
            Self::Directory(path) => Self::Directory(place(path)),
            Self::Files(files) => Self::Files(Box::new(FileSource {
                train: of_pair(&files.train),
                validation: files.validation.as_ref().map(of_pair),
                test: files.test.as_ref().map(of_pair),
                columns: files.columns.clone(),
            })),
        }
    }
}

impl FileSource {
    /// The files of each part, in the order of the parts.
    #[must_use]
    pub fn pairs(&self) -> Vec<&FilePair> {
        std::iter::once(&self.train).chain(&self.validation).chain(&self.test).collect()
    }
}

impl FilePair {
    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        std::iter::once(self.file.clone()).chain(self.target_file.clone())
    }
}
