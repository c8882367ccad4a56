//! `report serve`: shows reports in a browser while their files change.
//!
//! Each paper has a thread that looks at its files, does the stale steps of a build again (`edition`), and keeps the last
//! page that has no mistake (`keeper`, `paper`). Each connection has a thread too (`connection`). A browser listens to
//! events, and loads the page again when there is another one. The page of a report is not changed but for a script before
//! its end, and nothing is written but by a build that the reader asks for.
//!
//! The server can be reached only from this machine. It answers only under a name of this machine (`guard`), and serves
//! only what a report has.

mod connection;
mod edition;
mod guard;
mod keeper;
mod live;
mod page;
mod paper;
mod request;
mod response;
mod site;
mod state;
mod terminal;
mod training;
mod watch;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::fs;
use crate::pipeline::Error;
use crate::provenance;

use connection::Load;
pub use edition::Setting;
use keeper::Keeper;
use paper::Paper;
use site::Site;
pub use state::Missing;
pub use terminal::Terminal;
use watch::EXPERIMENTS;

/// The ports that are tried if none is given.
const PORTS: std::ops::Range<u16> = 7400..7410;

/// The most papers of a gallery.
const MOST_PAPERS: usize = 100;

/// Rendering is recursive. Threads have less room than the process by default.
const STACK: usize = 16 << 20;

/// A server that is not started yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    site: Arc<Site>,
}

impl Server {
    /// A server for the project in `directory`, or for all projects in its folders if it is none. Without a port, takes a
    /// free one of a few.
    ///
    /// # Errors
    /// If there is no project, or no free port.
    pub fn new(directory: &Path, port: Option<u16>) -> Result<Self, Error> {
        let (is_gallery, papers) = papers(directory)?;
        let listener = listen(port)?;
        let failed = |error: std::io::Error| Error::Request {
            message: format!("the server cannot start: {error}"),
            hint: "try again".to_owned(),
        };
        let port = listener.local_addr().map_err(failed)?.port();
        let title =
            fs::physical(directory).file_name().map(|name| name.to_string_lossy().into_owned());
        let site = Site {
            gallery: is_gallery.then(|| title.unwrap_or_else(|| "papers".to_owned())),
            papers: papers
                .into_iter()
                .map(|(name, root)| Arc::new(Paper::new(name, root)))
                .collect(),
            port,
            token: provenance::random_word().map_err(failed)?,
            server: provenance::random_word().map_err(failed)?,
        };
        Ok(Self { listener, site: Arc::new(site) })
    }

    /// The address of the first page.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://localhost:{}/", self.site.port)
    }

    /// Works until the process ends. With `builds`, trains missing runs unasked.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn run(
        self,
        setting: Setting,
        terminal: &Arc<dyn Terminal>,
        builds: bool,
    ) -> Result<std::convert::Infallible, Error> {
        let setting = Arc::new(setting);
        for paper in &self.site.papers {
            let (paper, setting, terminal) =
                (Arc::clone(paper), Arc::clone(&setting), Arc::clone(terminal));
            let keeper = Keeper::new(paper, setting, terminal, builds);
            let thread = std::thread::Builder::new().stack_size(STACK);
            thread.spawn(|| keeper.work()).map_err(|error| Error::Threads(error.to_string()))?;
        }
        let load = Arc::new(Load::default());
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => connection::accept(stream, &self.site, &load),
                // There are too many open files for a moment.
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

/// The name and the directory of each project, and whether they are in folders of `directory`.
fn papers(directory: &Path) -> Result<(bool, Vec<(String, PathBuf)>), Error> {
    let is_project = |path: &Path| fs::is_directory(&path.join(EXPERIMENTS));
    if is_project(directory) {
        return Ok((false, vec![(String::new(), directory.to_owned())]));
    }
    let place = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let folders = fs::entries(place).map_err(Error::Input)?.into_iter();
    let named = folders.filter(|path| is_project(path)).filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        // Such names are those of the server.
        (!name.starts_with('_')).then_some((name, path))
    });
    let papers: Vec<_> = named.collect();
    let refused =
        |message: String, hint: &str| Err(Error::Request { message, hint: hint.to_owned() });
    match papers.len() {
        0 => refused(
            format!(
                "`{}` has no folder `experiments/`, and neither has a folder in it",
                place.display()
            ),
            "name the directory of a project, or a directory with several projects",
        ),
        n if n > MOST_PAPERS => refused(
            format!(
                "`{}` has {n} projects, but at most {MOST_PAPERS} are shown at once",
                place.display()
            ),
            "name the directory of one project",
        ),
        _ => Ok((true, papers)),
    }
}

/// Listens on this machine alone.
fn listen(port: Option<u16>) -> Result<TcpListener, Error> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let (bound, tried) = match port {
        Some(port) => (bind(port), format!("port {port}")),
        None => {
            let mut bound = PORTS.map(bind);
            let first = bound.find(Result::is_ok).unwrap_or_else(|| bind(PORTS.start));
            (first, format!("ports {} to {}", PORTS.start, PORTS.end - 1))
        }
    };
    bound.map_err(|error| Error::Request {
        message: format!("the server cannot listen on {tried}: {error}"),
        hint: "`--port N` names another port, and `--port 0` takes a free one; does another `report serve` run?"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_projects_is_a_gallery_and_an_empty_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        assert!(papers(root).unwrap_err().to_string().contains("has no folder `experiments/`"));
        for folder in ["b/experiments", "a/experiments", "_own/experiments", "other/text"] {
            fs::create_directory(&root.join(folder)).unwrap();
        }
        let (is_gallery, found) = papers(root).unwrap();
        assert!(is_gallery);
        assert_eq!(found, ["a", "b"].map(|name| (name.to_owned(), root.join(name))));
        let (is_gallery, found) = papers(&root.join("a")).unwrap();
        assert_eq!((is_gallery, found), (false, vec![(String::new(), root.join("a"))]));
    }

    #[test]
    fn a_taken_port_is_named() {
        let taken = listen(Some(0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert!(taken.local_addr().unwrap().ip().is_loopback());
        let error = listen(Some(port)).unwrap_err();
        assert!(
            error.to_string().starts_with(&format!("the server cannot listen on port {port}: ")),
            "{error}"
        );
        assert!(error.hint().is_some_and(|hint| hint.contains("--port")));
    }
}
