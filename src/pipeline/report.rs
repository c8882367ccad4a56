//! The last step of a build: the report and its files.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::images::{self, Image};
use super::pdf::{Browser, PDF, has_printed_pdf, is_pdf_of};
use super::snapshot::SNAPSHOT;
use super::{Error, Project, WHOLE, drawing};
use crate::cache::Cache;
use crate::diff::Snapshot;
use crate::digest::Digest;
use crate::fs;
use crate::render::{About, FileLink, PAGE_MARK};
use crate::template;

/// A report that is rendered and not yet written.
#[derive(Debug)]
pub struct Report {
    /// Title, authors and abstract.
    pub(super) about: About,
    /// Files by their path in the report's directory. `report.md` and `report.html` come last.
    pub(super) files: Vec<(PathBuf, String)>,
    /// The whole report as one page.
    pub(super) whole: String,
    /// SVG of each figure by its name, to be drawn as PNG.
    pub(super) drawn: Vec<(String, String)>,
    /// The images of the prose.
    pub(super) images: Vec<Image>,
    /// The PDF file, if it is to be written.
    pub(super) pdf: Option<Vec<u8>>,
    /// Files of the previous report.
    pub(super) files_before: Vec<String>,
    /// Files of the previous report that this report does not have.
    pub(super) gone: Vec<PathBuf>,
    /// The numbers and verdicts, as data.
    pub(super) snapshot: Snapshot,
    /// The digests of its runs.
    pub(super) runs: Vec<Digest>,
    /// Characters that LaTeX files show as codes, by name of the table.
    pub(super) coded: Vec<(String, BTreeSet<char>)>,
    /// Names of templates that no template includes.
    pub(super) unused: Vec<String>,
    /// Keys of the block at the start of the prose that the report does not use.
    pub(super) unused_keys: Vec<String>,
    /// Warnings about citations.
    pub(super) citations: Vec<String>,
    /// Links of the prose to files that do not belong to the report.
    pub(super) links: Vec<FileLink>,
}

/// Whether a file has the name of a page of a section.
fn is_page(file: &str) -> bool {
    let name = file.strip_prefix("report-").and_then(|name| name.strip_suffix(".html"));
    name.is_some_and(|name| !name.contains('/'))
}

/// The path of a file that a snapshot lists. Returns `None` unless the file is the PDF file, a page or an image, or is
/// in a folder of the report and has a plain name.
pub(super) fn of_report(file: &str) -> Option<PathBuf> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let is_page = is_page(file) && file.chars().all(is_plain);
    if file == PDF || is_page || template::is_image(file) {
        return Some(PathBuf::from(file));
    }
    let (folder, name) = file.split_once('/')?;
    let is_own = ["data", "figures"].contains(&folder)
        && !name.is_empty()
        && !name.starts_with('.')
        && file != SNAPSHOT
        && name.chars().all(is_plain);
    is_own.then(|| Path::new(folder).join(name))
}

