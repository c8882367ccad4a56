//! Each key of an experiment: its value, and where that comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Location, Node, Value, kind_of};
use crate::keys::{self, Need, Section, Takes};

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its path in the file.
    pub key: String,
    /// Its value as a file would have it: for a factor, the list of its levels.
    pub value: String,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file.
    File(Location),
    /// A factor, at this line.
    Factor(Location),
    /// No file says it.
    Default,
}

/// All keys that an experiment can have, with their values, in order of the table of keys. `root` is its file, laid over
/// those that it extends.
pub(super) fn settings(root: &Node) -> Vec<Setting> {
    let factors = match &root.value {
        Value::Table(table) => table.get("factors").map(|node| &node.value),
        _ => None,
    };
    let factors = match factors {
        Some(Value::Table(factors)) => factors.iter().map(|(path, node)| (&**path, node)).collect(),
        _ => BTreeMap::new(),
    };
    let mut walk = Walk { factors, told: BTreeSet::new(), found: Vec::new() };
    walk.table(&keys::EXPERIMENT, root, "");
    // Those of a part of a list, such as one layer.
    let rest: Vec<_> =
        walk.factors.keys().copied().filter(|path| !walk.told.contains(path)).collect();
    for path in rest {
        walk.factor(path);
    }
    walk.found
}

struct Walk<'n> {
    /// The levels of each factor, by its path.
    factors: BTreeMap<&'n str, &'n Node>,
    /// The factors that are found.
    told: BTreeSet<&'n str>,
    found: Vec<Setting>,
}

impl Walk<'_> {
    fn table(&mut self, section: &'static Section, node: &Node, path: &str) {
        let Value::Table(table) = &node.value else { return };
        let kind = kind_of(section, table);
        for key in section.all().filter(|key| key.is_of(kind)) {
            let own = match path {
                "" => key.name.to_owned(),
                path => format!("{path}.{}", key.name),
            };
            match (table.get(key.name), key.need) {
                _ if ["extends", "factors"].contains(&&*own) => {}
                _ if self.factor(&own) => {}
                (Some(node), _) => self.value(&key.takes, node, &own),
                (None, Need::Default(default)) if !default.is_empty() => {
                    let value = default.replace('`', "");
                    self.found.push(Setting { key: own, value, origin: Origin::Default });
                }
                (None, _) => {}
            }
        }
    }

    fn value(&mut self, takes: &'static Takes, node: &Node, path: &str) {
        match (takes, &node.value) {
            (Takes::Table(section), Value::Table(_)) => self.table(section, node, path),
            (Takes::Either(forms, _), Value::Table(_)) => {
                if let Some(form) = forms.iter().find(|form| matches!(form, Takes::Table(_))) {
                    self.value(form, node, path);
                }
            }
            (Takes::List(Takes::Either(..)), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.file(item, format!("{path}.{index}"));
                }
            }
            (Takes::Map(_), Value::Table(entries)) => {
                for (name, node) in entries {
                    let own = format!("{path}.{name}");
                    if !self.factor(&own) {
                        self.file(node, own);
                    }
                }
            }
            _ => self.file(node, path.to_owned()),
        }
    }

    fn file(&mut self, node: &Node, key: String) {
        let origin = Origin::File(node.location.clone());
        self.found.push(Setting { key, value: written(&node.value), origin });
    }

    /// Whether the key is a factor, which is then found.
    fn factor(&mut self, path: &str) -> bool {
        let Some((path, levels)) =
            self.factors.get_key_value(path).map(|(path, node)| (*path, *node))
        else {
            return false;
        };
        if self.told.insert(path) {
            let origin = Origin::Factor(levels.location.clone());
            let value = written(&levels.value);
            self.found.push(Setting { key: path.to_owned(), value, origin });
        }
        true
    }
}

/// A value as a file would have it, on one line.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| written(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let entries =
                table.iter().map(|(key, node)| format!("{key} = {}", written(&node.value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
