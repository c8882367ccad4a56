//! What a report says, before its prose is rendered: results, figures and data from the records of a plan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::images::{self, Image};
use super::pdf::PDF;
use super::report::{Report, of_report};
use super::snapshot::{SNAPSHOT, snapshot_in};
use super::{Error, PaperFile, Project, WHOLE, drawing};
use crate::claim::{self, JudgedClaim};
use crate::context::{Build, Context};
use crate::diff::{Changes, Snapshot};
use crate::digest::Digest;
use crate::export;
use crate::figure;
use crate::paper::Names;
use crate::plan::Plan;
use crate::render::{self, FileLink};
use crate::summary::{self, Summary};
use crate::table::{self, TableItem};

/// Everything that a report shows but its prose. It does not depend on the templates, so several texts can be rendered
/// with it.
#[derive(Debug)]
pub struct Findings {
    context: Arc<Context>,
    /// The numbers and verdicts, as data.
    snapshot: Snapshot,
    /// Files of the previous report.
    files_before: Vec<String>,
    /// SVG of each figure by its name.
    drawn: Vec<(String, String)>,
    /// The files of `data/`.
    data: Vec<(String, String)>,
    /// Characters that LaTeX files show as codes, by name of the table.
    coded: Vec<(String, BTreeSet<char>)>,
    /// The digests of the runs.
    runs: Vec<Digest>,
    has_pdf: bool,
}

/// What is computed from the records of a plan.
struct Results {
    summary: Summary,
    tables: Vec<TableItem>,
    claims: Vec<JudgedClaim>,
}

fn results(project: &Project, plan: &Plan) -> Result<Results, Error> {
    let PaperFile { paper, tables: requests, claims, .. } = &project.file;
    let experiments = &project.experiments;
    let summary = summary::summarize(paper, experiments, plan);
    let names = Names { paper, experiments };
    let evidence = table::Results { names, summary: &summary, requests };
    let tables = table::tabulate(&evidence);
    let claims = claim::judge(claims, &evidence, &tables).map_err(Error::Claim)?;
    Ok(Results { summary, tables, claims })
}

/// The values that templates get from the records in `plan`.
///
/// # Errors
/// If plotters fails, or a claim cannot be decided.
pub fn context(project: &Project, plan: &Plan, build: Build<'_>) -> Result<Context, Error> {
    gather(project, plan, results(project, plan)?, Changes::default(), build)
}

fn gather(
    project: &Project,
    plan: &Plan,
    results: Results,
    changes: Changes,
    build: Build<'_>,
) -> Result<Context, Error> {
    let Results { summary, tables, claims } = results;
    let drawn = drawing::draw_all(project, plan, &summary);
    let drawn = drawn.map_err(|error| error.with_texts(&project.texts()))?;
    let figures = project.file.figures.iter().zip(drawn).map(|(figure, drawings)| {
        (figure, drawings, project.file.covers(&figure.name).unwrap_or_default())
    });
    let names = Names { paper: &project.file.paper, experiments: &project.experiments };
    Ok(Context {
        note: project.note.clone(),
        sources: project.texts(),
        inputs: project.input_texts(),
        changes,
        ..Context::gather(names, plan, summary, tables, claims, figures.collect(), build)
    })
}

/// The numbers and verdicts of a report of the records in `plan`, to compare it with another
/// report.
///
/// # Errors
/// If a claim cannot be decided.
pub fn snapshot(project: &Project, plan: &Plan) -> Result<Snapshot, Error> {
    let Results { tables, claims, .. } = results(project, plan)?;
    Ok(Snapshot::of(&project.file.paper.title, &tables, &claims))
}

