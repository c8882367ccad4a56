//! Reads tables: text with one row for each example, and a first row with the names of the columns.

use std::collections::{BTreeMap, BTreeSet};

use super::examples::{Column, PartName};
use super::faults::{Faults, unreadable};
use super::packed::something_else;
use super::source::Columns;
use crate::document::suggestion;

/// What stands for a missing value.
pub(super) const MISSING: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"];

/// The largest number of levels of a categorical column.
const MOST_LEVELS: usize = 1000;

/// The used columns of one file or more.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    /// The used features, in the order of the file.
    pub(super) features: Vec<Feature>,
    pub(super) targets: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) parts: Vec<PartName>,
    /// The line in which each row begins.
    lines: Vec<u64>,
}

/// A used column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Feature {
    name: String,
    cells: Cells,
}

#[derive(Clone, Debug, PartialEq)]
enum Cells {
    Numbers(Vec<f32>),
    Words(Vec<String>),
}

/// The places of the used columns.
struct Places {
    features: Vec<(usize, bool)>,
    target: usize,
    group: Option<usize>,
    part: Option<usize>,
}

/// The used columns of a file.
///
/// # Errors
/// With what is wrong, as phrases that follow the name of the file.
pub(super) fn read(bytes: &[u8], columns: &Columns) -> Result<Table, Vec<String>> {
    if let Some(what) = something_else(bytes) {
        return Err(vec![what.to_owned()]);
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(columns.delimiter as u8)
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let header = reader.headers().map_err(|error| vec![unreadable(&error)])?.clone();
    let names: Vec<&str> = header.iter().collect();
    let places = places(&names, columns)?;
    let mut table = Table::default();
    for (place, is_word) in &places.features {
        let cells = if *is_word { Cells::Words(Vec::new()) } else { Cells::Numbers(Vec::new()) };
        table.features.push(Feature { name: names[*place].to_owned(), cells });
    }
    let mut faults = Faults::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.add(unreadable(&error));
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        table.add(&record, line, &names, &places, columns, &mut faults);
    }
    if table.targets.is_empty() && faults.is_empty() {
        faults.add("has no row".to_owned());
    }
    faults.into_result(table)
}

/// Where the used columns are.
fn places(names: &[&str], columns: &Columns) -> Result<Places, Vec<String>> {
    let mut faults = Faults::default();
    if let Some(twice) =
        names.iter().enumerate().find(|(index, name)| names[..*index].contains(name))
    {
        faults.add(format!("has two columns with the name `{}`", twice.1));
    }
    let other_delimiter = [',', ';', '\t', '|']
        .into_iter()
        .find(|other| *other != columns.delimiter && names.len() == 1 && names[0].contains(*other));
    if let Some(other) = other_delimiter {
        return Err(vec![format!(
            "has one column, `{}`; write `delimiter = {other:?}` if `{}` separates its values",
            names[0],
            other.escape_default()
        )]);
    }
    let mut find = |name: &str, key: &str| {
        let place = names.iter().position(|own| *own == name);
        if place.is_none() {
            faults.add(format!(
                "has no column `{name}`, which `{key}` names; {}",
                suggestion(name, names)
            ));
        }
        place
    };
    let target = match &columns.target {
        Some(name) => find(name, "target"),
        None => {
            return Err(vec![
                "is a table, so `target` must name the column of the targets".to_owned(),
            ]);
        }
    };
    let group = columns.group.as_ref().and_then(|name| find(name, "group"));
    let part = columns.part.as_ref().and_then(|name| find(name, "column"));
    let mut words: BTreeSet<usize> = BTreeSet::new();
    words.extend(columns.categorical.iter().filter_map(|name| find(name, "categorical")));
    let (mut wanted, mut excluded, mut has_star) =
        (BTreeSet::new(), BTreeSet::new(), columns.features.is_empty());
    for pattern in &columns.features {
        match pattern.strip_prefix('!') {
            Some(name) => excluded.extend(find(name, "features")),
            None if pattern == "*" => has_star = true,
            None => wanted.extend(find(pattern, "features")),
        }
    }
    let others = [target, group, part];
    let is_used = |place: &usize| {
        let is_free = !others.contains(&Some(*place)) && !excluded.contains(place);
        wanted.contains(place) || (has_star && is_free)
    };
    let features: Vec<_> =
        (0..names.len()).filter(is_used).map(|place| (place, words.contains(&place))).collect();
    if target.is_some_and(|target| wanted.contains(&target)) {
        faults.add(format!(
            "has the target `{}` among its features",
            columns.target.as_deref().unwrap_or("")
        ));
    }
    if let Some(word) = words.iter().find(|word| !features.iter().any(|(place, _)| place == *word))
    {
        faults.add(format!("has the categorical column `{}`, which is no feature", names[*word]));
    }
    if features.is_empty() && faults.is_empty() {
        faults.add("has no column that is a feature".to_owned());
    }
    faults.into_result(())?;
    Ok(Places { features, target: target.unwrap_or(0), group, part })
}

