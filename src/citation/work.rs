//! A work that a paper can cite.

use biblatex::{DateValue, Entry, EntryType, PermissiveType};

use super::name::Names;
use super::text::{latex, plain};

/// What a work is, as far as its line in the list depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Article,
    /// A part of a book or of proceedings.
    Chapter,
    Book,
    /// A thesis, with its degree.
    Thesis,
    Report,
    Other,
}

/// A work of a BibTeX file. Fields that the file does not have are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) kind: Kind,
    pub(super) authors: Names,
    pub(super) editors: Names,
    pub(super) title: String,
    /// The journal, the book or the proceedings.
    pub(super) container: String,
    pub(super) series: String,
    pub(super) volume: String,
    pub(super) number: String,
    pub(super) pages: String,
    /// The number of an article that has no pages.
    pub(super) eid: String,
    pub(super) edition: String,
    pub(super) version: String,
    pub(super) publisher: String,
    /// The school or the institution.
    pub(super) institution: String,
    pub(super) location: String,
    /// The type of a thesis or of a report, as the file has it.
    pub(super) r#type: String,
    pub(super) how_published: String,
    pub(super) note: String,
    pub(super) year: String,
    pub(super) doi: String,
    pub(super) url: String,
    /// The number of a preprint at arXiv.
    pub(super) arxiv: String,
    /// What readers of the list would miss, or see in a wrong form.
    pub(super) flaws: Vec<String>,
}

/// Addresses as the file has them, without what BibTeX does to text.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    pub(super) doi: String,
    pub(super) url: String,
    pub(super) eprint: String,
}

impl Work {
    /// Reads an entry. What it lacks, or what cannot be shown, is in its flaws.
    pub(super) fn new(entry: &Entry, addresses: Addresses) -> Self {
        let first = |fields: &[&str]| {
            let texts = fields.iter().filter_map(|field| entry.get(field)).map(plain);
            texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
        };
        let kind = kind_of(&entry.entry_type);
        let whole = |title: String, subtitle: String| match subtitle.is_empty() {
            true => title,
            false if title.ends_with(['?', '!', ':']) => format!("{title} {subtitle}"),
            false => format!("{title}: {subtitle}"),
        };
        let (container, under) = match kind {
            Kind::Article => (first(&["journaltitle", "journal"]), first(&["journalsubtitle"])),
            _ => (first(&["booktitle", "maintitle"]), first(&["booksubtitle"])),
        };
        let people = |field: &str| {
            let people = entry.get_as::<Vec<biblatex::Person>>(field).unwrap_or_default();
            Names::new(&people)
        };
        let is_arxiv = first(&["eprinttype", "archiveprefix"]).eq_ignore_ascii_case("arxiv");
        let mut work = Self {
            kind,
            authors: people("author"),
            editors: people("editor"),
            title: whole(first(&["title"]), first(&["subtitle"])),
            container: whole(container, under),
            series: first(&["series"]),
            volume: first(&["volume"]),
            number: first(&["number", "issue"]),
            pages: range(&first(&["pages"])),
            eid: first(&["eid"]),
            edition: first(&["edition"]),
            version: first(&["version"]),
            publisher: first(&["publisher", "organization"]),
            institution: first(&["institution", "school"]),
            location: first(&["location", "address"]),
            r#type: degree(entry, &first(&["type"])),
            how_published: first(&["howpublished"]),
            note: first(&["note", "addendum"]),
            year: year(entry),
            doi: bare_doi(&addresses.doi),
            url: addresses.url,
            arxiv: if is_arxiv { addresses.eprint } else { String::new() },
            flaws: Vec::new(),
        };
        if work.authors.is_empty() && work.editors.is_empty() {
            let organisations = [&work.institution, &work.publisher];
            if let Some(name) = organisations.into_iter().find(|name| !name.is_empty()) {
                work.authors = Names::of_organisation(name);
            }
        }
        work.flaws = work.find_flaws();
        work
    }