/// What the report of the records in `plan` says. `before` is the snapshot of the previous report. Works without records
/// too, to find mistakes in templates before the training.
///
/// # Errors
/// If a figure cannot be drawn, or a claim cannot be decided.
pub fn findings(
    project: &Project,
    plan: &Plan,
    build: Build<'_>,
    before: Option<&Snapshot>,
) -> Result<Findings, Error> {
    let results = results(project, plan)?;
    let title = &project.file.paper.title;
    let snapshot = Snapshot::of(title, &results.tables, &results.claims).after(before);
    let coded = results.tables.iter().map(|item| (item.name.clone(), export::coded(item)));
    let coded = coded.filter(|(_, characters)| !characters.is_empty()).collect();
    let (summary, drawn) = (&results.summary, project.file.drawn());
    let names = Names { paper: &project.file.paper, experiments: &project.experiments };
    let data = export::files(names, (summary, plan), &results.tables, &drawn);
    let context = gather(project, plan, results, snapshot.changes.clone(), build)?;
    let drawn = context.figures.iter();
    let drawn = drawn.filter_map(|(name, f)| Some((name.clone(), f.drawings.first()?.svg.clone())));
    Ok(Findings {
        drawn: drawn.collect(),
        context: Arc::new(context),
        files_before: before.map_or_else(Vec::new, |before| before.files.clone()),
        snapshot,
        data,
        coded,
        runs: plan.records.keys().copied().collect(),
        has_pdf: build.has_pdf,
    })
}

impl Findings {
    /// The report with the prose of the templates of `project`.
    ///
    /// # Errors
    /// If a template cannot be rendered, or an image cannot be read.
    pub fn render(&self, project: &Project) -> Result<Report, Error> {
        let Self { drawn, files_before, .. } = self;
        let rendered = render::render(&project.templates, &self.context);
        let rendered =
            rendered.map_err(|errors| Error::of_templates(&errors, &project.templates))?;
        let written = match rendered.images.is_empty() {
            true => Vec::new(),
            false => snapshot_in(&project.root.join(WHOLE))
                .ok()
                .flatten()
                .map_or_else(Vec::new, |s| s.files),
        };
        let sources = images::Sources { project, drawn, written: &written };
        let images = images::read_all(&rendered.images, sources)?;
        let embedded: Vec<_> = images.iter().map(Image::embedded).collect();
        let whole = render::with_images(&rendered.html, &embedded);
        let pages = rendered.pages.iter();
        let mut pages: Vec<_> = pages
            .map(|page| (PathBuf::from(&page.file), render::with_images(&page.html, &embedded)))
            .collect();
        let first = match pages.is_empty() {
            true => (PathBuf::from(render::FIRST), whole.clone()),
            false => pages.remove(0),
        };
        let svgs =
            drawn.iter().map(|(name, svg)| (drawing::path(name, "svg"), figure::with_theme(svg)));
        let data =
            self.data.iter().map(|(name, text)| (Path::new("data").join(name), text.clone()));
        let mut files: Vec<_> = svgs.chain(data).chain(pages).collect();
        let pngs = drawn.iter().map(|(name, _)| drawing::path(name, "png"));
        let listed = files.iter().map(|(path, _)| path.clone()).chain(pngs);
        let copied = images.iter().filter(|image| image.source.is_some());
        let listed = listed.chain(copied.map(|image| PathBuf::from(&image.path)));
        let listed = listed.chain(self.has_pdf.then(|| PathBuf::from(PDF)));
        let mut snapshot = self.snapshot.clone();
        snapshot.files = listed.map(|path| path.to_string_lossy().into_owned()).collect();
        let is_foreign =
            |link: &FileLink| link.path != SNAPSHOT && !snapshot.files.contains(&link.path);
        let links = rendered.files.into_iter().filter(is_foreign).collect();
        let gone = files_before.iter().filter(|file| !snapshot.files.contains(file));
        let gone = gone.filter_map(|file| of_report(file)).collect();
        files.push((PathBuf::from("report.md"), rendered.markdown));
        files.push(first);
        Ok(Report {
            about: rendered.about,
            drawn: drawn.clone(),
            files,
            whole,
            files_before: files_before.clone(),
            images,
            pdf: None,
            gone,
            snapshot,
            runs: self.runs.clone(),
            coded: self.coded.clone(),
            unused: rendered.unused,
            unused_keys: rendered.unused_keys,
            citations: rendered.warnings,
            links,
        })
    }
}

/// Renders the report of the records in `plan`. `before` is the snapshot of the previous report.
/// Works without records too, to find mistakes in templates before the training.
///
/// # Errors
/// If a template cannot be rendered.
pub fn render(
    project: &Project,
    plan: &Plan,
    build: Build<'_>,
    before: Option<&Snapshot>,
) -> Result<Report, Error> {
    findings(project, plan, build, before)?.render(project)
}