impl Report {
    /// Warnings about characters that PNG and LaTeX files cannot show, and about templates that the
    /// report does not use.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let of_latex = self.coded.iter().map(|(name, characters)| {
            format!(
                "data/{name}.tex shows the code of {}: the standard fonts of LaTeX lack this character",
                drawing::listed(characters)
            )
        });
        let folder = template::TEMPLATES;
        let unused = self.unused.iter();
        let unused = unused.map(|name| format!("{folder}/{name} is included by no template"));
        let keys = self.unused_keys.iter().map(|key| {
            format!(
                "{folder}/{}: `{key}` in the block at its start has no effect; remove it",
                template::PAPER_TEMPLATE
            )
        });
        let of_images = images::size_warning(self.page().len(), &self.images);
        let of_figures = drawing::warnings(&self.drawn).into_iter();
        let citations = self.citations.iter().cloned();
        of_figures
            .chain(of_images)
            .chain(of_latex)
            .chain(unused)
            .chain(keys)
            .chain(citations)
            .collect()
    }

    /// Whether the file of an image in `out` belongs to the user: the image itself, or a file of this name that no
    /// build has written.
    fn is_of_user(&self, image: &Image, out: &Path) -> bool {
        let is_there = fs::is_file(&out.join(&image.path));
        image.is_in(out) || (is_there && !self.files_before.contains(&image.path))
    }

    /// Checks that no image would replace a file of the user in `out`.
    ///
    /// # Errors
    /// With the first that would.
    fn check_images(&self, out: &Path) -> Result<(), Error> {
        let mut images = self.images.iter().filter(|image| image.source.is_some());
        let replaces = images.find(|image| {
            let other = fs::read_if_there(&out.join(&image.path)).ok().flatten();
            self.is_of_user(image, out) && other.is_some_and(|other| other != image.bytes)
        });
        match replaces {
            None => Ok(()),
            Some(image) => Err(Error::Request {
                message: format!(
                    "an image of the prose would replace `{}`",
                    out.join(&image.path).display()
                ),
                hint: "this file is not from a build: rename it, or the image".to_owned(),
            }),
        }
    }

    /// Checks that no page of a section would replace a file of the user in `out`.
    ///
    /// # Errors
    /// With the first that would.
    fn check_pages(&self, out: &Path) -> Result<(), Error> {
        let is_of_user = |path: &&PathBuf| {
            let other = fs::read_if_there(&out.join(path)).ok().flatten();
            other.is_some_and(|other| !other.ends_with(PAGE_MARK.as_bytes()))
        };
        let pages = self.files.iter().map(|(path, _)| path);
        match pages.filter(|path| is_page(&path.to_string_lossy())).find(is_of_user) {
            None => Ok(()),
            Some(path) => Err(Error::Request {
                message: format!(
                    "a page of the report would replace `{}`",
                    out.join(path).display()
                ),
                hint: "this file is not from a build: rename it, or the section".to_owned(),
            }),
        }
    }

    /// Checks that each file that the prose links to exists in `out` or in the directory of the
    /// complete report.
    ///
    /// # Errors
    /// With the line of each link to a missing file.
    pub fn check_links(&self, project: &Project, out: &Path) -> Result<(), Error> {
        self.check_images(out)?;
        self.check_pages(out)?;
        let directories = [out, &project.root.join(WHOLE)];
        let is_there = |link: &&FileLink| {
            !self.gone.contains(&PathBuf::from(&link.path))
                && directories.iter().any(|at| fs::leads_to_file(at, &link.path))
        };
        let dead = self.links.iter().filter(|link| !is_there(link));
        let dead: Vec<_> = dead.map(|link| link.dead(&project.templates)).collect();
        match dead.is_empty() {
            true => Ok(()),
            false => Err(Error::of_templates(&dead, &project.templates)),
        }
    }

    /// All its files, by their paths in the directory of a report. Takes only the PDF file from `out`.
    ///
    /// # Errors
    /// If a figure cannot be drawn, or a file cannot be read.
    pub(super) fn contents(&self, out: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, Error> {
        // A PNG file in `out` may be forged.
        let mut all: BTreeMap<_, _> = drawing::pngs(self.drawn.iter())?.into_iter().collect();
        let texts = self.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
        let images = self.images.iter().filter(|image| image.source.is_some());
        all.extend(images.map(|image| (PathBuf::from(&image.path), image.bytes.clone())));
        all.extend(texts.chain([(PathBuf::from(SNAPSHOT), self.snapshot.write().into_bytes())]));
        for path in self.snapshot.files.iter().map(PathBuf::from) {
            if let Entry::Vacant(missing) = all.entry(path) {
                let bytes = fs::read(&out.join(missing.key())).map_err(Error::File)?;
                missing.insert(bytes);
            }
        }
        Ok(all)
    }

    /// The files of the project that its prose shows or links to, and that no build writes into `out`.
    pub(super) fn files_of_prose(&self, project: &Project, out: &Path) -> Vec<PathBuf> {
        let whole = project.root.join(WHOLE);
        let linked = self.links.iter().filter_map(|link| {
            let places = [out, &whole].map(|directory| directory.join(&link.path));
            places.into_iter().find(|path| fs::is_there(path))
        });
        self.images.iter().filter_map(|image| image.source.clone()).chain(linked).collect()
    }

    /// The numbers and verdicts, as data.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The whole report as one page of HTML.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.whole
    }

    /// Adds the PDF file of the page: that in `out` if it is of this page, else `browser` prints it. Returns
    /// false if neither is possible.
    ///
    /// # Errors
    /// If the browser fails.
    pub fn add_pdf(
        &mut self,
        project: &Project,
        out: &Path,
        browser: Option<Browser>,
    ) -> Result<bool, Error> {
        let page = self.page();
        // A file that cannot be read is printed again.
        let present = fs::read_if_there(&out.join(PDF)).ok().flatten();
        let is_present = present.is_some_and(|pdf| is_pdf_of(&pdf, page));
        if let (false, Some(browser)) = (is_present, browser) {
            self.pdf = Some(browser.print(page, &project.root.join(Cache::DIRECTORY))?);
        }
        Ok(is_present || self.pdf.is_some())
    }

    /// Writes the files into `out`, all or none. Draws a PNG file only if its SVG has changed.
    /// Returns the paths of `report.md`, `report.html` and `report.pdf`, if it has one.
    ///
    /// # Errors
    /// If a figure cannot be drawn, or a file cannot be written.
    pub fn write(&self, out: &Path) -> Result<Vec<PathBuf>, Error> {
        // An image that the user has put where the report has it is the user's, and no build removes it.
        let own = self.images.iter().filter(|image| self.is_of_user(image, out));
        let own: BTreeSet<_> = own.map(|image| &image.path).collect();
        let pngs = drawing::missing_pngs(&self.drawn, out)?;
        let pngs = pngs.iter().map(|(path, bytes)| (out.join(path), &bytes[..]));
        let files = self.files.iter().map(|(path, text)| (out.join(path), text.as_bytes()));
        let pdf = self.pdf.iter().map(|pdf| (out.join(PDF), &pdf[..]));
        let images = self.images.iter().filter(|image| image.source.is_some());
        let images = images.map(|image| (out.join(&image.path), &image.bytes[..]));
        let files: Vec<_> = pngs.chain(images).chain(pdf).chain(files).collect();
        fs::write_all_atomic(&files).map_err(Error::File)?;
        // The snapshot lists the files that the next build may have to remove, so it comes last.
        let gone = self.gone.iter().filter(|path| path.as_os_str() != PDF).cloned();
        // A PDF file of another page goes, whether the snapshot knows it or not. That of the user stays.
        let has_pdf = self.snapshot.files.iter().any(|file| file == PDF);
        let old_pdf = (!has_pdf && has_printed_pdf(out)).then(|| PathBuf::from(PDF));
        let removed = gone.chain(old_pdf).map(|path| (path.clone(), fs::remove(&out.join(path))));
        let (mut snapshot, mut failure) = (self.snapshot.clone(), None);
        snapshot.files.retain(|file| !own.contains(file));
        for (path, result) in removed {
            if let Err(error) = result {
                snapshot.files.push(path.to_string_lossy().into_owned());
                failure = Some(error);
            }
        }
        fs::write_atomic(&out.join(SNAPSHOT), snapshot.write().as_bytes()).map_err(Error::File)?;
        if let Some(error) = failure {
            return Err(Error::File(error));
        }
        fs::sweep(out);
        fs::sweep(&out.join("figures"));
        fs::sweep(&out.join("data"));
        for image in &self.images {
            out.join(&image.path).parent().into_iter().for_each(fs::sweep);
        }
        let read_first = self.files[self.files.len() - 2..].iter().map(|(path, _)| out.join(path));
        let pdf = self.snapshot.files.iter().filter(|file| *file == PDF).map(|file| out.join(file));
        Ok(read_first.chain(pdf).collect())
    }

    /// Notes which runs the report in `out` shows, so that `cache gc` keeps their records.
    ///
    /// # Errors
    /// If the note cannot be written. The report is complete anyway.
    pub fn note(&self, project: &Project, out: &Path) -> Result<(), Error> {
        // What a killed build has left of its browser.
        fs::sweep(&project.root.join(Cache::DIRECTORY));
        if self.runs.is_empty() {
            return Ok(());
        }
        let cache = Cache::new(&project.root);
        cache.store_reported(out, true, &self.runs).map_err(Error::File)
    }
}
