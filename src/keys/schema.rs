//! The table of keys as JSON Schema (draft 7), for editors.

use super::kinds::sentences;
use super::section::{Key, Need, Section, Tag, Takes};
use std::ops::Bound;

use serde_json::{Map, Value, json};

/// The schema of a file.
#[must_use]
pub fn schema(title: &str, takes: &'static Takes) -> Value {
    let mut definitions = Definitions::default();
    // Experiments can be parts of others, which extend them.
    let is_part = title == "experiment";
    let mut root = match takes {
        // Editors do not follow a reference at the root.
        Takes::Table(section) => definitions.table(section, is_part),
        takes => definitions.of(takes, is_part),
    };
    let parts: Map<_, _> = definitions.all.into_iter().map(|own| (own.name, own.schema)).collect();
    let object = root.as_object_mut().expect("each schema is an object");
    object.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    object.insert("title".to_owned(), json!(title));
    object.insert("definitions".to_owned(), Value::Object(parts));
    root
}

/// A schema that others refer to.
struct Definition {
    section: &'static Section,
    is_part: bool,
    name: String,
    schema: Value,
}

/// The schemas of sections, each once.
#[derive(Default)]
struct Definitions {
    all: Vec<Definition>,
}

impl Definitions {
    /// The schema of a value. If `is_part`, another file may have the rest of a table.
    fn of(&mut self, takes: &'static Takes, is_part: bool) -> Value {
        match takes {
            Takes::Boolean => json!({ "type": "boolean" }),
            Takes::Integer(least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
            Takes::Integer(least, most) => {
                json!({ "type": "integer", "minimum": least, "maximum": most })
            }
            Takes::Number(least, most) => number(*least, *most),
            Takes::Text | Takes::Name(_) => json!({ "type": "string", "pattern": r"\S" }),
            Takes::Label => json!({
                "type": "string",
                "pattern": r"\S",
                "not": { "enum": super::section::TAKEN },
            }),
            Takes::Word(_, words) => json!({ "enum": words }),
            Takes::List(of) => json!({ "type": "array", "items": self.of(of, false) }),
            Takes::Map(of) => {
                json!({ "type": "object", "additionalProperties": self.of(of, is_part) })
            }
            Takes::Either(forms, _) => {
                let forms: Vec<_> = forms.iter().map(|form| self.of(form, is_part)).collect();
                json!({ "anyOf": forms })
            }
            Takes::Any(_) => json!({}),
            Takes::Table(section) => self.reference(section, is_part),
        }
    }

    /// A reference to the schema of a section.
    fn reference(&mut self, section: &'static Section, is_part: bool) -> Value {
        let is_it =
            |own: &&Definition| std::ptr::eq(own.section, section) && own.is_part == is_part;
        if let Some(known) = self.all.iter().find(is_it) {
            return json!({ "$ref": format!("#/definitions/{}", known.name) });
        }
        let same = |own: &&Definition| own.section.path == section.path;
        let name = match self.all.iter().filter(same).count() {
            0 => section.path.to_owned(),
            n => format!("{}-{}", section.path, n + 1),
        };
        // A check has checks, so its name must be known before its keys are read.
        let index = self.all.len();
        let reference = json!({ "$ref": format!("#/definitions/{name}") });
        self.all.push(Definition { section, is_part, name, schema: Value::Null });
        self.all[index].schema = self.table(section, is_part);
        reference
    }

    fn table(&mut self, section: &'static Section, is_part: bool) -> Value {
        let mut properties: Map<String, Value> = Map::new();
        for key in section.all() {
            let schema = match has_one_meaning(section, key) {
                true => self.key(section, key, is_part),
                false => self.any_meaning(section, key.name, is_part),
            };
            properties.insert(key.name.to_owned(), schema);
        }
        let mut schema = json!({
            "type": "object",
            "description": section.about,
            "properties": properties,
            "additionalProperties": false,
        });
        let kinds = section.kinds();
        let fields = schema.as_object_mut().expect("it is an object");
        if kinds.is_empty() {
            insert_required(fields, section.all(), is_part);
            return schema;
        }
        let of_all = section.all().filter(|key| key.of.is_empty());
        insert_required(fields, of_all, is_part);
        if let Tag::Key(keys) = section.tag {
            let one = |key: &&str| json!({ "required": [key] });
            fields.insert("oneOf".to_owned(), keys.iter().map(one).collect());
        }
        let rules: Vec<_> = kinds.iter().map(|kind| self.rule(section, kind, is_part)).collect();
        fields.insert("allOf".to_owned(), Value::Array(rules));
        schema
    }

    /// What holds for a kind of a table.
    fn rule(&mut self, section: &'static Section, kind: &'static str, is_part: bool) -> Value {
        let condition = match section.tag {
            Tag::Word(key, default) if default == kind && !is_part => {
                json!({ "properties": { key: { "const": kind } } })
            }
            Tag::Word(key, _) => {
                json!({ "properties": { key: { "const": kind } }, "required": [key] })
            }
            Tag::Key(_) | Tag::None => json!({ "required": [kind] }),
        };
        let mut properties: Map<String, Value> = Map::new();
        for key in section.all().filter(|key| !key.of.is_empty()) {
            if key.is_of(Some(kind)) && !has_one_meaning(section, key) {
                properties.insert(key.name.to_owned(), self.key(section, key, is_part));
            } else if section.key(key.name, Some(kind)).is_none() {
                properties.insert(key.name.to_owned(), json!(false));
            }
        }
        let mut then = Map::from_iter([("properties".to_owned(), Value::Object(properties))]);
        let own = section.all().filter(|key| !key.of.is_empty() && key.is_of(Some(kind)));
        insert_required(&mut then, own, is_part);
        json!({ "if": condition, "then": then })
    }

    /// The schema of a key with several meanings. The rules of the kinds tell them apart.
    fn any_meaning(&mut self, section: &'static Section, name: &str, is_part: bool) -> Value {
        let mut schemas: Vec<Value> = Vec::new();
        for key in section.all().filter(|key| key.name == name) {
            let schema = self.of(&key.takes, is_part);
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        match schemas.len() {
            1 => schemas.remove(0),
            _ => json!({ "anyOf": schemas }),
        }
    }

    fn key(&mut self, section: &'static Section, key: &'static Key, is_part: bool) -> Value {
        let schema = self.of(&key.takes, is_part);
        let mut about = sentences(section, key);
        match key.need {
            Need::Default(default) if !default.is_empty() => {
                about = format!("{about} Default: {default}.");
            }
            Need::Depends(when) => about = format!("{about} It is {when}."),
            Need::Required | Need::Default(_) => {}
        }
        // Nothing beside a reference counts.
        match schema.get("$ref") {
            Some(_) => json!({ "allOf": [schema], "description": about }),
            None => {
                let mut schema = schema;
                schema["description"] = json!(about);
                schema
            }
        }
    }
}

fn has_one_meaning(section: &'static Section, key: &Key) -> bool {
    section.all().filter(|other| other.name == key.name).count() == 1
}

fn insert_required(
    fields: &mut Map<String, Value>,
    keys: impl Iterator<Item = &'static Key>,
    is_part: bool,
) {
    let required: Vec<_> =
        keys.filter(|key| key.need == Need::Required && !is_part).map(|key| key.name).collect();
    if !required.is_empty() {
        fields.insert("required".to_owned(), json!(required));
    }
}

fn number(least: Bound<f64>, most: Bound<f64>) -> Value {
    let mut schema = json!({ "type": "number" });
    match least {
        Bound::Included(least) => schema["minimum"] = json!(least),
        Bound::Excluded(least) => schema["exclusiveMinimum"] = json!(least),
        Bound::Unbounded => {}
    }
    match most {
        Bound::Included(most) => schema["maximum"] = json!(most),
        Bound::Excluded(most) => schema["exclusiveMaximum"] = json!(most),
        Bound::Unbounded => {}
    }
    schema
}
