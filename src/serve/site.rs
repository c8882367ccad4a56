//! What stands at which address: one paper at `/`, or several at `/NAME/` with a list at `/`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::page::{self, Entry};
use super::paper::{Listener, Paper, Wish};
use super::request::{Method, Request};
use super::response::Response;

/// All papers, and what guards them.
#[derive(Debug)]
pub(super) struct Site {
    /// The title of the list. `None` for a paper alone.
    pub(super) gallery: Option<String>,
    pub(super) papers: Vec<Arc<Paper>>,
    pub(super) port: u16,
    /// What a page must show to change something.
    pub(super) token: String,
    /// It tells this start of the server from another.
    pub(super) server: String,
}

/// What a request gets.
pub(super) enum Answer<'s> {
    Now(Response),
    Feed(Feed<'s>),
}

/// News for one browser.
pub(super) enum Feed<'s> {
    /// Of a paper.
    Paper { site: &'s Site, paper: &'s Paper, seen: u64, _listener: Listener<'s> },
    /// Of the list.
    List { site: &'s Site, seen: String, _listeners: Vec<Listener<'s>> },
}

impl Site {
    /// Answers a request that has passed the guard.
    pub(super) fn answer(&self, request: &Request) -> Answer<'_> {
        let path = request.path.as_str();
        if self.gallery.is_none() {
            return match self.papers.first() {
                Some(paper) => self.of_paper(paper, path, request.method),
                None => Answer::Now(not_found()),
            };
        }
        match (path.split_once('/'), path) {
            (None, "") => Answer::Now(Response::page(self.list())),
            (None, "_events") => Answer::Feed(Feed::List {
                site: self,
                seen: String::new(),
                _listeners: self.papers.iter().map(|paper| paper.listen()).collect(),
            }),
            (None, name) if self.paper(name).is_some() => {
                Answer::Now(Response::moved(&format!("/{}/", page::encoded(name))))
            }
            (Some((name, rest)), _) => match self.paper(name) {
                Some(paper) => self.of_paper(paper, rest, request.method),
                None => Answer::Now(not_found()),
            },
            (None, _) => Answer::Now(not_found()),
        }
    }

    fn paper(&self, name: &str) -> Option<&Arc<Paper>> {
        self.papers.iter().find(|paper| paper.name == name)
    }

    fn of_paper<'s>(&'s self, paper: &'s Paper, path: &str, method: Method) -> Answer<'s> {
        let wish = match path {
            "_train" => Some(Wish::Train),
            "_stop" => Some(Wish::Stop),
            _ => None,
        };
        if let (Some(wish), Method::Post) = (wish, method) {
            paper.wish(wish);
            return Answer::Now(Response::text(202, "noted"));
        }
        if wish.is_some() || method == Method::Post {
            return Answer::Now(Response::text(405, "this address has another method"));
        }
        let (shown, state) = paper.page();
        Answer::Now(match (path, shown) {
            ("_events", _) => {
                let seen = u64::MAX;
                return Answer::Feed(Feed::Paper {
                    site: self,
                    paper,
                    seen,
                    _listener: paper.listen(),
                });
            }
            ("" | "report.html", shown) => {
                let title = if state.title.is_empty() { "report serve" } else { &state.title };
                let html = match &shown {
                    Some(shown) => shown.report.page(),
                    None => &page::without_report(title, state.error.as_deref()),
                };
                Response::page(page::with_panel(html, &state, &self.token, &self.server))
            }
            (path, Some(shown)) => match shown.report.file(&paper.root, path) {
                Ok(Some(bytes)) => Response::file(path, bytes),
                Ok(None) => not_found(),
                Err(error) => Response::text(500, &crate::format::chain(&error)),
            },
            (_, None) => not_found(),
        })
    }

    fn list(&self) -> String {
        page::index(self.gallery.as_deref().unwrap_or_default(), &self.entries())
    }

    fn entries(&self) -> Vec<Entry> {
        self.papers.iter().map(|paper| Entry::of(&paper.name, &paper.state().1)).collect()
    }
}

impl Feed<'_> {
    /// The next news as JSON. Waits for it at most this long.
    pub(super) fn next(&mut self, patience: Duration) -> Option<String> {
        match self {
            Self::Paper { site, paper, seen, .. } => {
                let (version, state) = paper.wait(*seen, patience)?;
                *seen = version;
                Some(json!({ "server": site.server, "state": state }).to_string())
            }
            Self::List { site, seen, .. } => {
                let entries = page::entries(&site.entries());
                if entries == *seen {
                    std::thread::sleep(patience);
                    return None;
                }
                seen.clone_from(&entries);
                Some(json!(entries).to_string())
            }
        }
    }
}

fn not_found() -> Response {
    Response::text(404, "there is no such file in the report")
}
