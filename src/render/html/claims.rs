//! Claims on the page.

use super::{escape, made, reference};
use crate::render::claim::{Check, ClaimContext, Outcome};
use crate::render::context::Context;

/// All claims with their verdicts.
pub(in crate::render) fn claims(context: &Context) -> String {
    let claims: Vec<_> = context.claims.iter().map(|claim| item(context, claim)).collect();
    format!("<ol class=\"claims\">\n{}</ol>\n", claims.concat())
}

fn item(context: &Context, claim: &ClaimContext) -> String {
    let checks: Vec<_> = claim.checks.iter().map(check).collect();
    let references = claim.evidence.iter().filter_map(|name| {
        let figure = context.figures.get(name).map(|figure| reference("Figure", figure.number));
        figure.or_else(|| Some(reference("Table", context.tables.get(name)?.number)))
    });
    let references: Vec<_> = references.collect();
    let evidence = match references.is_empty() {
        true => String::new(),
        false => format!(" See {}.", references.join(", ")),
    };
    format!(
        "<li id=\"claim-{}\"><p>{} <strong>{}</strong> <span class=\"notes\">({}).{evidence}</span></p>\n\
         <ul class=\"checks\">\n{}</ul>\n\
         <details class=\"made\"><summary>How decided</summary>\n<p>By the expression at {}; \
         {} decides again.</p>\n<pre>{}</pre>\n{}\n</details></li>\n",
        escape(&claim.name),
        tone(claim.verdict),
        escape(&claim.statement),
        escape(&claim.source),
        checks.concat(),
        made::link(&claim.place),
        made::command(context, ""),
        super::tools::escape_lines(&claim.expression),
        made::runs(context, &claim.conditions)
    )
}

fn check(check: &Check) -> String {
    format!("<li>{} {}</li>\n", escape(&check.text), tone(check.outcome))
}

fn tone(outcome: Outcome) -> String {
    let class = match outcome {
        Outcome::Supported => "good",
        Outcome::NotSupported => "poor",
        Outcome::Undecided => "fair",
    };
    format!("<span class=\"tone {class}\">{}</span>", outcome.words())
}
