//! Formulas of the prose: `LaTeX` to `MathML`, which browsers show without a script.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use pulldown_cmark::{Event, Parser};

use super::skeleton::{OPTIONS, Part, Skeleton, parts};
use crate::format::visible;
use crate::template::{TemplateError, Templates};

/// The formula as `MathML`, with its `LaTeX` for readers who copy it. `tex` has marks.
///
/// # Errors
/// With the line of a formula that is not valid `LaTeX`, or that uses an unknown command.
pub(super) fn mathml(
    skeleton: &Skeleton,
    tex: &str,
    display: MathDisplay,
    templates: &Templates,
) -> Result<String, TemplateError> {
    let config = MathCoreConfig { annotation: true, ..MathCoreConfig::default() };
    let whole = with_values(skeleton, tex);
    let converter = LatexToMathML::new(config);
    let made = converter.map_err(|(error, ..)| error.to_string()).and_then(|converter| {
        let made = converter.convert_with_local_state(&whole, display);
        made.map(|made| made.mathml).map_err(|error| error.to_string())
    });
    made.map_err(|why| {
        let typed = parts(tex).iter().filter_map(Part::plain).max_by_key(|part| part.len());
        let typed = typed.unwrap_or_default();
        let first = typed.trim().lines().next().unwrap_or_default().to_owned();
        let message = format!("the formula `{}` is not valid: {why}", visible(&whole));
        templates.mistake(&[first], message, "write `\\$` for a dollar sign that opens no formula")
    })
}

/// Refuses two dollar signs that stand for money and would open and close a formula: one with a digit after its
/// end, as in `$5 (or $6)`, or with code in it.
///
/// # Errors
/// With the line of the first.
pub(super) fn check(skeleton: &Skeleton, templates: &Templates) -> Result<(), TemplateError> {
    for (event, range) in Parser::new_ext(&skeleton.text, OPTIONS).into_offset_iter() {
        let Event::InlineMath(tex) = event else { continue };
        let next = skeleton.text[range.end..].chars().next();
        if next.is_some_and(|c| c.is_ascii_digit()) || tex.contains('`') {
            let text = skeleton.plain(&skeleton.text[range]);
            let message = format!("`{}` would be a formula", visible(&text.replace('`', "'")));
            let typed = parts(&tex).iter().find_map(Part::plain).unwrap_or_default().to_owned();
            let hint = "write `\\$` for a dollar sign that opens no formula";
            return Err(templates.mistake(&[typed], message, hint));
        }
    }
    Ok(())
}

/// The formula with each value as `LaTeX` shows it literally.
fn with_values(skeleton: &Skeleton, tex: &str) -> String {
    let part = |part: Part<'_>| match part {
        Part::Plain(text) => text.to_owned(),
        Part::Mark(index) => {
            skeleton.marks.get(index).map_or_else(String::new, |mark| literal(&mark.plain()))
        }
    };
    parts(tex).into_iter().map(part).collect()
}

/// A value in a formula: a number as it is, and any other text as text.
pub(super) fn literal(text: &str) -> String {
    let is_number = |c: char| c.is_ascii_digit() || " +-−.,%[]()=<>/".contains(c);
    let escaped: String = visible(text)
        .chars()
        .map(|c| match c {
            '\\' => "\\textbackslash{}".to_owned(),
            '%' | '#' | '&' | '_' | '{' | '}' | '$' => format!("\\{c}"),
            '^' | '~' => format!("\\{c}{{}}"),
            c => c.to_string(),
        })
        .collect();
    match text.chars().all(is_number) {
        true => escaped,
        false => format!("\\text{{{escaped}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tex: &str) -> Result<String, TemplateError> {
        let templates = Templates { paper: format!("a\n\n${tex}$\n"), ..Templates::default() };
        mathml(&Skeleton::default(), tex, MathDisplay::Inline, &templates)
    }

    #[test]
    fn a_formula_becomes_mathml_and_an_unknown_command_is_refused_with_its_line() {
        let formula = of("\\frac{a}{\\sigma^2}").unwrap();
        assert!(formula.contains("<mfrac><mi>a</mi><msup><mi>σ</mi><mn>2</mn></msup></mfrac>"));
        assert!(formula.contains("\\frac{a}{\\sigma^2}"), "the source can be copied");
        let error = of("\\fraction{a}{b}").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.message.contains("\\fraction"), "{error}");
        assert!(of("a & b").is_err() && of("\\text{<b>}").unwrap().contains("&lt;b&gt;"));
    }

    #[test]
    fn a_value_in_a_formula_is_shown_literally() {
        assert_eq!(literal("−2.13 %"), "−2.13 \\%");
        assert_eq!(literal("a_b {c}"), "\\text{a\\_b \\{c\\}}");
        for text in ["100 %", "a_b^c", "x\\y", "{", "$5", "~#&"] {
            assert!(of(&literal(text)).is_ok(), "{text}");
        }
    }
}
