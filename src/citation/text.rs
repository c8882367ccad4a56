//! The text of a field, as readers see it.

use biblatex::{ChunksExt, ChunksRef};

/// Commands of LaTeX that only change how their argument looks.
const LOOKS: [&str; 12] = [
    "emph",
    "textit",
    "textbf",
    "textsc",
    "textrm",
    "texttt",
    "textsf",
    "textnormal",
    "mathrm",
    "url",
    "mbox",
    "text",
];

/// The text of a field without braces. Commands that only change its look are left out.
pub(super) fn plain(chunks: ChunksRef<'_>) -> String {
    let mut text = chunks.format_verbatim();
    while let Some(shorter) = without_one(&text) {
        text = shorter;
    }
    // A tilde is a space that breaks no line.
    let text = text.replace('~', " ").replace("``", "“").replace("''", "”");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `text` without the last of these commands. Returns `None` if it has none.
fn without_one(text: &str) -> Option<String> {
    let opened = |name: &&str| text.rfind(&format!("\\{name}{{")).map(|at| (at, name.len()));
    let (at, length) = LOOKS.iter().filter_map(opened).max()?;
    let start = at + length + 2;
    let end = start + text[start..].find('}')?;
    Some(format!("{}{}{}", &text[..at], &text[start..end], &text[end + 1..]))
}

/// The first command of LaTeX or the first formula that is left in a text.
pub(super) fn latex(text: &str) -> Option<&str> {
    let command = text.match_indices('\\').find_map(|(at, _)| {
        let name = &text[at + 1..];
        let length = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
        (length > 0).then(|| &text[at..=at + length])
    });
    let formula = text.match_indices('$').zip(text.match_indices('$').skip(1)).next();
    command.or_else(|| formula.map(|((from, _), (to, _))| &text[from..=to]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_looks_are_left_out_and_others_are_found() {
        assert_eq!(without_one("a \\emph{b \\textit{c}} d").as_deref(), Some("a \\emph{b c} d"));
        assert_eq!(without_one("a \\emph b"), None);
        assert_eq!(latex("a \\cite{b}"), Some("\\cite"));
        assert_eq!(latex("the $n^2$ law"), Some("$n^2$"));
        assert_eq!(latex("a \\ b, 5 $"), None);
    }
}
