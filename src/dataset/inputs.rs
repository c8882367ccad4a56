//! Examples without targets, for a trained network.

use super::error::DataError;
use super::examples::{Column, Examples, PartName, Scale, Values};
use super::faults::{Faults, unreadable};
use super::files::{File, Kind, array};
use super::npy;
use super::opened::{Opened, open};
use super::packed::unpack;
use super::prepare::{pooled, standardize};
use super::source::Columns;
use super::table::MISSING;
use crate::document::suggestion;
use crate::run::{DataConfig, Shape};

/// The inputs of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Number of examples. Pairs count once.
    pub n: usize,
    /// The pooled and standardised values of each input of the network, example after example. Pairs have two inputs.
    pub inputs: Vec<Vec<f32>>,
}

/// The examples that a network was trained on.
#[derive(Clone, Copy, Debug)]
pub struct Trained<'t> {
    /// The columns of a table. Empty for images and arrays.
    pub columns: &'t [Column],
    /// How a table or an array is read.
    pub read: Option<&'t Columns>,
    /// Whether values are bytes.
    pub are_bytes: bool,
    /// How values are standardised.
    pub scales: &'t [Scale],
}

/// The examples in a file, prepared for a network that was trained with `data`. A table needs the columns of the
/// training, in any order and among others. Arrays need the shape and the numbers of the training examples.
/// Consecutive images are a pair.
///
/// # Errors
/// With all that is wrong with the file.
pub fn prepare(
    data: &DataConfig,
    file: &File,
    trained: &Trained<'_>,
) -> Result<Prepared, Vec<DataError>> {
    let Trained { columns: known, read, scales, are_bytes: needs_bytes } = *trained;
    let all = |faults: Vec<String>| {
        faults.into_iter().map(|fault| DataError::of(&file.name)(fault)).collect::<Vec<_>>()
    };
    let one = |fault: String| vec![DataError::of(&file.name)(fault)];
    let bytes = unpack(&file.bytes).map_err(one)?;
    let array = match (Kind::of(&bytes), read.map_or(&[][..], |columns| &columns.features)) {
        (Kind::Table, _) => {
            if known.is_empty() {
                return Err(one("is a table, but the network was trained on arrays".to_owned()));
            }
            let delimiter = read.map_or(',', |columns| columns.delimiter);
            let values = table(&bytes, known, delimiter).map_err(all)?;
            let n = values.len() / known.len();
            return arranged(data, &Values::Floats(values), n, scales).map_err(one);
        }
        _ if !known.is_empty() => {
            return Err(one("has arrays, but the network was trained on a table".to_owned()));
        }
        (Kind::Npz, [name]) => npy::read_named(&bytes, name).map_err(one)?,
        (Kind::Npz, _) => {
            return Err(one("is an NPZ file; save its array as an NPY file".to_owned()));
        }
        (Kind::Idx | Kind::Npy, _) => array(&bytes).map_err(one)?,
    };
    let (shape, needed) = (array.shape().map_err(one)?, shape(data));
    if shape != needed {
        return Err(one(format!(
            "has examples of {shape} numbers, but the network was trained on {needed}"
        )));
    }
    let n = array.len();
    let values = array.into_values().map_err(one)?;
    let are_bytes = matches!(values, Values::Bytes(_));
    if are_bytes != needs_bytes {
        let name = |are_bytes: bool| {
            if are_bytes { "bytes from 0 to 255" } else { "numbers that are no bytes" }
        };
        let [own, needed] = [are_bytes, needs_bytes].map(name);
        return Err(one(format!("has {own}, but the network was trained on {needed}")));
    }
    arranged(data, &values, n, scales).map_err(one)
}

/// The examples `first` to `last` of a part, counted from 0, prepared like those of [`prepare`].
///
/// # Errors
/// With what is wrong with the numbers.
pub fn prepare_examples(
    data: &DataConfig,
    examples: &Examples,
    part: PartName,
    [first, last]: [usize; 2],
    scales: &[Scale],
) -> Result<Prepared, String> {
    let indices = (0..).zip(&examples.parts).filter(|(_, own)| **own == part);
    let indices: Vec<u32> = indices.map(|(index, _)| index).collect();
    let Some(chosen) = indices.get(first..=last) else {
        return Err(format!(
            "names the images {first} to {last}; the {} part has the images 0 to {}",
            part.name(),
            indices.len().saturating_sub(1)
        ));
    };
    of_indices(data, &examples.values, chosen, scales)
}

/// Shape of an example before it is pooled.
fn shape(data: &DataConfig) -> Shape {
    match data {
        DataConfig::Pairs(data) => data.image,
        DataConfig::Examples(data) => data.input,
    }
}

fn arranged(
    data: &DataConfig,
    values: &Values,
    n: usize,
    scales: &[Scale],
) -> Result<Prepared, String> {
    if n == 0 {
        return Err("has no example".to_owned());
    }
    let indices: Vec<u32> = (0..).take(n).collect();
    of_indices(data, values, &indices, scales)
}

