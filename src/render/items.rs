//! The data of items on the page, and their HTML by the macros of the items template.

use std::time::Duration;

use minijinja::Environment;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::anchors;
use super::html::{OpenElements, Unbalanced};
use super::interval_line::interval_lines;
use super::notes::notes_of;
use super::references;
use super::rows::{Rows, columns_of};
use super::skeleton::{Block, Item, Mark, Skeleton, Source};
use super::strict::html_value;
use crate::claim::Finding;
use crate::context::{Context, FigureContext};
use crate::digest::Digest;
use crate::experiment::ConditionId;
use crate::export;
use crate::format;
use crate::table::TableItem;
use crate::template::{ITEMS_TEMPLATE, TemplateError, Templates};

/// Largest number of conditions that a drawer lists.
const DRAWER_CONDITIONS: usize = 200;

/// Largest number of runs of a condition that the page lists; a data file has all.
const LISTED_RUNS: usize = 100;

/// Makes the HTML of items.
pub(super) struct Items<'i> {
    environment: &'i Environment<'i>,
    templates: &'i Templates,
    context: &'i Context,
    skeleton: &'i Skeleton,
}

impl<'i> Items<'i> {
    pub(super) fn new(
        environment: &'i Environment<'i>,
        templates: &'i Templates,
        context: &'i Context,
        skeleton: &'i Skeleton,
    ) -> Self {
        Self { environment, templates, context, skeleton }
    }

    pub(super) fn templates(&self) -> &Templates {
        self.templates
    }

    /// The HTML of a mark, if a macro makes it, and the anchors in it. For a number, this is the HTML of
    /// its preview.
    ///
    /// # Errors
    /// If the macro fails.
    pub(super) fn make(&self, mark: &Mark) -> Result<(Option<String>, Vec<String>), TemplateError> {
        let (html, has_anchors) = match mark {
            Mark::Number(text, source) => (self.preview(text, source)?, false),
            Mark::Block(block) => (self.block(block)?, true),
            Mark::Reference(item) if self.skeleton.shows(item) => (self.reference(item)?, false),
            Mark::Link(link) => (self.call("reference", &references::link(link))?, false),
            Mark::Reference(_) | Mark::Section(..) | Mark::Text(_) => {
                return Ok((None, Vec::new()));
            }
        };
        let ids = balanced(&html)?;
        Ok((Some(html), if has_anchors { ids } else { Vec::new() }))
    }

    fn block(&self, block: &Block) -> Result<String, TemplateError> {
        match block {
            Block::Item(item) => self.item(item),
            Block::Claims(_) => self.call("claims", &self.claims()),
            Block::References => self.call("references", &references::data(self.skeleton)),
            Block::Verdicts => self.call("verdicts", &self.verdicts()),
            Block::File(path) => {
                let text = self.context.text_of(path);
                let lines: Vec<&str> = text.lines().collect();
                let file = json!({ "path": path, "anchor": anchor_of(path), "lines": lines });
                self.call("file", &file)
            }
        }
    }

    /// A link to an item.
    fn reference(&self, item: &Item) -> Result<String, TemplateError> {
        self.call("reference", &references::item(item))
    }

    /// A number in the prose, with the id of its preview, and with its own if it is the first of its kind.
    ///
    /// # Errors
    /// If the macro fails.
    pub(super) fn number(
        &self,
        text: &str,
        preview: usize,
        anchor: Option<&str>,
    ) -> Result<String, TemplateError> {
        let number = json!({ "text": text, "preview": preview, "id": anchor });
        let html = self.call("number", &number)?;
        balanced(&html).map(|_| html)
    }

