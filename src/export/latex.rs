//! Tables as LaTeX.

use std::collections::BTreeSet;

use crate::format::visible;
use crate::table::{Cell, Table, TableItem};

/// A table as LaTeX, with the rules of the booktabs package.
#[must_use]
pub fn latex(name: &str, caption: &str, table: &Table) -> String {
    let table = table.stable();
    let aligned: String =
        table.columns.iter().map(|column| if column.is_number { 'r' } else { 'l' }).collect();
    let line = |cells: Vec<String>| format!("  {} \\\\\n", cells.join(" & "));
    let heads = line(table.columns.iter().map(|column| escape_latex(&column.head)).collect());
    let rows: String = table
        .rows
        .iter()
        .map(|row| line(row.cells.iter().map(|cell| escape_latex(&cell.text())).collect()))
        .collect();
    format!(
        "% needs \\usepackage{{booktabs}}\n\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \
         \\label{{tab:{}}}\n  \\begin{{tabular}}{{{aligned}}}\n  \\toprule\n{heads}  \\midrule\n{rows}  \
         \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n",
        escape_latex(caption),
        visible(name)
    )
}

/// The characters that the LaTeX files of an item show by their codes.
#[must_use]
pub fn coded(item: &TableItem) -> BTreeSet<char> {
    let cells = item.tables.iter().flat_map(|table| {
        let heads = table.columns.iter().map(|column| column.head.clone());
        heads.chain(table.rows.iter().flat_map(|row| row.cells.iter().map(Cell::text)))
    });
    let texts = cells.chain([item.caption.clone()]);
    let is_coded = |c: &char| {
        !(' '..='~').contains(c)
            && !OF_STANDARD_FONTS.contains(*c)
            && !COMMANDS.iter().any(|(known, _)| known == c)
    };
    texts.flat_map(|text| visible(&text).chars().filter(is_coded).collect::<Vec<_>>()).collect()
}

/// `text` as LaTeX that shows it, with pdfLaTeX and its standard fonts. A character that these
/// fonts lack is shown by its code, such as `U+6DF1`.
fn escape_latex(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', character]),
            // After the end of a row, `*` and `[` would be read as its options. Two hyphens,
            // quotes, commas or backticks would become another character.
            '*' | '[' | '-' | '\'' | '"' | ',' if needs_braces(character, &escaped) => {
                escaped.extend(['{', character, '}']);
            }
            ' '..='~' if !r"\^~<>|`".contains(character) => escaped.push(character),
            c if OF_STANDARD_FONTS.contains(c) => escaped.push(c),
            c => match COMMANDS.iter().find(|(known, _)| *known == c) {
                Some((_, command)) => escaped.push_str(command),
                None => escaped.extend(["U+", &format!("{:04X}", u32::from(c))]),
            },
        }
    }
    escaped
}

/// Whether `character` must be kept apart from what is before it.
fn needs_braces(character: char, before: &str) -> bool {
    match character {
        '[' => true,
        '*' => before.is_empty(),
        _ => before.ends_with(character),
    }
}

/// Letters and signs beyond ASCII that LaTeX shows as they are.
const OF_STANDARD_FONTS: &str = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßŒœŁłŠšŽžČčĆćŃńŚśŹźŻżŘřĚěŮůŐőŰűĞğİıŞş\
                                 ‘’“”…§¶¡¿";

