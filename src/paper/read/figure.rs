//! Figures of a paper file.

use super::table::of_levels;
use super::{check_level, choice, curves, read_item_name, read_known, read_selection};
use crate::document::Reader;
use crate::paper::{EXPERIMENT, Figure, FigureKind, Table, Vocabulary};

/// Reads a figure; `tables` are those that it may refer to.
pub(super) fn read(
    reader: Reader<'_>,
    words: &Vocabulary<'_>,
    tables: Option<&[Table]>,
) -> Option<(String, Figure)> {
    let name = read_item_name(&reader, words);
    let caption = reader.required::<String>("caption");
    let kind = reader.required::<String>("kind")?;
    let kind = match kind.as_str() {
        "diagram" => {
            let experiments = reader.required::<Vec<String>>("experiments");
            for experiment in experiments.iter().flatten() {
                check_level(&reader, "experiments", EXPERIMENT, experiment, words);
            }
            experiments.map(|experiments| FigureKind::Diagram { experiments })
        }
        "learning-curves" => {
            let curve = choice(&reader, "curve", &curves());
            let selection = read_selection(&reader, words);
            curve.map(|curve| FigureKind::LearningCurves { curve, selection })
        }
        "seeds" => {
            let with_levels = tables.map(|tables| of_levels(tables));
            let table = read_known(&reader, "table", with_levels.as_deref(), "table");
            table.map(|table| FigureKind::Seeds { table })
        }
        other => {
            let message =
                format!("must be `diagram`, `learning-curves` or `seeds`, but is `{other}`");
            reader.refuse("kind", message);
            None
        }
    };
    let location = reader.location().clone();
    reader.finish();
    let figure = Figure { name: name?, caption: caption?, kind: kind?, location };
    Some((figure.name.clone(), figure))
}