    /// The preview of a number.
    fn preview(&self, text: &str, source: &Source) -> Result<String, TemplateError> {
        let conditions = source.conditions.iter().map(|id| self.condition(*id, false));
        let command = match (&source.item, &source.conditions[..]) {
            (Some((name, _)), _) => name.as_str(),
            (None, [only]) => &self.find(*only).arguments,
            (None, _) => "",
        };
        let item = source.item.as_ref().map(|(name, number)| {
            let item = Item { name: name.clone(), kind: "Table", number: *number };
            json!({
                "title": item.title(),
                "anchor": self.skeleton.shows(&item).then(|| item.anchor()),
            })
        });
        let preview = json!({
            "text": text,
            "what": source.what,
            "of": source.of,
            "item": item,
            "anchor": anchor_of_number(source),
            "runs": runs_of(&source.runs),
            "more": source.more,
            "notes": source.notes,
            "conditions": conditions.collect::<Vec<_>>(),
            "command": self.command(command),
        });
        self.call("preview", &preview)
    }

    fn call(&self, name: &str, data: &impl Serialize) -> Result<String, TemplateError> {
        let source =
            format!("{{% import \"{ITEMS_TEMPLATE}\" as items %}}{{{{ items.{name}(item) }}}}");
        let template = self.environment.template_from_named_str("item.html", &source);
        let rendered = template
            .and_then(|template| template.render(minijinja::context! { item => html_value(data) }));
        rendered.map_err(|error| self.templates.error(&error, ITEMS_TEMPLATE))
    }

    fn item(&self, item: &Item) -> Result<String, TemplateError> {
        if let Some(figure) = self.context.figures.get(&item.name) {
            return self.call("figure", &self.figure(item, figure));
        }
        let table = self.context.items.iter().find(|table| table.name == item.name);
        table
            .map_or_else(|| Ok(String::new()), |table| self.call("table", &self.table(item, table)))
    }

    fn table(&self, item: &Item, table: &TableItem) -> Json {
        let variants = table.tables.iter().map(|one| {
            let has_dots = one.rows.iter().any(|row| !row.seeds.is_empty());
            let mut variant = self.variant(one.metric.as_deref());
            let id = format!("{}{}", item.anchor(), variant["suffix"].as_str().unwrap_or_default());
            let mut rows = Rows::of(&table.name, one);
            let has_wide_rows = rows.has_wide_rows();
            let rows: Vec<_> = one.rows.iter().map(|row| rows.row(row)).collect();
            let stable = one.stable();
            let texts = [
                ("csv", "CSV", export::csv(&stable)),
                ("latex", "LaTeX", export::latex(&table.name, &table.caption, &stable)),
                ("markdown", "Markdown", export::markdown::rows(&stable)),
            ];
            let copies: Vec<_> = texts
                .into_iter()
                .map(|(kind, label, text)| {
                    json!({ "id": format!("_{kind}-{id}"), "label": label, "text": text })
                })
                .collect();
            let columns = columns_of(one);
            let own = json!({
                "id": id, "columns": columns, "rows": rows, "has_dots": has_dots,
                "has_wide_rows": has_wide_rows,
                "notes": notes_of(self.skeleton, &self.context.items, table, one),
                "whole_notes": one.notes.join(" "),
                "copies": copies,
            });
            if let (Json::Object(all), Json::Object(own)) = (&mut variant, own) {
                all.extend(own);
            }
            variant
        });
        let files = ["csv", "tex"].map(|kind| format!("data/{}.{kind}", table.name));
        json!({
            "anchor": item.anchor(),
            "title": item.title(),
            "caption": table.caption,
            "variants": variants.collect::<Vec<_>>(),
            "drawer": self.drawer(&table.name, &table.place, &files, &table.conditions),
        })
    }

