//! Tables on the page.

use super::{escape, made, tools};
use crate::render::context::Context;
use crate::render::table::{Cell, Column, Datum, Form, Line, TableContext};

/// A table with its notes, copies and drawer.
pub(in crate::render) fn table_item(context: &Context, name: &str, table: &TableContext) -> String {
    let number = table.number;
    let forms: Vec<_> =
        table.forms.iter().map(|form| form_of(context, name, table, form)).collect();
    let files = ["csv", "tex"].map(|kind| format!("data/{name}.{kind}"));
    let drawer = made::drawer(context, name, &table.place, &files, &table.conditions);
    format!("<div class=\"item\" id=\"table-{number}\">\n{}{drawer}</div>\n", forms.concat())
}

fn form_of(context: &Context, name: &str, table: &TableContext, form: &Form) -> String {
    let number = table.number;
    let (class, suffix, under) = super::protocol(context, form.metric.as_deref());
    let has_dots = form.rows.iter().any(|line| !line.dots.is_empty());
    let range = range_of(form);
    let mut heads: Vec<_> = form.columns.iter().map(head).collect();
    if has_dots {
        heads.push("<th scope=\"col\" class=\"plain\">seeds</th>".to_owned());
    }
    let rows: Vec<_> = form.rows.iter().map(|line| row(form, line, has_dots, range)).collect();
    let notes: Vec<_> = form.notes.iter().map(|note| escape(note)).collect();
    format!(
        "<div class=\"{class}\">\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" \
         aria-labelledby=\"caption-table-{number}{suffix}\">\n<table class=\"sortable\">\n\
         <caption id=\"caption-table-{number}{suffix}\"><span><strong>Table {number}.</strong> {}{under}\
         </span></caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n</div>\n\
         <p class=\"notes\">{}</p>\n{}</div>\n",
        escape(&table.caption),
        heads.concat(),
        rows.concat(),
        notes.join(" "),
        tools::copies(name, &format!("table-{number}{suffix}"), table, form),
    )
}

fn head(column: &Column) -> String {
    let class = if column.is_number { " class=\"number\"" } else { "" };
    format!("<th scope=\"col\"{class}>{}</th>", escape(&column.head))
}

fn row(form: &Form, line: &Line, has_dots: bool, range: [f64; 2]) -> String {
    let cells = form.columns.iter().zip(&line.cells).enumerate();
    let mut cells: Vec<_> = cells.map(|(index, (column, c))| cell(index, column, c)).collect();
    if has_dots {
        cells.push(format!("<td class=\"dots\">{}</td>", strip(line, range)));
    }
    format!("<tr>{}</tr>\n", cells.concat())
}

fn cell(index: usize, column: &Column, cell: &Cell) -> String {
    let text = escape(&cell.text);
    let text = match cell.tone {
        "" => text,
        tone => format!("<span class=\"tone {tone}\">{text}</span>"),
    };
    // Cells sort by their first number, and those without one last.
    let sort = match cell.data.first() {
        Some(Datum::Number(Some(number), _)) => format!(" data-sort=\"{number}\""),
        Some(Datum::Number(None, _)) => " data-sort=\"\"".to_owned(),
        _ => String::new(),
    };
    match (index, column.is_number) {
        (0, _) => format!("<th scope=\"row\">{text}</th>"),
        (_, true) => format!("<td class=\"number\"{sort}>{text}</td>"),
        (_, false) => format!("<td>{text}</td>"),
    }
}

/// What all dots of a table lie in.
fn range_of(form: &Form) -> [f64; 2] {
    let values = form.rows.iter().flat_map(|line| &line.dots).map(|dot| dot.value);
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    })
}

/// One dot a seed, on a scale that all rows of the table share.
fn strip(line: &Line, [low, high]: [f64; 2]) -> String {
    const WIDTH: f64 = 76.0;
    let place = |value: f64| match high > low {
        true => 5.0 + (WIDTH - 10.0) * (value - low) / (high - low),
        false => WIDTH / 2.0,
    };
    let dots = line.dots.iter().map(|dot| {
        let title = escape(&dot.title);
        format!(
            "<circle cx=\"{:.1}\" cy=\"8\" r=\"3\"><title>{title}</title></circle>",
            place(dot.value)
        )
    });
    format!(
        "<svg class=\"strip\" viewBox=\"0 0 {WIDTH} 16\" width=\"{WIDTH}\" height=\"16\" \
         aria-hidden=\"true\"><path d=\"M0 8h{WIDTH}\"/>{}</svg>",
        dots.collect::<String>()
    )
}
