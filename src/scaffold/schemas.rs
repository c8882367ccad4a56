//! The schemas of a project, by which editors complete and check its files.

use crate::keys;

/// A file of a new project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path from the directory of the project.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The folder of the schemas in a project.
const SCHEMAS: &str = "schemas";

/// The schemas of all files that users write.
#[must_use]
pub fn schemas() -> Vec<NewFile> {
    let schema = |(name, takes): &'static (&str, keys::Takes)| {
        let text = serde_json::to_string_pretty(&keys::schema(name, takes)).expect("plain JSON");
        NewFile { path: format!("{SCHEMAS}/{name}.json"), text: format!("{text}\n") }
    };
    keys::FILES.iter().map(schema).collect()
}

/// The text of a file in `experiments/`, with a first line that names its schema.
#[must_use]
pub fn with_schema(path: &str, text: &str) -> String {
    let name = match path {
        "experiments/paper.toml" => "paper",
        _ => "experiment",
    };
    let up = "../".repeat(path.matches('/').count());
    format!("#:schema {up}{SCHEMAS}/{name}.json\n{text}")
}