    fn figure(&self, item: &Item, figure: &FigureContext) -> Json {
        let variants = figure.drawings.iter().map(|drawing| {
            let mut variant = self.variant(drawing.metric.as_deref());
            let id = format!("{}{}", item.anchor(), variant["suffix"].as_str().unwrap_or_default());
            let own = json!({
                "id": id, "alt": format!("{} {}", drawing.kind, drawing.finding), "svg": drawing.svg, "narrow": drawing.narrow,
                "finding": drawing.finding, "formula": drawing.formula,
            });
            if let (Json::Object(all), Json::Object(own)) = (&mut variant, own) {
                all.extend(own);
            }
            variant
        });
        let files = ["svg", "png"].map(|kind| format!("figures/{}.{kind}", item.name));
        json!({
            "anchor": item.anchor(),
            "title": item.title(),
            "caption": figure.caption,
            "variants": variants.collect::<Vec<_>>(),
            "drawer": self.drawer(&item.name, &figure.place, &files, &figure.conditions),
        })
    }

    /// The class of what the page shows under one protocol only, the end of its ids, and its label.
    fn variant(&self, metric: Option<&str>) -> Json {
        let Some(metric) = metric else {
            return json!({ "class": "form", "suffix": "", "protocol": "" });
        };
        let known = self.context.protocols.iter().find(|protocol| protocol.metric == metric);
        json!({
            "class": format!("form protocol protocol-{metric}"),
            "suffix": format!("-{metric}"),
            "protocol": known.map_or(metric, |protocol| protocol.label.as_str()),
        })
    }

    /// How an item was made.
    fn drawer(
        &self,
        name: &str,
        place: &str,
        files: &[String],
        conditions: &[ConditionId],
    ) -> Json {
        json!({
            "place": self.place(place),
            "command": self.command(name),
            "files": files,
            "runs": self.runs(conditions),
        })
    }

    /// The runs behind an item.
    fn runs(&self, conditions: &[ConditionId]) -> Json {
        let listed = conditions.iter().take(DRAWER_CONDITIONS);
        let listed: Vec<_> = listed.map(|id| self.condition(*id, true)).collect();
        json!({ "conditions": listed, "more": conditions.len().saturating_sub(DRAWER_CONDITIONS) })
    }

    fn verdicts(&self) -> Json {
        let is_shown = self.skeleton.shows_claims();
        let claims = self.context.claims.iter().map(|judged| {
            json!({
                "anchor": is_shown.then(|| anchors::claim(&judged.claim.name)),
                "title": judged.claim.short,
                "verdict": judged.outcome.word(),
                "also": judged.differing().map(|also| json!({
                    "label": also.label, "verdict": also.outcome.word(),
                })).collect::<Vec<_>>(),
            })
        });
        claims.collect()
    }

    fn claims(&self) -> Json {
        let claims = self.context.claims.iter().map(|judged| {
            let evidence = judged.claim.evidence.iter().filter_map(|name| self.find_item(name));
            json!({
                "anchor": anchors::claim(&judged.claim.name),
                "statement": judged.claim.statement,
                "source": judged.claim.source,
                "verdict": judged.outcome.word(),
                "findings": findings(&judged.findings),
                "also": judged.also.iter().map(|also| json!({
                    "label": also.label,
                    "verdict": also.outcome.word(),
                    "findings": findings(&also.findings),
                })).collect::<Vec<_>>(),
                "evidence": evidence.map(|item| json!({
                    "title": item.title(),
                    "anchor": self.skeleton.shows(&item).then(|| item.anchor()),
                })).collect::<Vec<_>>(),
                "place": self.place(&judged.claim.location.to_string()),
                "command": self.command(""),
                "runs": self.runs(&judged.conditions),
            })
        });
        claims.collect()
    }

    fn find_item(&self, name: &str) -> Option<Item> {
        let table = self.context.items.iter().find(|item| item.name == name);
        let figure = self.context.figures.get(name).map(|figure| ("Figure", figure.number));
        let (kind, number) = figure.or_else(|| Some(("Table", table?.number)))?;
        Some(Item { name: name.to_owned(), kind, number })
    }

    fn find(&self, id: ConditionId) -> &crate::context::ConditionContext {
        &self.context.conditions[id.index()]
    }

