//! The paper file: title, labels, metrics, protocols and draws; tables, figures and claims.

use std::collections::BTreeMap;

use crate::claim::{self, Claim};
use crate::document::{Node, Reader, Value, Violation, Violations};
use crate::experiment::Experiment;
use crate::export::Drawn;
use crate::keys;
use crate::paper::keys::{name_of, read_each};
use crate::paper::{Figure, FigureKind, Metric, Paper, Selection, Vocabulary};
use crate::run::Wanted;
use crate::table::{self, ConfusionTable, Scores, TableRequest, of_kind};
use crate::task;
use crate::template::Declared;

/// A validated paper file.
#[derive(Clone, Debug)]
pub struct PaperFile {
    /// Title, labels, metrics, protocols and draws.
    pub paper: Paper,
    /// The tables, in order.
    pub tables: Vec<TableRequest>,
    /// The figures, in order.
    pub figures: Vec<Figure>,
    /// The claims, in order.
    pub claims: Vec<Claim>,
}

impl PaperFile {
    /// Reads a paper file that may refer to `vocabulary`.
    ///
    /// # Errors
    /// With every violation, in order of the lines.
    pub fn read(root: &Node, vocabulary: &Vocabulary<'_>) -> Result<Self, Vec<Violation>> {
        let violations = Violations::of_references(!vocabulary.is_complete());
        let read = Reader::new(root, "", &keys::PAPER, &violations)
            .map(|reader| read(&reader, vocabulary, &violations));
        match read {
            Some(file) if violations.is_empty() => Ok(file),
            _ => Err(violations.into_sorted()),
        }
    }

    /// The names of all items that a file declares, also of those with mistakes.
    #[must_use]
    pub fn declared(root: &Node) -> Declared {
        let Value::Table(file) = &root.value else { return Declared::new() };
        let names = |key: &str| {
            let items = match file.get(key).map(|node| &node.value) {
                Some(Value::Array(items)) => &items[..],
                _ => &[],
            };
            items.iter().filter_map(name_of).map(str::to_owned).collect()
        };
        ["metric", "table", "figure", "claim"].map(|key| (key, names(key))).into()
    }

    /// What its metrics, tables and figures read of the records of these experiments.
    #[must_use]
    pub fn wanted(&self, experiments: &[Experiment]) -> Wanted {
        // Which epoch a run ends with depends on the curve that early stopping watches.
        let conditions = experiments.iter().flat_map(|experiment| &experiment.conditions);
        let watched = conditions.filter_map(|one| {
            let network = one.design.network()?;
            task::monitor(network.task, &network.train)
        });
        let of_metrics = self.paper.metrics.iter().flat_map(Metric::curves);
        let of_figures = self.figures.iter().flat_map(|figure| match &figure.kind {
            FigureKind::LearningCurves { curves, .. } => curves.clone(),
            _ => Vec::new(),
        });
        let curves: BTreeMap<_, _> =
            of_metrics.chain(of_figures).chain(watched).map(|curve| (curve.name, curve)).collect();
        let is_confusion = |figure: &Figure| matches!(figure.kind, FigureKind::Confusion { .. });
        let has_confusion = of_kind::<ConfusionTable>(&self.tables).next().is_some()
            || self.figures.iter().any(is_confusion);
        Wanted { curves: curves.into_values().collect(), has_confusion }
    }

    /// The curves that its figures of learning curves draw, under all protocols.
    #[must_use]
    pub fn drawn(&self) -> Vec<Drawn<'_>> {
        let mut all = Vec::new();
        for figure in &self.figures {
            let FigureKind::LearningCurves { curves, selection, .. } = &figure.kind else {
                continue;
            };
            let under = match curves[..] {
                [curve] => self.paper.protocol_curves(curve),
                _ => Vec::new(),
            };
            let curves = match under.is_empty() {
                true => curves.clone(),
                false => under.into_iter().map(|(_, curve)| curve).collect(),
            };
            all.push(Drawn { curves, selection });
        }
        all
    }

    /// The conditions of a table or figure: those that any of the returned selections contains.
    /// Returns `None` if there is no item of this name.
    #[must_use]
    pub fn covers(&self, item: &str) -> Option<Vec<Selection>> {
        if let Some(table) = self.tables.iter().find(|table| table.name == item) {
            return Some(table.kind.covers(&self.paper));
        }
        let figure = self.figures.iter().find(|figure| figure.name == item)?;
        Some(match &figure.kind {
            FigureKind::Diagram { .. } => Vec::new(),
            FigureKind::LearningCurves { selection, .. } | FigureKind::Confusion { selection } => {
                vec![selection.clone()]
            }
            FigureKind::Scatter(scatter) => vec![scatter.selection.clone()],
            FigureKind::Seeds { table } | FigureKind::Bars { table, .. } => {
                self.covers(table).unwrap_or_default()
            }
        })
    }
}

fn read(reader: &Reader<'_>, vocabulary: &Vocabulary<'_>, violations: &Violations) -> PaperFile {
    let paper = Paper::read(reader, vocabulary);
    // Tables refer to metrics, and figures and claims refer to tables.
    let tables = table::read(reader, vocabulary, &paper);
    let score_tables: Vec<_> = of_kind::<Scores>(&tables).map(|(name, _)| name).collect();
    let figures = read_each(reader, "figure", |reader, _| {
        Figure::read(reader, vocabulary, &paper, &score_tables)
    });
    for figure in &figures {
        if tables.iter().any(|table| table.name == figure.name) {
            let message =
                format!("has the name `{}`, which is also the name of a table", figure.name);
            violations.push(&figure.location, "figure", message);
        }
    }
    let claims = claim::read(reader, vocabulary, &paper, &tables, &figures);
    PaperFile { paper, tables, figures, claims }
}