    fn find_flaws(&self) -> Vec<String> {
        let missing = [
            (self.authors.is_empty() && self.editors.is_empty(), "has no author"),
            (self.title.is_empty(), "has no title"),
            (self.year.is_empty(), "has no year"),
            (self.kind == Kind::Article && self.container.is_empty(), "has no journal"),
            (self.kind == Kind::Chapter && self.container.is_empty(), "has no `booktitle`"),
        ];
        let missing = missing.into_iter().filter(|(is_missing, _)| *is_missing);
        let names = self.authors.all.iter().chain(&self.editors.all);
        let names = names.flat_map(|name| [&name.family, &name.given]);
        let texts = [
            &self.title,
            &self.container,
            &self.publisher,
            &self.institution,
            &self.how_published,
            &self.note,
        ];
        let left = texts.into_iter().chain(names).filter_map(|text| latex(text));
        let is_address = |url: &str| {
            let scheme = ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme));
            scheme && !url.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        let address = (!self.url.is_empty() && !is_address(&self.url))
            .then(|| "has an `url` that begins with neither `https://` nor `http://`".to_owned());
        missing
            .map(|(_, flaw)| flaw.to_owned())
            .chain(left.map(|latex| format!("shows LaTeX as it is: `{latex}`")))
            .chain(address)
            .collect()
    }

    /// The address of the work on the web with its text: its DOI, or else its preprint, or else its URL.
    pub(super) fn address(&self) -> Option<(String, String)> {
        let encoded = |text: &str| {
            let one = |c: char| match c {
                '%' | '#' | '?' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | ' ' => {
                    format!("%{:02X}", u32::from(c))
                }
                c => c.to_string(),
            };
            text.chars().map(one).collect::<String>()
        };
        let is_link = self.url.starts_with("https://") || self.url.starts_with("http://");
        match (self.doi.as_str(), self.arxiv.as_str()) {
            ("", "") if is_link => Some((self.url.clone(), self.url.clone())),
            ("", "") => None,
            ("", arxiv) => Some((
                format!("arXiv:{arxiv}"),
                format!("https://arxiv.org/abs/{}", encoded(arxiv)),
            )),
            (doi, _) => Some((doi.to_owned(), format!("https://doi.org/{}", encoded(doi)))),
        }
    }

    /// The authors, or else the editors.
    pub(super) fn makers(&self) -> &Names {
        if self.authors.is_empty() { &self.editors } else { &self.authors }
    }

    /// Whether the editors stand for the authors.
    pub(super) fn is_edited(&self) -> bool {
        self.authors.is_empty() && !self.editors.is_empty()
    }

    /// `1998`, or `n.d.`
    pub(super) fn shown_year(&self) -> &str {
        if self.year.is_empty() { "n.d." } else { &self.year }
    }

    /// `3rd ed.`
    pub(super) fn shown_edition(&self) -> String {
        let ending = |digits: &str| match (digits.as_bytes(), digits.ends_with(['1', '2', '3'])) {
            ([.., b'1', _], _) | (_, false) => "th",
            ([.., b'1'], _) => "st",
            ([.., b'2'], _) => "nd",
            _ => "rd",
        };
        match self.edition.as_str() {
            "" => String::new(),
            digits if digits.chars().all(|c| c.is_ascii_digit()) => {
                format!("{digits}{} ed.", ending(digits))
            }
            other => format!("{} ed.", other.trim_end_matches(" ed.")),
        }
    }
}

fn kind_of(kind: &EntryType) -> Kind {
    match kind {
        EntryType::Article | EntryType::SuppPeriodical => Kind::Article,
        EntryType::InBook
        | EntryType::InCollection
        | EntryType::InProceedings
        | EntryType::BookInBook
        | EntryType::SuppBook
        | EntryType::SuppCollection
        | EntryType::InReference => Kind::Chapter,
        EntryType::Book
        | EntryType::Booklet
        | EntryType::Proceedings
        | EntryType::MvBook
        | EntryType::Collection
        | EntryType::MvCollection
        | EntryType::Reference
        | EntryType::MvReference
        | EntryType::MvProceedings
        | EntryType::Periodical => Kind::Book,
        EntryType::MastersThesis | EntryType::PhdThesis | EntryType::Thesis => Kind::Thesis,
        EntryType::TechReport | EntryType::Report => Kind::Report,
        // `@conference` is the old name of `@inproceedings`.
        EntryType::Unknown(name) if name.eq_ignore_ascii_case("conference") => Kind::Chapter,
        _ => Kind::Other,
    }
}

/// The type of a thesis or of a report.
fn degree(entry: &Entry, typed: &str) -> String {
    let known = |word: &str| match word.to_lowercase().as_str() {
        "phdthesis" => "PhD thesis".to_owned(),
        "mathesis" | "mastersthesis" => "Master’s thesis".to_owned(),
        "techreport" => "Technical report".to_owned(),
        _ => word.to_owned(),
    };
    match &entry.entry_type {
        _ if !typed.is_empty() => known(typed),
        EntryType::PhdThesis => "PhD thesis".to_owned(),
        EntryType::MastersThesis => "Master’s thesis".to_owned(),
        EntryType::Thesis => "Thesis".to_owned(),
        EntryType::TechReport => "Technical report".to_owned(),
        _ => String::new(),
    }
}

/// The year of a date, or what the file has in its place, like `in press`.
fn year(entry: &Entry) -> String {
    let typed = ["year", "date"].into_iter().filter_map(|field| entry.get(field)).map(plain);
    let typed = typed.into_iter().next().unwrap_or_default();
    match entry.date() {
        Ok(PermissiveType::Typed(date)) => match date.value {
            DateValue::At(at)
            | DateValue::After(at)
            | DateValue::Between(at, _)
            | DateValue::Before(at) => at.year,
        }
        .to_string(),
        Ok(PermissiveType::Chunks(_)) | Err(_) => typed,
    }
}

/// Pages with the dash of a range.
fn range(pages: &str) -> String {
    let pages = pages.replace(" – ", "–").replace('—', "–");
    match pages.split_once('-') {
        Some((from, to)) if !pages.contains('–') && !to.contains('-') => {
            format!("{}–{}", from.trim(), to.trim())
        }
        _ => pages,
    }
}

/// A DOI without what makes it an address.
fn bare_doi(doi: &str) -> String {
    let doi = doi.trim();
    let starts =
        ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/"];
    let bare = starts.iter().find_map(|start| doi.strip_prefix(start)).unwrap_or(doi);
    bare.trim_start_matches("doi:").trim().to_owned()
}
