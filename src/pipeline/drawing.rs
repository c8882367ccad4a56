//! Draws the figures of the paper: selects the data of each kind, and describes the figure in words
//! for screen readers.

mod confusion;
mod curves;
mod diagram;
mod dots;
mod remarks;
mod scatter;

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use curves::CurveData;

use super::{Error, Project};
use crate::context::Drawing;
use crate::figure::{self, Marks};
use crate::format;
use crate::fs;
use crate::paper::{Figure, FigureKind};
use crate::plan::Plan;
use crate::summary::Summary;

/// The drawings of each figure of the paper, in the order of the paper.
///
/// # Errors
/// Returns an error if a figure would not be readable, or cannot be drawn.
pub(super) fn draw_all(
    project: &Project,
    plan: &Plan,
    summary: &Summary,
) -> Result<Vec<Vec<Drawing>>, Error> {
    let draw = |figure: &Figure| match &figure.kind {
        FigureKind::Diagram { experiments } => {
            Ok(vec![diagram::drawing(project, experiments, figure)?])
        }
        FigureKind::LearningCurves { curves, is_log, selection, differs } => {
            let is_log = *is_log;
            let data = CurveData { project, plan, summary, is_log, selection, differs, figure };
            data.drawings(curves)
        }
        FigureKind::Confusion { selection } => {
            Ok(vec![confusion::drawing(project, summary, selection, figure)?])
        }
        FigureKind::Scatter(scatter) => {
            Ok(vec![scatter::drawing(project, summary, scatter, figure)?])
        }
        FigureKind::Seeds { table } => {
            dots::drawings(project, summary, (table, Marks::Dots), figure)
        }
        FigureKind::Bars { table, has_dots } => {
            let marks = if *has_dots { Marks::BarsAndDots } else { Marks::Bars };
            dots::drawings(project, summary, (table, marks), figure)
        }
    };
    let drawn: Vec<_> = project.file.figures.par_iter().map(draw).collect();
    // The first error in order, whatever thread meets one first.
    drawn.into_iter().collect()
}

/// Pixels of a PNG file per unit of its SVG: sharp on dense screens, and 192 pixels per inch in
/// print.
const SCALE: f32 = 2.0;

/// The path of the first drawing of a figure in the directory of the report.
pub(super) fn path(name: &str, kind: &str) -> PathBuf {
    Path::new("figures").join(format!("{name}.{kind}"))
}

/// Draws the PNG files that the report in `out` lacks, or whose SVG has changed. `drawn` has the
/// name and the SVG of each figure.
pub(super) fn missing_pngs(
    drawn: &[(String, String)],
    out: &Path,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let is_missing = |(name, svg): &&(String, String)| {
        // A file that cannot be read is drawn again.
        let file = fs::read_if_there(&out.join(path(name, "png"))).ok().flatten();
        !file.is_some_and(|file| figure::is_png_of(&file, svg, SCALE))
    };
    pngs(drawn.iter().filter(is_missing))
}

/// Draws the PNG files of these figures, given by name and SVG.
pub(super) fn pngs<'d>(
    drawn: impl Iterator<Item = &'d (String, String)>,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let draw = |drawing: &&(String, String)| {
        let (name, svg) = *drawing;
        Ok((path(name, "png"), figure::png(svg, SCALE).map_err(Error::Figure)?))
    };
    let drawn: Vec<_> = drawn.collect();
    drawn.par_iter().map(draw).collect::<Vec<_>>().into_iter().collect()
}

/// Characters in backticks.
pub(super) fn listed<'c>(characters: impl IntoIterator<Item = &'c char>) -> String {
    let shown = |c: &char| format!("`{}`", format::visible(&c.to_string()));
    characters.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A warning for each figure whose PNG file shows boxes instead of some characters.
pub(super) fn warnings(drawn: &[(String, String)]) -> Vec<String> {
    let warning = |(name, svg): &(String, String)| {
        let missing = figure::missing_characters(svg);
        (!missing.is_empty()).then(|| {
            format!(
                "figures/{name}.png shows a box for {}: its font lacks this character; the page and \
                 figures/{name}.svg show it",
                listed(&missing)
            )
        })
    };
    drawn.iter().filter_map(warning).collect()
}