/// Examples of `values`, as the inputs of a network.
fn of_indices(
    data: &DataConfig,
    values: &Values,
    indices: &[u32],
    scales: &[Scale],
) -> Result<Prepared, String> {
    let (pooling, n_inputs) = match data {
        DataConfig::Pairs(data) => (data.pooling, 2),
        DataConfig::Examples(data) => (data.pooling, 1),
    };
    let n = indices.len();
    if !n.is_multiple_of(n_inputs) {
        return Err(format!(
            "has {n} images; the network compares pairs, so it needs an even number"
        ));
    }
    let of_input = |input: usize| {
        let own: Vec<u32> = indices.iter().skip(input).step_by(n_inputs).copied().collect();
        let mut values = pooled(values, shape(data), &own, pooling);
        standardize(&mut values, scales);
        values
    };
    Ok(Prepared { n: n / n_inputs, inputs: (0..n_inputs).map(of_input).collect() })
}

/// The values of a table, row by row, in the order of the columns of the training.
fn table(bytes: &[u8], known: &[Column], delimiter: char) -> Result<Vec<f32>, Vec<String>> {
    let Opened { mut reader, header, lines } = open(bytes, delimiter)?;
    let names: Vec<&str> = header.iter().collect();
    let mut faults = Faults::default();
    let mut places: Vec<(usize, Vec<&Column>)> = Vec::new();
    for columns in known.chunk_by(|a, b| a.name == b.name) {
        let name = columns[0].name.as_str();
        match names.iter().filter(|own| **own == name).count() {
            0 => faults.add(format!(
                "has no column `{name}`, which the network was trained on; {}",
                suggestion(name, &names)
            )),
            1 => {
                let place = names.iter().position(|own| *own == name).unwrap_or(0);
                places.push((place, columns.iter().collect()));
            }
            n => faults.add(format!("has {n} columns with the name `{name}`")),
        }
    }
    faults.into_result(())?;
    let (mut faults, mut values) = (Faults::default(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.add(unreadable(&error, &lines));
                break;
            }
        };
        let line = record.position().map_or(0, |place| lines.at(place.byte()));
        for (place, columns) in &places {
            match cell(&record[*place], columns) {
                Ok(cell) => values.extend(cell),
                Err(fault) => {
                    let name = names[*place];
                    faults.add_in(name, "", format!("has {fault} in line {line}, column `{name}`"));
                }
            }
        }
    }
    faults.into_result(values)
}

/// The values of a cell: its number, or 1 for its level and 0 for the others.
fn cell(text: &str, columns: &[&Column]) -> Result<Vec<f32>, String> {
    if MISSING.contains(&text) {
        return Err("no value".to_owned());
    }
    let levels: Vec<&str> = columns.iter().filter_map(|own| own.level.as_deref()).collect();
    if levels.is_empty() {
        let number = text.parse::<f32>().ok().filter(|number| number.is_finite());
        return match number {
            Some(number) => Ok(vec![number]),
            None => Err(format!("`{}`, which is no number,", text.escape_debug())),
        };
    }
    if !levels.contains(&text) {
        let text = text.escape_debug();
        let hint = suggestion(&text.to_string(), &levels);
        return Err(format!("`{text}`, a word that the training did not have ({hint}),"));
    }
    Ok(levels.iter().map(|level| f32::from(u8::from(*level == text))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        [("x", None), ("soil", Some("clay")), ("soil", Some("sand")), ("y", None)]
            .map(|(name, level)| Column { name: name.to_owned(), level: level.map(str::to_owned) })
            .to_vec()
    }

    #[test]
    fn columns_are_found_by_name_and_words_become_1_and_0() {
        let text = "y,other,soil,x\n2,?,sand,1\n4,a,clay,3\n";
        let values = table(text.as_bytes(), &columns(), ',');
        assert_eq!(values, Ok(vec![1.0, 0.0, 1.0, 2.0, 3.0, 1.0, 0.0, 4.0]));
    }

    #[test]
    fn each_fault_has_its_line_and_its_column() {
        let faults = |text: &str| table(text.as_bytes(), &columns(), ',').unwrap_err();
        let missing = faults("a,b\n1,2\n");
        assert_eq!(missing.len(), 3, "{missing:?}");
        assert!(missing[0].starts_with("has no column `x`, which the network was trained on; "));
        let found = faults("x,soil,y\n1,clay,NA\nsome,gravel,2\n");
        assert_eq!(found[0], "has no value in line 2, column `y`");
        assert_eq!(found[1], "has `some`, which is no number, in line 3, column `x`");
        assert!(found[2].starts_with("has `gravel`, a word that the training did not have ("));
        assert!(found[2].ends_with("), in line 3, column `soil`"), "{}", found[2]);
        let other = faults("x;y\n1;2\n");
        assert!(other[0].contains("write `delimiter = ';'`"), "{other:?}");
        assert_eq!(faults("x,x,soil,y\n"), ["has 2 columns with the name `x`"]);
    }
}
