//! How far a program is that still runs.

use std::path::Path;

use serde_json::Value;

use super::log;
use crate::fs;

/// How many of the last bytes of a file are looked at.
const LOOK: u64 = 4096;

/// The longest line that is shown, in characters.
const LONGEST: usize = 60;

/// How far a program is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// The share of its work that is done, from 0 to 1, if it says so.
    pub share: Option<f64>,
    /// The last line of its log.
    pub line: Option<String>,
}

impl Progress {
    /// What its files say now. A program may write into them, so nothing is an error.
    pub(super) fn read(results: &Path, log: &Path) -> Self {
        let end = |path: &Path| fs::end_of(path, LOOK).unwrap_or_default();
        let recent = end(&log::recent(log));
        let shown = if recent.is_empty() { end(log) } else { recent };
        Self { share: share(&end(results)), line: last_line(&shown) }
    }
}

/// The last share in these lines of results.
fn share(text: &[u8]) -> Option<f64> {
    let text = String::from_utf8_lossy(text);
    let share = |line: &str| serde_json::from_str::<Value>(line).ok()?.get("progress")?.as_f64();
    text.lines().rev().find_map(share).map(|share| share.clamp(0.0, 1.0))
}

/// The last line with text. Bars of progress write their line again and again, after a carriage return.
fn last_line(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let line = text.split(['\n', '\r']).rev().map(str::trim).find(|line| !line.is_empty())?;
    // Sequences that move the cursor or change colours would spoil the terminal.
    let line = console::strip_ansi_codes(line);
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    Some(match line.chars().count() {
        n if n > LONGEST => line.chars().take(LONGEST - 1).chain(['…']).collect(),
        _ => line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_share_and_the_last_line_are_found_in_what_is_written_so_far() {
        let results = b"{\"step\": 1, \"loss\": 2}\n{\"progress\": 0.25}\n{\"step\": 2, \"lo";
        assert_eq!(share(results), Some(0.25));
        assert_eq!(share(b"{\"progress\": 7}"), Some(1.0));
        assert_eq!(share(b"none"), None);
        let line = |text: &str| last_line(text.as_bytes()).unwrap_or_default();
        assert_eq!(line("begun\n 10 %\r 20 %\r\n\n"), "20 %");
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\u{7}"), "red");
        assert_eq!(line(&"x".repeat(100)).chars().count(), LONGEST);
        assert_eq!(last_line(b"\n"), None);
    }
}