/// Commands for other characters.
const COMMANDS: [(char, &str); 90] = [
    ('\\', r"\textbackslash{}"),
    ('^', r"\textasciicircum{}"),
    ('~', r"\textasciitilde{}"),
    ('<', r"\textless{}"),
    ('>', r"\textgreater{}"),
    ('|', r"\textbar{}"),
    ('`', r"\`{}"),
    ('\u{a0}', "~"),
    ('–', "--"),
    ('—', "---"),
    ('−', "$-$"),
    ('×', r"$\times$"),
    ('÷', r"$\div$"),
    ('±', r"$\pm$"),
    ('·', r"$\cdot$"),
    ('≤', r"$\le$"),
    ('≥', r"$\ge$"),
    ('≠', r"$\ne$"),
    ('≈', r"$\approx$"),
    ('∞', r"$\infty$"),
    ('∈', r"$\in$"),
    ('√', r"$\surd$"),
    ('∑', r"$\sum$"),
    ('∂', r"$\partial$"),
    ('∇', r"$\nabla$"),
    ('¬', r"$\lnot$"),
    ('∧', r"$\land$"),
    ('∨', r"$\lor$"),
    ('←', r"$\leftarrow$"),
    ('→', r"$\rightarrow$"),
    ('↔', r"$\leftrightarrow$"),
    ('↑', r"$\uparrow$"),
    ('↓', r"$\downarrow$"),
    ('⇒', r"$\Rightarrow$"),
    ('°', r"$^\circ$"),
    ('²', "$^2$"),
    ('³', "$^3$"),
    ('¹', "$^1$"),
    ('½', r"$\frac{1}{2}$"),
    ('¼', r"$\frac{1}{4}$"),
    ('¾', r"$\frac{3}{4}$"),
    ('µ', r"$\mu$"),
    ('α', r"$\alpha$"),
    ('β', r"$\beta$"),
    ('γ', r"$\gamma$"),
    ('δ', r"$\delta$"),
    ('ε', r"$\varepsilon$"),
    ('ζ', r"$\zeta$"),
    ('η', r"$\eta$"),
    ('θ', r"$\theta$"),
    ('ι', r"$\iota$"),
    ('κ', r"$\kappa$"),
    ('λ', r"$\lambda$"),
    ('μ', r"$\mu$"),
    ('ν', r"$\nu$"),
    ('ξ', r"$\xi$"),
    ('ο', "o"),
    ('π', r"$\pi$"),
    ('ρ', r"$\rho$"),
    ('σ', r"$\sigma$"),
    ('ς', r"$\varsigma$"),
    ('τ', r"$\tau$"),
    ('υ', r"$\upsilon$"),
    ('φ', r"$\varphi$"),
    ('χ', r"$\chi$"),
    ('ψ', r"$\psi$"),
    ('ω', r"$\omega$"),
    ('Γ', r"$\Gamma$"),
    ('Δ', r"$\Delta$"),
    ('Θ', r"$\Theta$"),
    ('Λ', r"$\Lambda$"),
    ('Ξ', r"$\Xi$"),
    ('Π', r"$\Pi$"),
    ('Σ', r"$\Sigma$"),
    ('Υ', r"$\Upsilon$"),
    ('Φ', r"$\Phi$"),
    ('Ψ', r"$\Psi$"),
    ('Ω', r"$\Omega$"),
    ('Α', "A"),
    ('Β', "B"),
    ('Ε', "E"),
    ('Ζ', "Z"),
    ('Η', "H"),
    ('Ι', "I"),
    ('Κ', "K"),
    ('Μ', "M"),
    ('Ν', "N"),
    ('Ο', "O"),
    ('Ρ', "P"),
    ('Τ', "T"),
];

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
    fn what_latex_would_read_together_is_kept_apart() {
        assert_eq!(escape_latex("*a* [b]"), "{*}a* {[}b]");
        assert_eq!(escape_latex("[81.19, 83.11]"), "{[}81.19, 83.11]");
        assert_eq!(escape_latex("--x ''y'' ---"), "-{-}x '{'}y'{'} -{-}-");
    }

    #[test]
    fn characters_beyond_ascii_are_commands_or_codes() {
        assert_eq!(escape_latex("| ≥ α ½ é"), r"\textbar{} $\ge$ $\alpha$ $\frac{1}{2}$ é");
        assert_eq!(escape_latex("深 🐌"), "U+6DF1 U+1F40C");
    }
}