impl Table {
    /// Adds a row, or nothing if it is left out.
    fn add(
        &mut self,
        record: &csv::StringRecord,
        line: u64,
        names: &[&str],
        places: &Places,
        columns: &Columns,
        faults: &mut Faults,
    ) {
        let used = places.features.iter().map(|(place, _)| *place);
        let used = used.chain([places.target]).chain(places.group).chain(places.part);
        let missing = used.filter(|place| MISSING.contains(&&record[*place])).min();
        if let Some(place) = missing {
            if !columns.drops_rows {
                faults.add(format!(
                    "has no value in line {line}, column `{}`; `missing = \"drop_rows\"` leaves such rows out",
                    names[place]
                ));
            }
            return;
        }
        let mut cells = Vec::with_capacity(places.features.len());
        for (place, is_word) in &places.features {
            let text = &record[*place];
            let number = text.parse::<f32>().ok().filter(|number| number.is_finite());
            if number.is_none() && !is_word {
                faults.add(format!(
                    "has `{}` in line {line}, column `{}`, which is no number; name a column of words in \
                     `categorical`, or leave it out with `!{}` in `features`",
                    text.escape_debug(),
                    names[*place],
                    names[*place]
                ));
                return;
            }
            cells.push((number, text));
        }
        let part = places.part.map(|place| {
            let text = record[place].to_ascii_lowercase();
            PartName::ALL.into_iter().find(|part| part.name() == text).ok_or_else(|| {
                format!(
                    "has `{}` in line {line}, column `{}`; a part is `train`, `validation` or `test`",
                    record[place].escape_debug(),
                    names[place]
                )
            })
        });
        match part.transpose() {
            Ok(part) => self.parts.extend(part),
            Err(fault) => return faults.add(fault),
        }
        for (feature, (number, text)) in self.features.iter_mut().zip(cells) {
            match &mut feature.cells {
                Cells::Numbers(numbers) => numbers.extend(number),
                Cells::Words(words) => words.push(text.to_owned()),
            }
        }
        self.targets.push(record[places.target].to_owned());
        self.groups.extend(places.group.map(|place| record[place].to_owned()));
        self.lines.push(line);
    }

    /// The line of each row in its file.
    pub(super) fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// Appends the rows of another file, which belong to this part.
    ///
    /// # Errors
    /// If its used columns are others, with a phrase that follows the name of the other file.
    pub(super) fn append(&mut self, other: Self) -> Result<(), String> {
        let names =
            |table: &Self| table.features.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let [own, others] = [names(self), names(&other)];
        if own != others {
            return Err(format!(
                "has the columns {}, but the file of the training part has {}",
                others.join(", "),
                own.join(", ")
            ));
        }
        for (feature, other) in self.features.iter_mut().zip(other.features) {
            match (&mut feature.cells, other.cells) {
                (Cells::Numbers(own), Cells::Numbers(others)) => own.extend(others),
                (Cells::Words(own), Cells::Words(others)) => own.extend(others),
                _ => unreachable!("both files are read with the same categorical columns"),
            }
        }
        self.targets.extend(other.targets);
        self.groups.extend(other.groups);
        self.parts.extend(other.parts);
        self.lines.extend(other.lines);
        Ok(())
    }

