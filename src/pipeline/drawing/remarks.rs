//! What is said of figures: runs that are missing, and why a figure cannot be drawn.

use super::super::Error;
use crate::document::Violation;
use crate::experiment::ConditionId;
use crate::figure::FigureError;
use crate::paper::Figure;
use crate::summary::{self, Summary};

/// The error of a figure. A figure with too many items is a mistake in the paper's file.
pub(super) fn unreadable(figure: &Figure, error: FigureError) -> Error {
    match error {
        FigureError::TooMany { .. } | FigureError::TooManyStyles { .. } => {
            invalid(figure, &error, "show fewer of them, or use several figures")
        }
        FigureError::NotPositive(_) => invalid(figure, &error, "remove `scale = \"log\"`"),
        FigureError::Refused(_) => Error::Figure(error),
    }
}

fn invalid(figure: &Figure, error: &FigureError, remedy: &str) -> Error {
    let message = format!("figure `{}` {error}; {remedy}", figure.name);
    let violation = Violation::new(figure.location.clone(), "", message);
    Error::invalid(vec![violation], "", "")
}

/// Why a figure of these conditions shows nothing.
pub(super) fn nothing(summary: &Summary, ids: &[ConditionId]) -> String {
    match summary::runs_of(summary.all(ids)) {
        [0, _] => "There are no runs yet.".to_owned(),
        _ => "No run has a value: they diverged.".to_owned(),
    }
}

/// ` (n: 3/10)` if runs of these conditions are missing; else empty.
pub(super) fn few_runs(summary: &Summary, ids: &[ConditionId]) -> String {
    let [n, expected] = summary::runs_of(summary.all(ids));
    if n < expected { format!(" (n: {n}/{expected})") } else { String::new() }
}
