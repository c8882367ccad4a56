//! Formulas of the prose: `LaTeX` to `MathML`, which browsers show without a script.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use pulldown_cmark::{Event, Parser};

use super::skeleton::{Mark, OPTIONS, Part, Skeleton, parts};
use crate::format::visible;
use crate::template::{TemplateError, Templates};

/// All formulas of the prose as `MathML`, in their order, each with its `LaTeX` for readers who copy it. Equations
/// count through the prose, and a reference finds its equation.
///
/// # Errors
/// With the line of a formula that is not valid `LaTeX`, uses an unknown command, or refers to no equation.
pub(super) fn formulas(
    skeleton: &Skeleton,
    templates: &Templates,
) -> Result<Vec<String>, TemplateError> {
    let typed = Parser::new_ext(&skeleton.text, OPTIONS).filter_map(|event| match event {
        Event::InlineMath(tex) => Some((tex, MathDisplay::Inline)),
        Event::DisplayMath(tex) => Some((tex, MathDisplay::Block)),
        _ => None,
    });
    let typed: Vec<_> = typed.collect();
    let whole: Vec<_> =
        typed.iter().map(|(tex, display)| (with_values(skeleton, tex), *display)).collect();
    let snippets: Vec<_> = whole.iter().map(|(tex, display)| (tex.as_str(), *display)).collect();
    let config = MathCoreConfig { annotation: true, ..MathCoreConfig::default() };
    let refuse = |index: usize, why: &str| {
        let typed = parts(&typed[index].0);
        let typed = typed.iter().filter_map(Part::plain).max_by_key(|part| part.len());
        let first = typed.unwrap_or_default().trim().lines().next().unwrap_or_default().to_owned();
        let message = format!("the formula `{}` is not valid: {why}", visible(&whole[index].0));
        let hint = "formulas are LaTeX as math-core knows it; write `\\$` for a dollar sign that opens none";
        templates.mistake(&[first], message, hint)
    };
    let converter = LatexToMathML::new(config);
    let converter = match converter {
        Ok(converter) => converter,
        Err((error, ..)) => return Err(refuse(0, &error.to_string())),
    };
    let made = converter.convert_all(&snippets).into_iter().enumerate();
    let made = made.map(|(index, made)| match made {
        _ if has_dollar(snippets[index].0) => Err(refuse(index, "a `$` stands in it")),
        Err(error) => Err(refuse(index, &error.to_string())),
        Ok(made) if made.warnings.has_undefined_references() => {
            Err(refuse(index, "it refers to a `\\label` that no equation has"))
        }
        Ok(made) => Ok(made.mathml),
    });
    made.collect()
}

/// Whether `tex` has a dollar sign that no backslash makes literal.
fn has_dollar(tex: &str) -> bool {
    tex.match_indices('$').any(|(at, _)| !tex[..at].ends_with('\\'))
}

/// The formula with each value as `LaTeX` shows it literally.
fn with_values(skeleton: &Skeleton, tex: &str) -> String {
    let mut whole = String::new();
    for part in parts(tex) {
        match part {
            Part::Plain(text) => whole.push_str(text),
            Part::Mark(index) => {
                let value = skeleton.marks.get(index).map_or_else(String::new, Mark::plain);
                let value = literal(&whole, &value);
                whole.push_str(&value);
            }
        }
    }
    whole
}

/// A value in a formula, after `before`: a number as it is, and any other text as text. As an exponent or an index,
/// it stands in braces.
pub(super) fn literal(before: &str, text: &str) -> String {
    let is_number = |c: char| c.is_ascii_digit() || " +-−.,%[]()=<>/".contains(c);
    let escaped: String = visible(text)
        .chars()
        .map(|c| match c {
            '\\' => "\\textbackslash{}".to_owned(),
            '^' => "\\textasciicircum{}".to_owned(),
            // In LaTeX, a tilde is a space; this one is a letter.
            '~' => "\u{2dc}".to_owned(),
            '%' | '#' | '&' | '_' | '{' | '}' | '$' => format!("\\{c}"),
            c => c.to_string(),
        })
        .collect();
    let shown = match text.chars().all(is_number) {
        true => escaped,
        false => format!("\\text{{{escaped}}}"),
    };
    match before.trim_end().ends_with(['^', '_']) {
        true => format!("{{{shown}}}"),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<String>, TemplateError> {
        let text = format!("a\n\n{text}\n");
        let templates = Templates { paper: text.clone(), ..Templates::default() };
        formulas(&Skeleton { text, ..Skeleton::default() }, &templates)
    }

    #[test]
    fn a_formula_becomes_mathml_and_an_unknown_command_is_refused_with_its_line() {
        let formula = of("$\\frac{a}{\\sigma^2}$").unwrap().remove(0);
        assert!(formula.contains("<mfrac><mi>a</mi><msup><mi>σ</mi><mn>2</mn></msup></mfrac>"));
        assert!(formula.contains("\\frac{a}{\\sigma^2}"), "the source can be copied");
        let error = of("$\\fraction{a}{b}$").unwrap_err();
        assert_eq!(error.line, 3);
        assert!(error.message.contains("\\fraction"), "{error}");
        assert!(of("$a & b$").is_err() && of("$\\text{<b>}$").unwrap()[0].contains("&lt;b&gt;"));
        assert!(of("$$\\text{if $x$}$$").is_err());
    }

    #[test]
    fn equations_count_through_the_prose_and_a_reference_finds_its_equation() {
        let one = "$$\\begin{equation} x \\label{eq:NAME}\\end{equation}$$";
        let text = format!(
            "See $\\eqref{{eq:b}}$.\n\n{}\n\n{}",
            one.replace("NAME", "a"),
            one.replace("NAME", "b")
        );
        let formulas = of(&text).unwrap();
        assert!(formulas[0].contains("<a href=\"#eq:b\">(2)</a>"), "{formulas:?}");
        assert!(formulas[2].contains("id=\"eq:b\"") && formulas[2].contains("(2)"), "{formulas:?}");
        assert!(of("$\\eqref{eq:c}$").unwrap_err().message.contains("no equation has"));
    }

    #[test]
    fn a_value_in_a_formula_is_shown_literally() {
        assert_eq!(literal("x = ", "−2.13 %"), "−2.13 \\%");
        assert_eq!(literal("x^", "10.5"), "{10.5}");
        assert_eq!(literal("", "a_b {c}"), "\\text{a\\_b \\{c\\}}");
        for text in ["100 %", "a_b^c", "x\\y", "{", "$5", "~#&^~"] {
            assert!(of(&format!("${}$", literal("", text))).is_ok(), "{text}");
        }
    }
}
