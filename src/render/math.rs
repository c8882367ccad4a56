//! Formulas of the prose: `LaTeX` to `MathML`, which browsers show without a script.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use pulldown_cmark::{Event, Parser};

use super::skeleton::{Mark, OPTIONS, Part, Skeleton, parts};
use crate::format::visible;
use crate::template::{TemplateError, Templates};

/// All formulas of the prose as `MathML`, in their order, each with its `LaTeX` for readers who copy it. Equation
/// numbers go on through the prose, and a reference finds its equation.
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
    for (index, (tex, _)) in snippets.iter().enumerate() {
        if let Some(why) = misread(tex) {
            return Err(refuse(index, &why));
        }
    }
    let converter = LatexToMathML::new(config);
    let converter = match converter {
        Ok(converter) => converter,
        Err((error, ..)) => return Err(refuse(0, &error.to_string())),
    };
    let made = converter.convert_all(&snippets).into_iter().enumerate();
    let made = made.map(|(index, made)| match made {
        Err(error) => Err(refuse(index, &error.to_string())),
        Ok(made) if made.warnings.has_undefined_references() => {
            Err(refuse(index, "it refers to a `\\label` that no equation has"))
        }
        Ok(made) => Ok(made.mathml),
    });
    made.collect()
}

/// Deepest nesting of a formula. The converter calls itself for each level.
const DEEPEST: usize = 100;

/// Commands with one argument, and with two. Without braces, an argument is one character.
const WITH_ARGUMENTS: [(&str, usize); 13] = [
    ("frac", 2),
    ("dfrac", 2),
    ("tfrac", 2),
    ("binom", 2),
    ("sqrt", 1),
    ("hat", 1),
    ("bar", 1),
    ("tilde", 1),
    ("overline", 1),
    ("mathbf", 1),
    ("mathrm", 1),
    ("mathbb", 1),
    ("text", 1),
];

/// Why a formula would show something else than its author means. `None` if it would not.
fn misread(tex: &str) -> Option<String> {
    let is_escaped = |at: usize| tex[..at].ends_with('\\');
    let unescaped = |c: char| tex.match_indices(c).any(|(at, _)| !is_escaped(at));
    if unescaped('$') {
        return Some("a `$` stands in it".to_owned());
    }
    if unescaped('%') {
        return Some("a `%` hides the rest of it; write `\\%`".to_owned());
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    for (at, c) in
        tex.char_indices().filter(|(at, _)| !is_escaped(*at) || tex[*at..].starts_with("left"))
    {
        match c {
            '{' => depth += 1,
            'l' if tex[at..].starts_with("left") => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEEPEST {
        return Some(format!("it nests more than {DEEPEST} levels"));
    }
    let digits = |text: &str| text.trim_start().chars().take_while(char::is_ascii_digit).count();
    let of_index = tex.match_indices(['^', '_']).filter(|(at, _)| !is_escaped(*at));
    let index = of_index.map(|(at, sign)| (sign, digits(&tex[at + 1..]))).find(|(_, n)| *n > 1);
    if let Some((sign, _)) = index {
        return Some(format!(
            "`{sign}` takes only the first of these digits; write them in braces"
        ));
    }
    let after = |command: &str| {
        let calls =
            tex.match_indices('\\').filter_map(|(at, _)| tex[at + 1..].strip_prefix(command));
        calls.map(digits).max().unwrap_or(0)
    };
    let command = WITH_ARGUMENTS.iter().find(|(command, most)| after(command) > *most)?;
    Some(format!(
        "`\\{}` takes only one digit for each argument; write arguments in braces",
        command.0
    ))
}

/// The formula with each value as `LaTeX` shows it literally.
fn with_values(skeleton: &Skeleton, tex: &str) -> String {
    let mut whole = String::new();
    for part in parts(tex) {
        match part {
            Part::Plain(text) => whole.push_str(text),
            Part::Mark(index) => {
                let value = skeleton.marks.get(index).map_or_else(String::new, Mark::plain);
                whole.push_str(&literal(&value));
            }
        }
    }
    whole
}

/// A value in a formula: a number as it is, and any other text as text. It stands in braces, because it may be an
/// exponent or an argument.
pub(super) fn literal(text: &str) -> String {
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
    match text.chars().all(is_number) {
        true => format!("{{{escaped}}}"),
        false => format!("{{\\text{{{escaped}}}}}"),
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
        assert!(error.message.contains("\\fraction"), "{error:?}");
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
        assert_eq!(literal("−2.13 %"), "{−2.13 \\%}");
        assert_eq!(literal("a_b {c}"), "{\\text{a\\_b \\{c\\}}}");
        for text in ["100 %", "a_b^c", "x\\y", "{", "$5", "~#&^~"] {
            assert!(of(&format!("${}$", literal(text))).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_formula_that_would_show_something_else_is_refused() {
        for (tex, why) in [
            ("10^12", "takes only the first"),
            ("\\frac510", "takes only one digit"),
            ("\\sqrt12", "takes only one digit"),
            ("95%", "hides the rest"),
            (&"{".repeat(101), "more than 100 levels"),
            (&"\\left(".repeat(101), "more than 100 levels"),
        ] {
            assert!(
                misread(tex).is_some_and(|found| found.contains(why)),
                "{tex}: {:?}",
                misread(tex)
            );
        }
        for tex in [
            "10^{12}",
            "\\frac12",
            "\\sqrt2",
            "x_1^2",
            "95\\%",
            "\\times10^3",
            "\\{x\\}",
            "\\text{12}",
        ] {
            assert_eq!(misread(tex), None, "{tex}");
        }
    }
}
