//! Tables and runs for other programs: CSV with every number in full, and LaTeX.

use super::context::Context;
use super::format::visible;
use super::table::{Datum, Form};

/// A table as CSV (RFC 4180): one column for each datum.
pub(super) fn csv(form: &Form) -> String {
    let rows = form.rows.iter().map(|line| {
        let data = line.cells.iter().flat_map(|cell| &cell.data);
        let field = |datum: &Datum| match datum {
            Datum::Text(text) => text.clone(),
            Datum::Number(number, _) => {
                number.map_or_else(String::new, |number| number.to_string())
            }
        };
        data.map(field).collect::<Vec<_>>()
    });
    let heads = form.keys().into_iter().map(str::to_owned).collect();
    write_csv(std::iter::once(heads).chain(rows))
}

/// All runs, one a row: condition, seed, digest and the score by each metric.
pub(super) fn runs(context: &Context) -> String {
    let mut factors: Vec<&String> =
        context.conditions.iter().flat_map(|condition| condition.levels.keys()).collect();
    factors.sort_by_key(|factor| (*factor != crate::paper::EXPERIMENT, *factor));
    factors.dedup();
    let metrics: Vec<&String> = context.metrics.keys().collect();
    let names = factors.iter().map(|factor| factor.as_str()).chain(["seed", "run"]);
    let heads = names.chain(metrics.iter().map(|metric| metric.as_str())).map(str::to_owned);
    let rows = context.conditions.iter().flat_map(|condition| {
        condition.runs.iter().map(|run| {
            let level =
                |factor: &&String| condition.levels.get(*factor).cloned().unwrap_or_default();
            let score = |metric: &&String| run.scores.get(*metric).map(f64::to_string);
            let mut row: Vec<String> = factors.iter().map(level).collect();
            row.extend([run.seed.to_string(), run.digest.clone()]);
            row.extend(metrics.iter().map(|metric| score(metric).unwrap_or_default()));
            row
        })
    });
    write_csv(std::iter::once(heads.collect()).chain(rows))
}

/// Rows as CSV.
fn write_csv(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).expect("rows of one length are written to memory");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("made of strings")
}

/// A table as LaTeX, with the rules of the booktabs package.
pub(super) fn latex(name: &str, caption: &str, form: &Form) -> String {
    let aligned: String =
        form.columns.iter().map(|column| if column.is_number { 'r' } else { 'l' }).collect();
    let line = |cells: Vec<String>| format!("  {} \\\\\n", cells.join(" & "));
    let heads = line(form.columns.iter().map(|column| escape_latex(&column.head)).collect());
    let rows: String = form
        .rows
        .iter()
        .map(|row| line(row.cells.iter().map(|cell| escape_latex(&cell.text)).collect()))
        .collect();
    format!(
        "% needs \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \
         \\label{{tab:{}}}\n  \\begin{{tabular}}{{{aligned}}}\n  \\toprule\n{heads}  \\midrule\n{rows}  \
         \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n",
        escape_latex(caption),
        visible(name)
    )
}

fn escape_latex(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '\\' => escaped.push_str("\\textbackslash{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '<' => escaped.push_str("\\textless{}"),
            '>' => escaped.push_str("\\textgreater{}"),
            '−' => escaped.push_str("$-$"),
            '–' => escaped.push_str("--"),
            '×' => escaped.push_str("$\\times$"),
            '≤' => escaped.push_str("$\\le$"),
            // A bracket after a line's end would be read as its option.
            '[' => escaped.push_str("{[}"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(character);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_latex_would_read_as_a_command_is_escaped() {
        let hostile = r"50 % & \input{x} $y_1^2$ #1 [z] ~ <a> −1";
        let expected = concat!(
            r"50 \% \& \textbackslash{}input\{x\} \$y\_1\textasciicircum{}2\$ \#1 {[}z] ",
            r"\textasciitilde{} \textless{}a\textgreater{} $-$1"
        );
        assert_eq!(escape_latex(hostile), expected);
    }

    #[test]
    fn fields_with_commas_quotes_and_lines_are_quoted() {
        let rows =
            [vec!["a".to_owned(), "b".to_owned()], vec!["1,2\n".to_owned(), "\"x\"".to_owned()]];
        assert_eq!(write_csv(rows.into_iter()), "a,b\n\"1,2\n\",\"\"\"x\"\"\"\n");
    }
}
