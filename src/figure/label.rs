//! Labels in lines that fit a width. What tells labels apart always stays.

use std::collections::BTreeSet;

use super::font::room;

/// Longest part of a word that is kept or left out as a whole.
const PART: usize = 16;

/// Lines of text.
pub(super) type Lines = Vec<String>;

/// Each label in lines of at most `width` at this type size.
///
/// A label that needs more than `most` lines is shortened: `…` stands for the words that are left
/// out. The words that tell it from any other label stay, even if they need more lines.
pub(super) fn fit(labels: &[&str], size: u32, width: i32, most: usize) -> Vec<Lines> {
    let fits = |text: &str| wrap(text, size, width).len() <= most;
    let shortened: Vec<_> = labels
        .iter()
        .map(|label| match fits(label) {
            true => (*label).to_owned(),
            false => shorten(label, labels, fits),
        })
        .collect();
    let is_told_apart = |index: usize| {
        let mut others = shortened.iter().zip(labels);
        others.all(|(short, label)| *label == labels[index] || *short != shortened[index])
    };
    let texts = labels.iter().zip(&shortened).enumerate();
    texts
        .map(|(index, (label, short))| if is_told_apart(index) { short } else { *label })
        .map(|text| wrap(text, size, width))
        .collect()
}

/// `text` in lines of at most `width`, broken between words and, if a word is too long, within it.
fn wrap(text: &str, size: u32, width: i32) -> Lines {
    let fits = |text: &str| room(text, size) <= width;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if !fits(&line) && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, character.to_string()));
            }
        }
    }
    lines.push(line);
    lines
}

/// A part of a label: a word or a piece of a long one.
struct Part {
    text: String,
    /// Index of its first character in the label.
    start: usize,
    follows_space: bool,
}

fn shorten(label: &str, labels: &[&str], fits: impl Fn(&str) -> bool) -> String {
    let parts = parts(label);
    let part_at = |index: usize| parts.partition_point(|part| part.start <= index).max(1) - 1;
    let different = labels.iter().filter_map(|other| first_difference(label, other));
    let mut kept: BTreeSet<usize> = different.map(part_at).collect();
    // Then the words at the beginning and at the end, in turn, as long as they fit.
    let (mut first, mut last) = (0, parts.len());
    while first < last {
        let added: Vec<_> =
            [first, last - 1].into_iter().filter(|part| kept.insert(*part)).collect();
        if !added.is_empty() && !fits(&joined(&parts, &kept)) {
            kept.retain(|part| !added.contains(part));
            // One of the two may fit alone.
            if added.len() == 2 {
                kept.insert(added[0]);
                if !fits(&joined(&parts, &kept)) {
                    kept.remove(&added[0]);
                }
            }
            break;
        }
        (first, last) = (first + 1, last - 1);
    }
    joined(&parts, &kept)
}

fn parts(label: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut follows_space = true;
    for (start, character) in label.chars().enumerate() {
        match parts.last_mut() {
            _ if character == ' ' => follows_space = true,
            Some(part) if !follows_space && part.text.chars().count() < PART => {
                part.text.push(character);
            }
            _ => {
                parts.push(Part { text: character.to_string(), start, follows_space });
                follows_space = false;
            }
        }
    }
    parts
}

/// The parts that are kept, with `…` in place of the others.
fn joined(parts: &[Part], kept: &BTreeSet<usize>) -> String {
    let mut text = String::new();
    let mut is_gap = false;
    for (index, part) in parts.iter().enumerate() {
        let is_kept = kept.contains(&index);
        if is_kept || !is_gap {
            if part.follows_space && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(if is_kept { &part.text } else { "…" });
        }
        is_gap = !is_kept;
    }
    text
}

/// The index of the first character of `label` that differs from `other`. Returns `None` if they
/// are equal.
fn first_difference(label: &str, other: &str) -> Option<usize> {
    let equal = label.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    (label != other).then_some(equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_fits_stays_as_it_is() {
        assert_eq!(fit(&["deep", ""], 15, 200, 1), [vec!["deep"], vec![""]]);
    }

    #[test]
    fn words_go_to_the_next_line_and_a_long_word_is_broken() {
        let lines = wrap("one two three four", 15, room("one two", 15));
        assert_eq!(lines, ["one two", "three", "four"]);
        let lines = wrap(&"m".repeat(9), 15, room("mmmm", 15));
        assert_eq!(lines, ["mmmm", "mmmm", "m"]);
    }

    #[test]
    fn what_differs_stays_wherever_it_is() {
        let filler = "a fully connected branch with one layer as in Section 4.2 of the paper";
        for (one, other) in [
            (format!("{filler} + sharing"), format!("{filler} − sharing")),
            (format!("deep {filler}"), format!("wide {filler}")),
            (format!("{filler} 0.1 {filler}"), format!("{filler} 0.01 {filler}")),
            (filler.repeat(3), format!("{} more", filler.repeat(3))),
            (format!("{}x{}", "y".repeat(200), "y".repeat(200)), "y".repeat(401)),
        ] {
            let lines = fit(&[&one, &other], 15, 220, 1);
            assert_ne!(lines[0], lines[1]);
            for lines in &lines {
                assert!(lines.len() <= 2 && lines.concat().contains('…'), "{lines:?}");
                assert!(lines.iter().all(|line| room(line, 15) <= 220), "{lines:?}");
            }
        }
    }

    #[test]
    fn sixty_labels_that_differ_in_many_places_stay_different() {
        let label = |i: usize| {
            let digit = |n: usize| ["zero", "one", "two"][i / 3usize.pow(n as u32) % 3];
            format!(
                "rate {} of the size {} with a decay {} and {}",
                digit(0),
                digit(1),
                digit(2),
                digit(3)
            )
        };
        let labels: Vec<_> = (0..60).map(label).collect();
        let labels: Vec<_> = labels.iter().map(String::as_str).collect();
        let lines: BTreeSet<_> = fit(&labels, 15, 150, 1).into_iter().collect();
        assert_eq!(lines.len(), 60);
    }
}
