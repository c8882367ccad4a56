//! The last steps of a build: records → what templates see → files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Error, Project, drawing};
use crate::cache::Cache;
use crate::digest::Digest;
use crate::figure;
use crate::fs;
use crate::plan::Plan;
use crate::render::{self, Build, Context, Drawing, Snapshot, Sources, Templates};
use crate::summary::{self, Summary};

/// A report that is rendered and not yet written.
#[derive(Debug)]
pub struct Report {
    /// Files by their path in the report's directory; the two that a reader opens come last.
    files: Vec<(PathBuf, String)>,
    /// Drawings by name of their figure, to be drawn as PNG.
    drawn: Vec<(String, String)>,
    /// Files that the report before it had and that it has no more.
    gone: Vec<PathBuf>,
    /// What it says, as data.
    snapshot: String,
    /// The runs that it shows.
    runs: Vec<Digest>,
}

/// What templates see of the records in `plan`.
///
/// # Errors
/// If polars or plotters refuse, or the expression of a claim cannot be evaluated.
pub fn context(project: &Project, plan: &Plan, build: Build<'_>) -> Result<Context, Error> {
    let summary = summarize(project, plan)?;
    let figures = drawing::draw_all(project, plan, &summary)?;
    gather(project, plan, &summary, &figures, build)
}

fn summarize(project: &Project, plan: &Plan) -> Result<Arc<Summary>, Error> {
    let summary = summary::summarize(&project.paper, &project.experiments, plan);
    Ok(Arc::new(summary.map_err(Error::Summary)?))
}

fn gather(
    project: &Project,
    plan: &Plan,
    summary: &Arc<Summary>,
    figures: &[Vec<Drawing>],
    build: Build<'_>,
) -> Result<Context, Error> {
    let context = Context::gather(Sources {
        paper: &project.paper,
        experiments: &project.experiments,
        plan,
        summary,
        figures,
        note: &project.note,
        build,
        files: &project.sources,
    });
    context.map_err(Error::Render)
}

/// What a report of the records in `plan` says, to compare it with another.
///
/// # Errors
/// If the expression of a claim cannot be evaluated.
pub fn snapshot(project: &Project, plan: &Plan) -> Result<Snapshot, Error> {
    let build = Build { command: "", options: "", workers: 0 };
    // Of figures it says nothing.
    let context = gather(project, plan, &summarize(project, plan)?, &[], build)?;
    Ok(Snapshot::of(&context))
}

/// Where a report keeps what it says, within its directory.
pub const SNAPSHOT: &str = "data/report.json";

/// What the report in `out` says; none if there is none.
///
/// # Errors
/// If it is there, but cannot be read, or is not as this version writes it.
pub fn snapshot_in(out: &Path) -> Result<Option<Snapshot>, Error> {
    let path = out.join(SNAPSHOT);
    let Some(bytes) = fs::read_if_there(&path).map_err(Error::Input)? else { return Ok(None) };
    let snapshot = str::from_utf8(&bytes).ok().and_then(Snapshot::read);
    snapshot.map(Some).ok_or_else(|| Error::Request {
        message: format!("`{}` is damaged, or of another version of `report`", path.display()),
        hint: "build that report again; its numbers come from the records".to_owned(),
    })
}

/// Renders the report of the records in `plan`, which follows the one that said `before`. It works
/// without any record too, so that a fault in a template shows before anything is trained.
///
/// # Errors
/// If a template cannot be rendered.
pub fn render(
    project: &Project,
    plan: &Plan,
    build: Build<'_>,
    before: Option<&Snapshot>,
) -> Result<Report, Error> {
    let mut context = context(project, plan, build)?;
    let mut snapshot = Snapshot::of(&context).after(before);
    context.changes = snapshot.changes.clone();
    let context = Arc::new(context);
    let templates = Templates { paper: &project.prose, page: &project.page };
    let rendered = render::render(templates, &context).map_err(Error::Render)?;

    let drawn = context.figures.iter();
    let drawn: Vec<(String, String)> = drawn
        .filter_map(|(name, f)| Some((name.clone(), f.drawings.first()?.svg.clone())))
        .collect();
    let svgs =
        drawn.iter().map(|(name, svg)| (drawing::path(name, "svg"), figure::with_theme(svg)));
    let data = render::data(&context).into_iter();
    let data = data.map(|(name, text)| (Path::new("data").join(name), text));
    let mut files: Vec<_> = svgs.chain(data).collect();
    let pngs = drawn.iter().map(|(name, _)| drawing::path(name, "png"));
    let listed = files.iter().map(|(path, _)| path.clone()).chain(pngs);
    snapshot.files = listed.map(|path| path.to_string_lossy().into_owned()).collect();
    let files_before = before.map_or(&[][..], |before| &before.files);
    let gone = files_before.iter().filter(|file| !snapshot.files.contains(file));
    let gone = gone.filter_map(|file| of_report(file)).collect();
    files.push((PathBuf::from("report.md"), rendered.markdown));
    files.push((PathBuf::from("report.html"), rendered.html));
    let runs = plan.records.keys().copied().collect();
    Ok(Report { drawn, files, gone, snapshot: snapshot.write(), runs })
}

/// The path of a file that a report names as its own, if it can be: in one of its two folders.
fn of_report(file: &str) -> Option<PathBuf> {
    let (folder, name) = file.split_once('/')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let is_own = ["data", "figures"].contains(&folder)
        && !name.is_empty()
        && !name.starts_with('.')
        && file != SNAPSHOT
        && name.chars().all(is_plain);
    is_own.then(|| Path::new(folder).join(name))
}

/// Makes sure that a report can be written into `out`, and records, before anything is trained.
///
/// # Errors
/// If it cannot.
pub fn check_writable(project: &Project, out: &Path) -> Result<(), Error> {
    fs::check_writable(out).map_err(Error::File)?;
    Cache::new(&project.root).check_writable().map_err(Error::File)
}

impl Report {
    /// Writes the files into `out`, all or none; returns the two that a reader opens.
    ///
    /// # Errors
    /// If a figure cannot be drawn, or a file not be written.
    pub fn write(&self, project: &Project, out: &Path) -> Result<Vec<PathBuf>, Error> {
        let pngs = drawing::pngs(&self.drawn)?;
        let pngs = pngs.iter().map(|(path, bytes)| (out.join(path), &bytes[..]));
        let files = self.files.iter().map(|(path, text)| (out.join(path), text.as_bytes()));
        let files: Vec<_> = pngs.chain(files).collect();
        fs::write_all_atomic(&files).map_err(Error::File)?;
        for path in &self.gone {
            fs::remove(&out.join(path)).map_err(Error::File)?;
        }
        // The last, as the next build finds by it what this one had to remove.
        fs::write_atomic(&out.join(SNAPSHOT), self.snapshot.as_bytes()).map_err(Error::File)?;
        fs::sweep(out);
        fs::sweep(&out.join("figures"));
        fs::sweep(&out.join("data"));
        if !self.runs.is_empty() {
            Cache::new(&project.root).store_reported(out, &self.runs).map_err(Error::File)?;
        }
        let read_first = &self.files[self.files.len() - 2..];
        Ok(read_first.iter().map(|(path, _)| out.join(path)).collect())
    }
}
