//! The report that a build writes.

use std::path::Path;
use std::time::Duration;

use super::results;
use super::terminal::{alert, data, message};
use crate::context::Build;
use crate::diff::Snapshot;
use crate::format::{chain, runs};
use crate::pipeline::{self, Browser, Error, Keep, Project, Report};
use crate::plan::Plan;
use crate::run::DeviceKind;

/// The report that a build writes.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub(super) project: &'t Project,
    pub(super) build: Build<'t>,
    /// Its directory.
    pub(super) out: &'t Path,
    /// The snapshot of the report that was there before.
    pub(super) before: Option<&'t Snapshot>,
    /// How long the plan took.
    pub(super) planned_in: Duration,
}

impl Target<'_> {
    pub(super) fn render(&self, plan: &Plan) -> Result<Report, Error> {
        let report = pipeline::render(self.project, plan, self.build, self.before)?;
        report.check_links(self.project, self.out)?;
        Ok(report)
    }

    /// The report. It keeps the PDF file in its directory if that shows this page; else the browser prints one, if
    /// there is a browser. Also returns the failure of the browser.
    pub(super) fn with_pdf(
        &self,
        plan: &Plan,
        browser: Option<Browser>,
    ) -> Result<(Report, Option<Error>), Error> {
        let mut report = self.render(plan)?;
        if !self.build.has_pdf {
            return Ok((report, None));
        }
        let failure = match report.add_pdf(self.project, self.out, browser) {
            Ok(true) => return Ok((report, None)),
            Ok(false) => {
                let path = self.out.join(pipeline::PDF);
                message(&format!(
                    "note: `{}` shows an older report, and is removed; `--pdf` writes it again",
                    path.display()
                ));
                None
            }
            Err(error) => Some(error),
        };
        Ok((self.without_pdf().render(plan)?, failure))
    }

    /// The same report without a PDF file.
    fn without_pdf(&self) -> Self {
        Self { build: Build { has_pdf: false, ..self.build }, ..*self }
    }

    /// Writes the page of the runs that have a record now. Returns what to tell the user.
    pub(super) fn write_early(&self, device: DeviceKind) -> Result<String, Error> {
        let plan = pipeline::plan(self.project, device, Keep::Extracts)?;
        let page = self.without_pdf().render(&plan)?.write_early_page(self.out)?;
        let recorded = plan.runs.iter().filter(|run| plan.state(run).fresh().is_some()).count();
        let total = runs(plan.runs.len());
        Ok(format!("{}: the page so far, with {recorded} of {total}", page.display()))
    }

    /// Writes the report, and ends with the failure of the training, if there was one.
    pub(super) fn write(&self, report: &Report, failure: Option<Error>) -> Result<(), Error> {
        let Target { project, out, .. } = *self;
        let written = report.write(out);
        if written.is_ok()
            && let Err(error) = pipeline::remove_early_page(out)
        {
            alert(&format!("warning: {}", chain(&error)));
        }
        let paths = match written {
            Ok(paths) => paths,
            Err(error) => {
                let Some(failure) = failure else { return Err(error) };
                alert(&format!("error: the report is not written: {}", chain(&error)));
                return Err(failure);
            }
        };
        for path in paths {
            data(&path.display().to_string())?;
        }
        for line in results::lines(report.snapshot(), self.before) {
            message(&line);
        }
        if let Err(error) = report.note(project, out) {
            alert(&format!(
                "warning: {}; `report cache gc` does not know which records this report needs",
                chain(&error)
            ));
        }
        failure.map_or(Ok(()), Err)
    }
}