    /// A condition with its files, and each run with its seed and digest if `is_listed`.
    fn condition(&self, id: ConditionId, is_listed: bool) -> Json {
        let condition = self.find(id);
        let places: Vec<_> = condition.places.iter().map(|place| self.place(place)).collect();
        let listed = condition.summary.runs.iter().take(if is_listed { LISTED_RUNS } else { 0 });
        let seconds: f64 = condition.summary.runs.iter().map(|run| run.seconds).sum();
        let took = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        json!({
            "label": condition.label,
            "places": places,
            "n": condition.summary.runs.len(),
            "runs": listed.map(|r| json!({ "seed": r.seed, "digest": r.digest.short() })).collect::<Vec<_>>(),
            "more": if is_listed { condition.summary.runs.len().saturating_sub(LISTED_RUNS) } else { 0 },
            "took": format::duration(took),
            "command": self.command(&condition.arguments),
        })
    }

    /// The command that makes a part of this report again.
    fn command(&self, arguments: &str) -> String {
        let space = if arguments.is_empty() { "" } else { " " };
        format!("report build{space}{arguments}{}", self.context.options)
    }

    /// A place in a file, with its anchor if the page shows the file.
    fn place(&self, place: &str) -> Json {
        let (file, line) = place.rsplit_once(':').unwrap_or((place, "1"));
        let anchor = format!("{}-{line}", anchor_of(file));
        json!({ "text": place, "anchor": self.skeleton.shows_file(file).then_some(anchor) })
    }
}

/// Checks that a macro closes each element that it opens. Returns the anchors of the elements.
fn balanced(html: &str) -> Result<Vec<String>, TemplateError> {
    let mut elements = OpenElements::default();
    let read = elements.read(html).and_then(|named| elements.end().map(|()| named.anchors));
    read.map_err(|Unbalanced { tag, message }| {
        TemplateError::at(ITEMS_TEMPLATE, 0, format!("`{tag}` {message}"), "")
    })
}

fn findings(findings: &[Finding]) -> Json {
    let measured: Vec<_> = findings.iter().map(|finding| finding.measured.as_ref()).collect();
    let one = |(finding, line): (&Finding, Option<Json>)| {
        json!({
            "text": finding.text,
            "verdict": finding.outcome.word(),
            "remark": finding.remark,
            "line": line,
        })
    };
    findings.iter().zip(interval_lines(&measured)).map(one).collect()
}

/// Longest text about runs that stands in the line of its seed.
const MOST_DIGESTS: usize = 40;

/// Each run, split before its digest. The condition before the seed is left out if all runs have the same one. Many
/// digests are folded.
fn runs_of(runs: &[String]) -> Vec<Json> {
    let condition = |run: &str| run.rfind("seed ").unwrap_or_default();
    let shared = runs.first().map_or("", |run| &run[..condition(run)]);
    let is_shared = runs.iter().all(|run| run.starts_with(shared));
    let one = |run: &String| {
        let run = if is_shared { &run[shared.len()..] } else { run };
        let digests =
            [", run", ", mean of run"].into_iter().filter_map(|word| run.rfind(word)).min();
        let (score, digests) = run.split_at(digests.unwrap_or(run.len()));
        json!({ "score": score, "digests": digests, "is_folded": digests.len() > MOST_DIGESTS })
    };
    runs.iter().map(one).collect()
}

/// The anchor of a number in the prose. It stays the same while the number stands for the same, whatever the runs
/// say.
pub(super) fn anchor_of_number(source: &Source) -> String {
    let item = source.item.as_ref().map_or("", |(name, _)| name);
    let text = [source.what.as_str(), &source.of, item].join("\0");
    format!("value-{}", &Digest::of_bytes(text.as_bytes()).short()[..8])
}

/// The first part of the anchors of a file's lines; no two files have the same.
fn anchor_of(path: &str) -> String {
    let plain = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' => {
            char::from(byte).to_string()
        }
        other => format!("_{other:02x}"),
    };
    format!("file-{}", path.bytes().map(plain).collect::<String>())
}
