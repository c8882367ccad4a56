//! Where the prose names references and items by `@`.
//!
//! The syntax is that of Pandoc: `@key` in a sentence, `@key [p. 3]` with a place in the work, `[see @a, p. 3; @b]`
//! in brackets, and `[-@key]` without the author.

use std::ops::Range;

use super::letters::{Letter, letters};
use crate::template::is_reserved;

/// An `@key` of the prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) key: String,
    /// Its place in the prose, with the hyphen before it.
    pub(super) range: Range<usize>,
    /// Whether it has a hyphen: `-@key`.
    pub(super) has_hyphen: bool,
    pub(super) is_in_heading: bool,
}

/// What belongs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mentions {
    /// A part of a sentence, with the places of the brackets behind it.
    Sentence(Mention, Option<[usize; 2]>),
    /// What stands in one pair of brackets.
    Brackets(Brackets),
}

/// Mentions in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Brackets {
    pub(super) open: usize,
    pub(super) close: usize,
    pub(super) all: Vec<Mention>,
    /// The places of the semicolons, each with the white space behind it.
    pub(super) separators: Vec<Range<usize>>,
    /// Whether nothing else stands in the brackets.
    pub(super) is_bare: bool,
    /// Where a comma is missing before a place in a work: `[@key p. 3]`.
    pub(super) commas: Vec<usize>,
}

/// A mistake, and what is typed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misplaced {
    pub(super) typed: String,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// All mentions of the prose, in their order.
///
/// # Errors
/// With the first that is written in a way that `report` does not read.
pub(super) fn mentions(text: &str) -> Result<Vec<Mentions>, Misplaced> {
    let (blocks, links) = letters(text);
    let in_link = links.iter().find_map(|link| {
        let at = ["[@", "[-@"].iter().find_map(|open| link.find(open).map(|at| at + open.len()))?;
        link[at..].starts_with(char::is_alphanumeric).then_some(link)
    });
    if let Some(link) = in_link {
        return Err(Misplaced {
            typed: link.clone(),
            message: "a citation stands in the text of a link or an image".to_owned(),
            hint: "write it behind the link; write `\\[@` for text",
        });
    }
    let mut all = Vec::new();
    for block in &blocks {
        of_block(&block.all, block.is_heading, &mut all)?;
    }
    Ok(all)
}

