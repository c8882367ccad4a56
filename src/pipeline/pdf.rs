//! The page as a PDF file, printed by a browser of this machine.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Error;
use crate::digest::Digest;
use crate::fs;
use crate::process::{in_group, is_root, wait};

/// The PDF file of the page, in the directory of a report.
pub const PDF: &str = "report.pdf";

/// A browser that can print a page without a window.
#[derive(Clone, Copy, Debug)]
pub struct Browser {
    program: &'static str,
}

/// The names of Chromium and Chrome, and where macOS has them.
const PROGRAMS: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// How long a browser may take to say its version.
const PATIENCE_AT_START: Duration = Duration::from_secs(10);

/// How long a browser may take to print. A paper takes a few seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// What stands after a PDF file, before the digest of its page: a comment.
const MARK: &str = "\n% printed by report from the page ";

impl Browser {
    /// The first browser that starts.
    ///
    /// # Errors
    /// If there is none.
    pub fn find() -> Result<Self, Error> {
        let starts = |program: &&&str| {
            let mut command = Command::new(program);
            command
                .arg("--version")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let ended =
                in_group(&mut command).spawn().and_then(|child| wait(child, PATIENCE_AT_START));
            ended.is_ok_and(|status| status.is_some_and(|status| status.success()))
        };
        match PROGRAMS.iter().find(starts) {
            Some(program) => Ok(Self { program }),
            None => Err(Error::NoBrowser {
                message: format!(
                    "`--pdf` needs Chromium or Chrome, and none of these programs says its version within {} seconds: {}",
                    PATIENCE_AT_START.as_secs(),
                    PROGRAMS[..5].join(", ")
                ),
            }),
        }
    }

    /// The page as a PDF file, which ends with the digest of the page. The browser gets a directory
    /// of its own in `place`: some browsers may read and write only below the home directory.
    ///
    /// # Errors
    /// If the browser does not start, writes no PDF file, or takes longer than two minutes.
    pub(super) fn print(self, page: &str, place: &Path) -> Result<Vec<u8>, Error> {
        fs::sweep(place);
        let place = fs::temporary_directory(place).map_err(Error::File)?;
        let [source, target] = ["report.html", "report.pdf"].map(|name| place.path().join(name));
        fs::write_atomic(&source, page.as_bytes()).map_err(Error::File)?;
        let failed = |why: String| Error::Browser {
            message: format!("`{}` did not print the page: {why}", self.program),
        };
        let failed_to = |error: std::io::Error| failed(error.to_string());
        let mut log = fs::temporary_file(place.path()).map_err(Error::File)?;
        let mut command = Command::new(self.program);
        command.args(["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"]);
        // As root, the sandbox of these browsers does not start. The page is our own.
        if is_root() {
            command.arg("--no-sandbox");
        }
        command
            .arg(format!("--user-data-dir={}", absolute(&place.path().join("profile")).display()));
        command.arg(format!("--print-to-pdf={}", absolute(&target).display()));
        command.arg(absolute(&source));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(log.try_clone().map_err(failed_to)?);
        let child = in_group(&mut command).spawn().map_err(failed_to)?;
        if wait(child, PATIENCE).map_err(failed_to)?.is_none() {
            return Err(failed(format!("it took longer than {} seconds", PATIENCE.as_secs())));
        }
        match fs::read_if_there(&target).map_err(Error::File)? {
            Some(pdf) if pdf.starts_with(b"%PDF") && pdf.trim_ascii_end().ends_with(b"%%EOF") => {
                Ok([&pdf[..], MARK.as_bytes(), source_of(page).as_bytes(), b"\n"].concat())
            }
            _ => Err(failed(last_line(&mut log))),
        }
    }
}

/// Whether `pdf` was printed from this page. What may differ between two builds of the same results
/// does not count.
pub(super) fn is_pdf_of(pdf: &[u8], page: &str) -> bool {
    let end = [MARK.as_bytes(), source_of(page).as_bytes(), b"\n"].concat();
    pdf.ends_with(&end)
}

/// Whether `out` has a PDF file that a build has printed.
#[must_use]
pub fn has_printed_pdf(out: &Path) -> bool {
    let pdf = fs::read_if_there(&out.join(PDF)).ok().flatten();
    pdf.is_some_and(|pdf| is_printed(&pdf))
}

/// Checks that no file of the user has the name of the PDF file.
///
/// # Errors
/// If one has.
pub fn check_pdf(out: &Path) -> Result<(), Error> {
    let path = out.join(PDF);
    match fs::is_file(&path) && !has_printed_pdf(out) {
        true => Err(Error::Request {
            message: format!("`{}` is not from a build", path.display()),
            hint: "rename this file; a build with `--pdf` writes one of this name".to_owned(),
        }),
        false => Ok(()),
    }
}

/// Whether a build has printed `pdf`. Any other file belongs to the user.
fn is_printed(pdf: &[u8]) -> bool {
    let end = &pdf[pdf.len().saturating_sub(MARK.len() + 80)..];
    end.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

/// The digest of the page without its provenance.
fn source_of(page: &str) -> String {
    let mut parts = page.split("<!-- provenance -->");
    let first = parts.next().unwrap_or_default().to_owned();
    let after =
        |part: &str| part.split_once("<!-- end of provenance -->").map(|(_, end)| end.to_owned());
    let kept: String = parts.map(|part| after(part).unwrap_or_default()).collect();
    Digest::of_bytes(format!("{first}{kept}").as_bytes()).to_string()
}

/// The path as the browser needs it, whatever its own directory is.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The last line that the browser wrote about its failure.
fn last_line(log: &mut (impl Read + Seek)) -> String {
    let mut bytes = Vec::new();
    // A log that cannot be read gives no reason.
    let _ = log.rewind().and_then(|()| log.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.map_or_else(|| "it gave no reason".to_owned(), |line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_belongs_to_its_page_whatever_the_provenance_says() {
        let page = |provenance: &str| {
            format!("a<!-- provenance -->{provenance}<!-- end of provenance -->b")
        };
        let pdf = format!("%PDF-1.4{MARK}{}\n", source_of(&page("monday")));
        assert!(is_pdf_of(pdf.as_bytes(), &page("tuesday")));
        assert!(!is_pdf_of(pdf.as_bytes(), &page("tuesday").replace('b', "c")));
        assert!(!is_pdf_of(b"%PDF-1.4", &page("tuesday")));
        assert!(is_printed(pdf.as_bytes()) && !is_printed(b"%PDF-1.4 of the user"));
    }
}
