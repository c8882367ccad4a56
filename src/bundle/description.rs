//! The description of a bundle for other programs: a research object as "Process Run Crate 0.5" says, which builds on
//! RO-Crate 1.1 (<https://www.researchobject.org/workflow-run-crate/profiles/process_run_crate/>).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::path::{BundlePath, RECORDS};
use crate::format::{date, runs};
use crate::render::About;

/// The file of the description in a bundle.
pub const METADATA: &str = "ro-crate-metadata.json";

/// The names of a file with a license.
pub const LICENSES: [&str; 4] = ["LICENSE", "LICENSE.md", "LICENSE.txt", "COPYING"];

const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";

/// The runs that one version of `report` trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trained {
    /// When the first run began, in seconds since 1970.
    pub started_at: u64,
    /// When the last run ended, in seconds since 1970.
    pub ended_at: u64,
    /// Number of runs.
    pub runs: usize,
}

/// What a bundle contains.
#[derive(Clone, Copy, Debug)]
pub struct Description<'d> {
    /// The report.
    pub about: &'d About,
    /// The files other than records, in order.
    pub files: &'d [BundlePath],
    /// The runs, by the version of the program that trained them.
    pub trained: &'d BTreeMap<String, Trained>,
    /// The version of the program that wrote the report.
    pub version: &'d str,
}

impl Description<'_> {
    /// The text of [`METADATA`]. It has no date of its own, so the same content gives the same text.
    #[must_use]
    pub fn text(&self) -> String {
        let (report, sources): (Vec<_>, Vec<_>) =
            self.files.iter().partition(|path| path.as_str().starts_with("reports/"));
        let [report, sources] =
            [report, sources].map(|paths| paths.into_iter().map(file_id).collect::<Vec<_>>());
        let records = reference(RECORDS);
        let people: Vec<_> =
            (1..=self.about.authors.len()).map(|n| reference(&format!("#author-{n}"))).collect();
        let with_people = |key: &str, mut entity: Value| {
            if !people.is_empty() {
                entity[key] = people.clone().into();
            }
            entity
        };

        let mut graph = vec![
            json!({
                "@id": METADATA,
                "@type": "CreativeWork",
                "conformsTo": reference("https://w3id.org/ro/crate/1.1"),
                "about": reference("./"),
            }),
            with_people("author", self.root(&records)),
            json!({ "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5" }),
            json!({
                "@id": RECORDS,
                "@type": "Dataset",
                "name": "records",
                "description": format!(
                    "The records of {}: configuration, curves, outcome and origin of each, as JSON.",
                    runs(self.runs())
                ),
            }),
        ];
        graph.extend(self.files.iter().map(file));
        let authors = people.iter().zip(&self.about.authors);
        graph.extend(authors.map(
            |(person, name)| json!({ "@id": person["@id"], "@type": "Person", "name": name }),
        ));
        graph.extend(self.trained.iter().map(|(version, trained)| {
            let action = json!({
                "@id": training_id(version),
                "@type": "CreateAction",
                "name": format!("training of {}", runs(trained.runs)),
                "startTime": date(trained.started_at),
                "endTime": date(trained.ended_at),
                "instrument": reference(&program_id(version)),
                "object": sources,
                "result": [records],
            });
            with_people("agent", action)
        }));
        let used: Vec<_> = sources.iter().chain([&records]).collect();
        let writing = json!({
            "@id": WRITING,
            "@type": "CreateAction",
            "name": "writing of the report from the records",
            "instrument": reference(&program_id(self.version)),
            "object": used,
            "result": report,
        });
        graph.push(with_people("agent", writing));
        let mut versions: Vec<_> =
            self.trained.keys().map(String::as_str).chain([self.version]).collect();
        versions.sort_unstable();
        versions.dedup();
        graph.extend(versions.into_iter().map(|version| {
            json!({
                "@id": program_id(version),
                "@type": "SoftwareApplication",
                "name": "report",
                "softwareVersion": version,
            })
        }));
        let document =
            json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph });
        format!("{document:#}\n")
    }

    fn runs(&self) -> usize {
        self.trained.values().map(|trained| trained.runs).sum()
    }

    /// The bundle as a whole.
    fn root(&self, records: &Value) -> Value {
        let summary = match self.about.summary.as_str() {
            "" => {
                format!("A report with its experiments and the records of {}.", runs(self.runs()))
            }
            summary => summary.to_owned(),
        };
        let license = self.files.iter().find(|path| LICENSES.contains(&path.as_str()));
        let license = license.map_or_else(|| "The project states no license.".into(), file_id);
        let parts: Vec<_> = self.files.iter().map(file_id).chain([records.clone()]).collect();
        let actions = self.trained.keys().map(|version| reference(&training_id(version)));
        let actions: Vec<_> = actions.chain([reference(WRITING)]).collect();
        json!({
            "@id": "./",
            "@type": "Dataset",
            "name": self.about.title,
            "description": summary,
            "datePublished": date(self.trained.values().map(|trained| trained.ended_at).max().unwrap_or_default()),
            "license": license,
            "conformsTo": reference(PROFILE),
            "hasPart": parts,
            "mentions": actions,
        })
    }
}

