//! The text of a table, whose rows are not read yet.

use super::faults::unreadable;
use super::lines::Lines;
use super::packed::something_else;
use super::quotes;

/// The text of a table.
pub(super) struct Opened<'o> {
    /// Reads the rows after the first one.
    pub(super) reader: csv::Reader<&'o [u8]>,
    /// The first row.
    pub(super) header: csv::StringRecord,
    /// The lines of the text.
    pub(super) lines: Lines<'o>,
}

/// Opens the text of a table.
///
/// # Errors
/// With what is wrong, as phrases that follow the name of the file.
pub(super) fn open(bytes: &[u8], delimiter: char) -> Result<Opened<'_>, Vec<String>> {
    if let Some(what) = something_else(bytes) {
        return Err(vec![what.to_owned()]);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines = Lines::new(bytes);
    if let Some(fault) = quotes::fault(bytes, delimiter as u8, &lines) {
        return Err(vec![fault]);
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter as u8)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = reader.headers().map_err(|error| vec![unreadable(&error, &lines)])?.clone();
    let names: Vec<&str> = header.iter().collect();
    let other_delimiter = [',', ';', '\t', '|']
        .into_iter()
        .find(|other| *other != delimiter && names.len() == 1 && names[0].contains(*other));
    if let Some(other) = other_delimiter {
        return Err(vec![format!(
            "has one column, `{}`; write `delimiter = {other:?}` if `{}` separates its values",
            names[0],
            other.escape_default()
        )]);
    }
    if names[0].starts_with("sep=") {
        return Err(vec![format!(
            "begins with `{}`, which only Excel reads; remove this line",
            names[0]
        )]);
    }
    Ok(Opened { reader, header, lines })
}