    /// The columns of numbers, and their values row by row. A categorical column becomes one column of 1 and 0
    /// for each level, in order of the levels.
    ///
    /// # Errors
    /// If a column has one value in all rows, or too many levels.
    pub(super) fn values(&self) -> Result<(Vec<Column>, Vec<f32>), Vec<String>> {
        let mut columns: Vec<Column> = Vec::new();
        let mut by_column: Vec<Vec<f32>> = Vec::new();
        let mut faults = Faults::default();
        let constant = |name: &str| {
            format!(
                "has one value in all rows of the column `{name}`, which tells nothing; leave it out with `!{name}` \
                 in `features`"
            )
        };
        for Feature { name, cells } in &self.features {
            match cells {
                Cells::Numbers(numbers) => {
                    if numbers.iter().all(|x| *x == numbers[0]) {
                        faults.add(constant(name));
                    }
                    columns.push(Column { name: name.clone(), level: None });
                    by_column.push(numbers.clone());
                }
                Cells::Words(words) => {
                    let levels: BTreeSet<&String> = words.iter().collect();
                    match levels.len() {
                        0 | 1 => faults.add(constant(name)),
                        2..=MOST_LEVELS => {}
                        n => faults.add(format!(
                            "has {n} different words in the categorical column `{name}`; the limit is {MOST_LEVELS}"
                        )),
                    }
                    for level in levels.into_iter().take(MOST_LEVELS) {
                        columns.push(Column { name: name.clone(), level: Some(level.clone()) });
                        by_column.push(
                            words.iter().map(|word| f32::from(u8::from(word == level))).collect(),
                        );
                    }
                }
            }
        }
        let rows = 0..self.targets.len();
        let values = rows.flat_map(|row| by_column.iter().map(move |column| column[row])).collect();
        faults.into_result((columns, values))
    }
}

/// The classes in ascending order, and the class of each example. If all targets are numbers, their order is that
/// of numbers, and `1` and `1.0` are one class.
pub(super) fn classes(targets: &[String]) -> (Vec<String>, Vec<u32>) {
    let distinct: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
    let number = |name: &str| name.parse::<f64>().ok().filter(|number| number.is_finite());
    let mut names: Vec<(f64, &str)> =
        distinct.iter().map(|name| (number(name).unwrap_or(f64::NAN), *name)).collect();
    let are_numbers = names.iter().all(|(number, _)| number.is_finite());
    if are_numbers {
        names.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let mut classes: Vec<String> = Vec::new();
    let mut last = None;
    for (number, name) in names {
        // 0 and −0 are one number, too.
        if !are_numbers || last != Some(number + 0.0) {
            classes.push(name.to_owned());
        }
        last = Some(number + 0.0);
        places.insert(name, u32::try_from(classes.len() - 1).unwrap_or(u32::MAX));
    }
    let codes = targets.iter().map(|target| places[target.as_str()]).collect();
    (classes, codes)
}

/// A number for each word: equal words have equal numbers.
pub(super) fn groups(words: &[String]) -> Vec<u32> {
    let mut seen: BTreeMap<&String, u32> = BTreeMap::new();
    let mut groups = Vec::with_capacity(words.len());
    for word in words {
        let next = u32::try_from(seen.len()).unwrap_or(u32::MAX);
        groups.push(*seen.entry(word).or_insert(next));
    }
    groups
}

/// The targets as numbers.
///
/// # Errors
/// With each target that is no number.
pub(super) fn numbers(
    targets: &[String],
    lines: &[u64],
    column: &str,
) -> Result<Vec<f32>, Vec<String>> {
    let mut faults = Faults::default();
    let mut numbers = Vec::with_capacity(targets.len());
    for (text, line) in targets.iter().zip(lines) {
        match text.parse::<f32>().ok().filter(|number| number.is_finite()) {
            Some(number) => numbers.push(number),
            None => faults.add(format!(
                "has `{}` in line {line}, column `{column}`, which is no number; a task of classes is \
                 `task = \"classification\"`",
                text.escape_debug()
            )),
        }
    }
    faults.into_result(numbers)
}