fn of_block(
    letters: &[Letter],
    is_in_heading: bool,
    all: &mut Vec<Mentions>,
) -> Result<(), Misplaced> {
    let mut found: Vec<(usize, usize, Mention)> = Vec::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.c == '@' && letter.is_text && may_precede(&letters[..at]) {
            let end = key_end(letters, at + 1);
            if end > at + 1 {
                found.push((at, end, mention(letters, at, end, is_in_heading)?));
            }
            let braced: String = letters[at + 1..].iter().map(|one| one.c).take(40).collect();
            let key = braced.strip_prefix('{').and_then(|rest| Some(rest.split_once('}')?.0));
            if let Some(key) = key.filter(|key| key.starts_with(char::is_alphanumeric)) {
                return Err(Misplaced {
                    typed: format!("@{{{key}"),
                    message: format!("`@{{{key}}}` has braces"),
                    hint: "write `@key` without braces; write `\\@` for text",
                });
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let pairs = pairs(letters);
    let inner = |at: usize| {
        let around = pairs.iter().filter(|(open, close)| *open < at && at < *close);
        around.copied().max_by_key(|(open, _)| *open)
    };
    let mut at = 0;
    while let Some((start, end, mention)) = found.get(at) {
        let Some(pair) = inner(*start) else {
            let behind = behind(letters, *end, &pairs);
            if let Some((open, close)) = behind
                && let Some((_, _, other)) = found.iter().find(|(at, ..)| open < *at && *at < close)
            {
                return Err(Misplaced {
                    typed: format!("@{}", mention.key),
                    message: format!(
                        "`@{}` is followed by brackets with `@{}`",
                        mention.key, other.key
                    ),
                    hint: "write `[@a; @b]` for both in brackets",
                });
            }
            let places = behind.map(|(open, close)| [letters[open].at, letters[close].at]);
            all.push(Mentions::Sentence(mention.clone(), places));
            at += 1;
            continue;
        };
        let inside = found[at..].iter().take_while(|(start, ..)| *start < pair.1);
        let inside: Vec<_> = inside.cloned().collect();
        at += inside.len();
        all.push(Mentions::Brackets(brackets(letters, pair, &inside)?));
    }
    Ok(())
}

/// Whether what follows these letters may be a mention: an address of mail or of a page goes on, and so does a value.
fn may_precede(before: &[Letter]) -> bool {
    let Some(last) = before.last() else { return true };
    let is_word = |letter: &Letter| {
        letter.c.is_alphanumeric() || is_reserved(letter.c) || "_@\\".contains(letter.c)
    };
    let start = before.iter().rposition(|letter| letter.c.is_whitespace()).map_or(0, |at| at + 1);
    let word: String = before[start..].iter().map(|letter| letter.c).collect();
    let is_address = word.contains("://") || word.starts_with("www.");
    !is_word(last) && !is_address
}

/// The end of the key that begins at a letter. Marks like `.` and `-` belong to a key if it goes on after them.
fn key_end(letters: &[Letter], from: usize) -> usize {
    let is_part = |at: usize| {
        letters.get(at).is_some_and(|one| one.is_text && (one.c.is_alphanumeric() || one.c == '_'))
    };
    let is_mark =
        |at: usize| letters.get(at).is_some_and(|one| one.is_text && ":.+-/".contains(one.c));
    let mut end = from;
    while is_part(end) || (end > from && is_mark(end) && is_part(end + 1)) {
        end += 1;
    }
    end
}

fn mention(
    letters: &[Letter],
    at: usize,
    end: usize,
    is_in_heading: bool,
) -> Result<Mention, Misplaced> {
    let key: String = letters[at + 1..end].iter().map(|letter| letter.c).collect();
    let next = letters.get(end).filter(|next| ":-/_".contains(next.c)).map_or(end, |_| end + 1);
    if letters.get(next).is_some_and(|next| is_reserved(next.c)) {
        return Err(Misplaced {
            typed: format!("@{key}"),
            message: format!("a value goes on the key `@{key}`"),
            hint: "write the whole key into the template, or `{{ reference(NAME) }}`; write `\\@` for text",
        });
    }
    let has_hyphen = at > 0
        && letters[at - 1].c == '-'
        && letters[at - 1].is_text
        && letters[..at - 1].last().is_none_or(|one| one.c == '[' || one.c.is_whitespace());
    let start = letters[if has_hyphen { at - 1 } else { at }].at;
    let last = letters[end - 1];
    Ok(Mention { key, range: start..last.at + last.c.len_utf8(), has_hyphen, is_in_heading })
}

/// The pairs of brackets.
fn pairs(letters: &[Letter]) -> Vec<(usize, usize)> {
    let (mut open, mut pairs) = (Vec::new(), Vec::new());
    for (at, letter) in letters.iter().enumerate().filter(|(_, letter)| letter.is_text) {
        match letter.c {
            '[' => open.push(at),
            ']' => pairs.extend(open.pop().map(|start| (start, at))),
            _ => {}
        }
    }
    pairs
}

/// The brackets one space behind a mention, unless they are empty.
fn behind(letters: &[Letter], end: usize, pairs: &[(usize, usize)]) -> Option<(usize, usize)> {
    letters.get(end).filter(|letter| letter.c.is_whitespace())?;
    let (open, close) = *pairs.iter().find(|(open, _)| *open == end + 1)?;
    (close > open + 1).then_some((open, close))
}

fn brackets(
    letters: &[Letter],
    (open, close): (usize, usize),
    inside: &[(usize, usize, Mention)],
) -> Result<Brackets, Misplaced> {
    let places: Vec<_> =
        (open + 1..close).filter(|at| letters[*at].c == ';' && letters[*at].is_text).collect();
    let keys =
        |from: usize, to: usize| inside.iter().filter(|(at, ..)| from < *at && *at < to).count();
    let ends: Vec<_> = [open].into_iter().chain(places.iter().copied()).chain([close]).collect();
    let first = &inside[0].2.key;
    if ends.windows(2).any(|pair| keys(pair[0], pair[1]) != 1) {
        return Err(Misplaced {
            typed: format!("@{first}"),
            message: format!("the brackets of `@{first}` have a part with no key, or with several"),
            hint: "write one `@key` in each part, with `;` between them; write `\\@` or `\\[` for text",
        });
    }
    let separators = places.iter().map(|at| {
        let spaces = letters[at + 1..close].iter().take_while(|one| one.c.is_whitespace()).count();
        letters[*at].at..letters[at + 1 + spaces].at
    });
    let covered: usize = inside
        .iter()
        .map(|(start, end, mention)| end - start + usize::from(mention.has_hyphen))
        .sum();
    let spaces = letters[open + 1..close].iter().filter(|one| one.c.is_whitespace()).count();
    let is_bare = covered + spaces + places.len() == close - open - 1;
    let commas = inside.iter().filter(|(_, end, _)| is_place(&letters[*end..close]));
    Ok(Brackets {
        open: letters[open].at,
        close: letters[close].at,
        all: inside.iter().map(|(.., mention)| mention.clone()).collect(),
        separators: separators.collect(),
        is_bare,
        commas: commas.map(|(.., mention)| mention.range.end).collect(),
    })
}

/// Whether these letters name a place in a work, without a comma before it.
fn is_place(letters: &[Letter]) -> bool {
    const WORDS: [&str; 9] =
        ["p. ", "pp. ", "ch. ", "chap. ", "sec. ", "§", "fig. ", "vol. ", "page "];
    let text: String = letters.iter().map(|one| one.c).take(12).collect();
    let is_number = text.trim_start().starts_with(|c: char| c.is_ascii_digit());
    text.starts_with(char::is_whitespace)
        && (is_number || WORDS.iter().any(|word| text.trim_start().starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of each mention; those in brackets with `;` between them.
    fn keys(text: &str) -> Vec<String> {
        let one = |mentions: Mentions| match mentions {
            Mentions::Sentence(mention, None) => mention.key,
            Mentions::Sentence(mention, Some([open, close])) => {
                format!("{} {}", mention.key, &text[open..=close])
            }
            Mentions::Brackets(brackets) => {
                let sign = |one: &Mention| if one.has_hyphen { "-" } else { "" };
                let keys = brackets.all.iter().map(|one| format!("{}{}", sign(one), one.key));
                let bare = if brackets.is_bare { "" } else { " …" };
                format!("[{}{bare}]", keys.collect::<Vec<_>>().join(";"))
            }
        };
        mentions(text).unwrap().into_iter().map(one).collect()
    }

    #[test]
    fn keys_are_found_in_sentences_and_in_brackets() {
        for (text, found) in [
            (
                "As @lecun98 shows, and @DBLP:journals/corr/KingmaB14.",
                vec!["lecun98", "DBLP:journals/corr/KingmaB14"],
            ),
            ("As [@a; @b_c] and\n[see *also* @a, p. 12;\n-@d-e]", vec!["[a;b_c]", "[a;-d-e …]"]),
            ("@a [p. 12] and @b [] and @c[d]", vec!["a [p. 12]", "b", "c"]),
            ("*@a* **[@b]** (@c) \"@d\" ~~@e~~", vec!["a", "[b]", "c", "d", "e"]),
            (
                "# On @a\n\n- [@b]\n- @c\n\n| x |\n| --- |\n| [@d] |\n\nx[^1]\n\n[^1]: [@e]",
                vec!["a", "[b]", "c", "[d]", "[e]"],
            ),
            ("> quoted [@a;\n> @b]", vec!["[a;b]"]),
            ("See [a] and [see [1] in @b]", vec!["[b …]"]),
            ("\\[@a\\] and Müller: @müller20.", vec!["a", "müller20"]),
            ("[@a p. 3]", vec!["[a …]"]),
        ] {
            assert_eq!(keys(text), found, "{text}");
        }
    }

    #[test]
    fn other_signs_of_this_form_are_no_keys() {
        for text in [
            "a@b.org, <a@b.org> and a_@b, P@1, @ 5 Hz, @@x",
            "\\@a, &#64;a, `@a`, $@a$",
            "```python\n@a\n```\n\n    @b\n\n<div>\n@c\n</div>",
            "<span title=\"@a\">x</span>",
            "[see @a](https://example.org/@b) and <https://example.org/@c> and https://example.org/@d",
            "![by @a](images/@b.png)\n\n[x]: https://example.org/@y\n\n[x]",
            "[@a](#b)",
            "x \u{fdd0}\u{fdd2}\u{fdd1}@example @\u{fdd0}\u{fdd2}\u{fdd1}",
        ] {
            assert_eq!(keys(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_is_not_read_is_refused() {
        for (text, why) in [
            ("[@a and @b]", "with no key, or with several"),
            ("[@a; b]", "with no key, or with several"),
            ("@a [@b]", "is followed by brackets"),
            ("As @{a b} says.", "has braces"),
            ("@fig-\u{fdd0}\u{fdd2}\u{fdd1}", "a value goes on"),
            ("@a\u{fdd0}\u{fdd2}\u{fdd1}", "a value goes on"),
            ("![from [@a]](x.png)", "in the text of a link"),
        ] {
            let error = mentions(text).expect_err(text);
            assert!(error.message.contains(why), "{text}: {error:?}");
        }
        assert!(matches!(&mentions("[@a p. 3]").unwrap()[0],
            Mentions::Brackets(all) if all.commas == [3]));
    }
}
