//! The report of a bundle.

use crate::context::Build;
use crate::pipeline::pdf::has_printed_pdf;
use crate::pipeline::{Error, Project, Report, WHOLE, render, snapshot_in};
use crate::plan::Plan;

/// The report that `report build` without options would write in the directory of a project. Also returns whether
/// there is a PDF file that was printed from another page. Such a file is left out. Writes nothing.
///
/// # Errors
/// If it cannot be rendered.
pub fn plain_report(project: &Project, plan: &Plan) -> Result<(Report, bool), Error> {
    let out = project.root.join(WHOLE);
    let before = snapshot_in(&out).ok().flatten();
    let render = |has_pdf| {
        let build = Build { command: "report build", options: "", has_pdf };
        let report = render(project, plan, build, before.as_ref())?;
        report.check_links(project, &out)?;
        Ok(report)
    };
    let has_pdf = has_printed_pdf(&out);
    let mut report = render(has_pdf)?;
    match has_pdf && !report.add_pdf(project, &out, None)? {
        true => Ok((render(false)?, true)),
        false => Ok((report, false)),
    }
}
