//! Figures on the page.

use super::{escape, made};
use crate::render::context::{Context, Drawing, FigureContext};

/// A figure with its caption and drawer.
pub(in crate::render) fn figure_item(
    context: &Context,
    name: &str,
    figure: &FigureContext,
) -> String {
    let number = figure.number;
    let drawings: Vec<_> =
        figure.drawings.iter().map(|drawing| drawing_of(context, figure, drawing)).collect();
    let files = ["svg", "png"].map(|kind| format!("figures/{name}.{kind}"));
    let drawer = made::drawer(context, name, &figure.place, &files, &figure.conditions);
    format!("<div class=\"item\" id=\"figure-{number}\">\n{}{drawer}</div>\n", drawings.concat())
}

fn drawing_of(context: &Context, figure: &FigureContext, drawing: &Drawing) -> String {
    let number = figure.number;
    let (class, suffix, under) = super::protocol(context, drawing.metric.as_deref());
    let alt = escape(&format!("{} {}", drawing.kind, drawing.finding));
    let svg = drawing.svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{alt}\" "), 1);
    format!(
        "<figure class=\"{class}\">\n<div class=\"drawing\" role=\"region\" tabindex=\"0\" \
         aria-labelledby=\"caption-figure-{number}{suffix}\">{svg}</div>\n\
         <figcaption id=\"caption-figure-{number}{suffix}\"><strong>Figure {number}.</strong> {} {}{under} \
         <span class=\"notes\">{}</span></figcaption>\n</figure>\n",
        escape(&figure.caption),
        escape(&drawing.finding),
        escape(&drawing.formula),
    )
}
