//! Reads tables: text with one row for each example, and a first row with the names of the columns.

use std::collections::BTreeSet;

use super::examples::{Column, PartName};
use super::faults::{Faults, no_number, unreadable};
use super::opened::{Opened, open};
use super::range::Range;
use super::source::Columns;
use crate::document::suggestion;

/// What stands for a missing value.
pub(super) const MISSING: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"];

/// The largest number of levels of a categorical column.
const MOST_LEVELS: usize = 1000;

/// The used columns of one file or more.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// The used features, in the order of the file.
    pub(super) features: Vec<Feature>,
    pub(super) targets: TableTargets,
    pub(super) groups: Vec<String>,
    pub(super) parts: Vec<PartName>,
    /// The line in which each row begins, in its file.
    pub(super) lines: Vec<u64>,
    /// The number of rows that are left out.
    pub(super) dropped: usize,
    /// The range of targets that are numbers.
    target_range: Range,
}

/// The targets of the rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TableTargets {
    Words(Vec<String>),
    Numbers(Vec<f32>),
}

/// A used column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Feature {
    name: String,
    cells: Cells,
    range: Range,
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
    let Opened { mut reader, header, lines } = open(bytes, columns.delimiter)?;
    let names: Vec<&str> = header.iter().collect();
    let places = places(&names, columns)?;
    let mut table = Table {
        features: Vec::new(),
        targets: match columns.are_classes {
            true => TableTargets::Words(Vec::new()),
            false => TableTargets::Numbers(Vec::new()),
        },
        groups: Vec::new(),
        parts: Vec::new(),
        lines: Vec::new(),
        dropped: 0,
        target_range: Range::EMPTY,
    };
    for (place, is_word) in &places.features {
        let cells = if *is_word { Cells::Words(Vec::new()) } else { Cells::Numbers(Vec::new()) };
        table.features.push(Feature { name: names[*place].to_owned(), cells, range: Range::EMPTY });
    }
    let mut faults = Faults::default();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.add(unreadable(&error, &lines));
                break;
            }
        };
        let line = record.position().map_or(0, |place| lines.at(place.byte()));
        table.add(&record, line, &names, &places, columns, &mut faults);
    }
    if table.lines.is_empty() && faults.is_empty() {
        faults.add(match table.dropped {
            0 => "has no row".to_owned(),
            n => format!("has no row without a missing value: all {n} rows are left out"),
        });
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
    let is_refused = |name: &&String| columns.features.contains(&format!("!{name}"));
    if let Some(name) = columns.features.iter().find(is_refused) {
        faults.add(format!("cannot have both `{name}` and `!{name}` in `features`"));
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
    if let Some((place, _)) = features.iter().find(|(place, _)| names[*place].is_empty()) {
        faults.add(format!(
            "has no name for its column {}; give it one, or remove it (a separator at the end of each line makes one)",
            place + 1
        ));
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
            self.dropped += 1;
            if !columns.drops_rows {
                let name = names[place];
                let fault = format!(
                    "has no value in line {line}, column `{name}`; `missing = \"drop_rows\"` leaves such rows out"
                );
                faults.add_in(name, "missing", fault);
            }
            return;
        }
        let mut cells = Vec::with_capacity(places.features.len());
        for (place, is_word) in &places.features {
            let text = &record[*place];
            let number = text.parse::<f32>().ok().filter(|number| number.is_finite());
            if number.is_none() && !is_word {
                let (name, why) = (names[*place], no_number(text));
                let fault = format!(
                    "has `{}` in line {line}, column `{name}`, {why}; name a column of words in `categorical`, or \
                     leave it out with `!{name}` in `features`",
                    text.escape_debug()
                );
                faults.add_in(name, "number", fault);
            }
            cells.push((number, text));
        }
        let target = &record[places.target];
        let number = target.parse::<f32>().ok().filter(|number| number.is_finite());
        if number.is_none() && !columns.are_classes {
            let (name, why) = (names[places.target], no_number(target));
            let fault = format!(
                "has `{}` in line {line}, column `{name}`, {why}; for classes, write `task = \"classification\"`",
                target.escape_debug()
            );
            faults.add_in(name, "number", fault);
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
            Err(fault) => faults.add_in("", "part", fault),
        }
        if !faults.is_empty() {
            return;
        }
        for (feature, (number, text)) in self.features.iter_mut().zip(cells) {
            match &mut feature.cells {
                Cells::Numbers(numbers) => {
                    numbers.extend(number);
                    feature.range = feature.range.with_text(text);
                }
                Cells::Words(words) => words.push(text.to_owned()),
            }
        }
        match &mut self.targets {
            TableTargets::Words(words) => words.push(target.to_owned()),
            TableTargets::Numbers(numbers) => {
                numbers.extend(number);
                self.target_range = self.target_range.with_text(target);
            }
        }
        self.groups.extend(places.group.map(|place| record[place].to_owned()));
        self.lines.push(line);
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
            feature.range = feature.range.and(other.range);
        }
        match (&mut self.targets, other.targets) {
            (TableTargets::Words(own), TableTargets::Words(others)) => own.extend(others),
            (TableTargets::Numbers(own), TableTargets::Numbers(others)) => own.extend(others),
            _ => unreachable!("both files are read for the same task"),
        }
        self.target_range = self.target_range.and(other.target_range);
        self.dropped += other.dropped;
        self.groups.extend(other.groups);
        self.parts.extend(other.parts);
        self.lines.extend(other.lines);
        Ok(())
    }

    /// The columns of numbers, and their values row by row. A categorical column becomes one column of 1 and 0
    /// for each level, in order of the levels.
    ///
    /// # Errors
    /// If a column has one value in all rows, or too many levels, or numbers that are not told apart.
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
        if let Some(fault) = self.target_range.fault("the targets") {
            faults.add(fault);
        }
        for Feature { name, cells, range } in &self.features {
            match cells {
                Cells::Numbers(numbers) => {
                    if let Some(fault) = range.fault(&format!("the column `{name}`")) {
                        faults.add(fault);
                    } else if numbers.iter().all(|x| *x == numbers[0]) {
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
        let rows = 0..self.lines.len();
        let values = rows.flat_map(|row| by_column.iter().map(move |column| column[row])).collect();
        faults.into_result((columns, values))
    }
}
