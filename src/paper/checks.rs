//! Whether the selected conditions have what is asked of them.

use super::keys::differs_note;
use super::vocabulary::Lacking;
use super::{Metric, Reduction, ScoreSource, Selection, Vocabulary};
use crate::document::Reader;
use crate::experiment::{Design, Recorded};
use crate::run::{Curve, EarlyStopping, Moment};

/// Refuses a metric that a selected condition has no score by.
pub fn check_measured(
    reader: &Reader<'_>,
    key: &str,
    metric: Option<&Metric>,
    selection: &Selection,
    words: &Vocabulary<'_>,
) {
    let Some(metric) = metric.filter(|_| reader.is_sound()) else { return };
    let what = format!("`{}`", metric.name);
    if let ScoreSource::Value(_) = metric.source
        && let Some(experiment) = words.find(selection, |design| design.program().is_some())
    {
        let message = format!("{what} is a number of networks, but `{experiment}` is of a program");
        reader.refuse(key, message);
    }
    for curve in metric.curves() {
        check_curve(reader, key, &what, curve, selection, words);
    }
    if let ScoreSource::Curve(_, Reduction::Selected(by)) = metric.source
        && !reader.is_sound()
    {
        let message = format!(
            "{what} chooses the epoch by `{}`; `by` in the metric names another curve of the validation part",
            by.name
        );
        reader.refuse(key, message);
    }
    let has_none = |design: &Design| early_stopping(design).is_none();
    if metric.needs_early_stopping()
        && let Some(experiment) = words.find(selection, has_none)
    {
        let message = format!("{what} needs early stopping, but `{experiment}` has none");
        reader.refuse(key, message);
    }
    let restores =
        |design: &Design| early_stopping(design).is_some_and(|stopping| stopping.restore_best);
    if let ScoreSource::Curve(curve, Reduction::Last) = metric.source
        && curve.moment == Moment::Before
        && let Some(experiment) = words.find(selection, restores)
    {
        let message = format!(
            "{what} is the last value of `{}`, which is measured before each epoch, but `{experiment}` goes back to \
             its best epoch, measured after it",
            curve.name
        );
        reader.refuse(key, message);
    }
}

fn early_stopping(design: &Design) -> Option<&EarlyStopping> {
    design.network()?.train.early_stopping.as_ref()
}

/// Refuses a curve that the runs of a selected condition do not record. `what` needs the curve.
pub fn check_curve(
    reader: &Reader<'_>,
    key: &str,
    what: &str,
    curve: &Curve,
    selection: &Selection,
    words: &Vocabulary<'_>,
) {
    check_meaning(reader, key, what, curve, &[selection], words);
    if let Some(Lacking { experiment, task, why }) = words.lacking(curve, selection) {
        let message = match why {
            Recorded::Yes => return,
            Recorded::Undeclared if task == "program" => format!(
                "{what} needs `{}`, which `metrics` of `{experiment}` does not declare in this direction and unit",
                curve.name
            ),
            Recorded::Undeclared => {
                format!(
                    "{what} needs `{}`, which a {task} such as `{experiment}` does not record",
                    curve.name
                )
            }
            Recorded::NeedsValidation(key_of_validation) => format!(
                "{what} needs a validation part, but `{experiment}` has none (`{key_of_validation}`)"
            ),
            Recorded::NeedsSchedule => {
                format!("{what} needs a schedule of the learning rate, but `{experiment}` has none")
            }
        };
        reader.refuse(key, message);
    }
}

/// Refuses a curve whose values are of different things in the selected conditions. `what` reads the curve.
pub fn check_meaning(
    reader: &Reader<'_>,
    key: &str,
    what: &str,
    curve: &Curve,
    selections: &[&Selection],
    words: &Vocabulary<'_>,
) {
    let meanings = words.meanings(curve, selections);
    if let Some(note) = differs_note(&meanings).filter(|_| reader.is_sound()) {
        let message = format!(
            "{what} reads `{}`, which is not the same number in all selected conditions: {}; select alike conditions, \
             or read another curve",
            curve.name,
            note.trim_end_matches('.')
        );
        reader.refuse(key, message);
    }
}
