//! The steps of a build up to the report, each done again only if it is stale.

use std::path::{Path, PathBuf};

use super::watch::Stale;
use crate::context::Build;
use crate::pipeline::{self, Error, Findings, Keep, Overrides, Project, Report, WHOLE};
use crate::plan::Plan;
use crate::run::DeviceKind;

/// What the command line says of all papers.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it changes about the experiments.
    pub overrides: Overrides,
    /// The kind of device that computes runs.
    pub device: DeviceKind,
    /// The command that builds the same report, and its options.
    pub command: String,
    /// The options of this command that others need too, each after a space.
    pub options: String,
}

/// A paper as it was read last.
#[derive(Debug, Default)]
pub(super) struct Edition {
    /// What must be done again: what has changed, and what a mistake has stopped.
    stale: Stale,
    /// Whether the report must be rendered again.
    is_unrendered: bool,
    project: Option<Project>,
    plan: Option<Plan>,
    findings: Option<Findings>,
}

impl Edition {
    /// Notes that something has changed.
    pub(super) fn note(&mut self, stale: Stale) {
        self.stale = self.stale.or(stale);
    }

    /// The project and its plan, as far as they could be read.
    pub(super) fn plan(&self) -> Option<(&Project, &Plan)> {
        self.project.as_ref().zip(self.plan.as_ref())
    }

    /// Reads the files that have changed, and plans the runs.
    ///
    /// # Errors
    /// If a file has a mistake. The same steps are done again the next time.
    pub(super) fn read(&mut self, root: &Path, setting: &Setting) -> Result<(), Error> {
        if self.stale.inputs || self.project.is_none() {
            (self.project, self.plan, self.findings) = (None, None, None);
            self.project = Some(pipeline::load(root, &setting.overrides)?);
            // All files were read.
            self.stale = Stale { records: true, ..Stale::default() };
        }
        let Some(project) = &mut self.project else { return Ok(()) };
        if self.stale.prose {
            project.read_templates()?;
            self.stale.prose = false;
            self.is_unrendered = true;
        }
        if self.stale.records || self.plan.is_none() {
            self.plan = Some(pipeline::plan(project, setting.device, Keep::Extracts)?);
            self.findings = None;
            self.stale.records = false;
        }
        Ok(())
    }

    /// The report of what was read, if it is another one than before.
    ///
    /// # Errors
    /// If it cannot be rendered.
    pub(super) fn render(&mut self, setting: &Setting) -> Result<Option<Report>, Error> {
        let Some((project, plan)) = self.project.as_ref().zip(self.plan.as_ref()) else {
            return Ok(None);
        };
        let out: PathBuf = project.root.join(WHOLE);
        if self.findings.is_none() {
            let Setting { command, options, .. } = setting;
            let build = Build { command, options, has_pdf: false };
            // Without an old snapshot, the report has no list of changes.
            let before = pipeline::snapshot_in(&out).ok().flatten();
            self.findings = Some(pipeline::findings(project, plan, build, before.as_ref())?);
            self.is_unrendered = true;
        }
        match &self.findings {
            Some(findings) if self.is_unrendered => {
                let report = findings.render(project)?;
                report.check_links(project, &out)?;
                self.is_unrendered = false;
                Ok(Some(report))
            }
            _ => Ok(None),
        }
    }
}