/// The action that wrote the report.
const WRITING: &str = "#report";

fn training_id(version: &str) -> String {
    format!("#training-{version}")
}

fn program_id(version: &str) -> String {
    format!("#report-{version}")
}

fn reference(id: &str) -> Value {
    json!({ "@id": id })
}

/// A reference to a file. Characters that have a meaning in addresses are escaped.
fn file_id(path: &BundlePath) -> Value {
    let escaped = path.as_str().chars().map(|c| match c {
        ' ' | '%' | '#' | '[' | ']' | '^' | '`' | '{' | '}' => format!("%{:02X}", u32::from(c)),
        c => c.to_string(),
    });
    let id: String = escaped.collect();
    reference(&id)
}

fn file(path: &BundlePath) -> Value {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    let mut file = json!({ "@id": file_id(path)["@id"], "@type": "File", "name": name });
    if let Some(format) = media_type(name) {
        file["encodingFormat"] = format.into();
    }
    file
}

/// The kind of a file, as IANA registers it.
fn media_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "cff" => "application/yaml",
        "csv" => "text/csv",
        "gz" => "application/gzip",
        "html" => "text/html",
        "json" => "application/json",
        "md" => "text/markdown",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tex" => "application/x-tex",
        "toml" => "application/toml",
        "txt" => "text/plain",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_each_file_and_each_program_once() {
        let about = About {
            title: "T".to_owned(),
            authors: vec!["A. One".to_owned()],
            summary: String::new(),
        };
        let files = ["LICENSE", "experiments/a.toml", "reports/a b.png"]
            .map(|path| BundlePath::new(path).unwrap());
        let trained = Trained { started_at: 0, ended_at: 60, runs: 2 };
        let trained =
            BTreeMap::from([("0.1.0".to_owned(), trained), ("0.2.0".to_owned(), trained)]);
        let description =
            Description { about: &about, files: &files, trained: &trained, version: "0.2.0" };
        let text: Value = serde_json::from_str(&description.text()).unwrap();
        let graph = text["@graph"].as_array().unwrap();
        let mut ids: Vec<_> = graph.iter().map(|entity| entity["@id"].as_str().unwrap()).collect();
        let n = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), n, "{ids:?}");
        // What is referred to is there, but for the specification itself.
        let mut referred = Vec::new();
        for entity in graph {
            for value in entity.as_object().unwrap().values() {
                let values = value.as_array().map_or(std::slice::from_ref(value), |all| &all[..]);
                referred.extend(values.iter().filter_map(|value| value["@id"].as_str()));
            }
        }
        referred.retain(|id| *id != "https://w3id.org/ro/crate/1.1");
        assert!(referred.iter().all(|id| ids.contains(id)), "{referred:?}");
        assert!(referred.contains(&"reports/a%20b.png"));
        let root = &graph[1];
        assert_eq!(
            (&root["datePublished"], &root["license"]["@id"]),
            (&"1970-01-01T00:01:00Z".into(), &"LICENSE".into())
        );
        assert_eq!(root["description"], "A report with its experiments and the records of 4 runs.");
    }
}
