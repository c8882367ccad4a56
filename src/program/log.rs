//! The log of a program: the beginning and the end of what it wrote on its standard output and standard error.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::HEADING;
use crate::fs;
use crate::provenance::Stopwatch;

/// How much is kept of the beginning, and of the end.
const KEPT: usize = 1 << 20;

/// How many of the last bytes are given while a program runs, and how often.
const RECENT: usize = 4096;
const RECENT_INTERVAL: Duration = Duration::from_millis(500);

/// The file of the last bytes of a log while its program runs, if they are not in the log yet.
pub(super) fn recent(log: &Path) -> PathBuf {
    log.with_extension("recent")
}

/// Copies what a program writes: the beginning at once, the end when there is no more. Meanwhile, gives `recent` the last
/// bytes from time to time.
pub(super) fn copy(
    mut from: impl Read,
    mut to: impl Write,
    recent: impl Fn(&[u8]),
) -> std::io::Result<()> {
    let mut since = Stopwatch::start();
    let mut buffer = vec![0; 1 << 16];
    let (mut written, mut left_out) = (0, 0);
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let n = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let head = n.min(KEPT - written);
        // A program goes on if its log cannot be written, as on a full disk.
        let _ = to.write_all(&buffer[..head]).and_then(|()| to.flush());
        written += head;
        tail.extend(&buffer[head..n]);
        if !tail.is_empty() && since.elapsed() > RECENT_INTERVAL {
            recent(&tail[tail.len().saturating_sub(RECENT)..]);
            since = Stopwatch::start();
        }
        if tail.len() > 2 * KEPT {
            let surplus = tail.len() - KEPT;
            left_out += surplus;
            tail.drain(..surplus);
        }
    }
    let surplus = tail.len().saturating_sub(KEPT);
    left_out += surplus;
    if left_out > 0 {
        write!(to, "\n[{left_out} bytes of this log are left out here]\n")?;
    }
    to.write_all(&tail[surplus..])?;
    to.flush()
}

/// The last lines of a log, each on a line of its own after a heading. Paths in the directory `work` of the run, which
/// has another name each time, are shown from there.
pub(super) fn end(path: &Path, n: usize, work: &Path) -> String {
    let Ok(bytes) = fs::read(path) else { return "; its log cannot be read".to_owned() };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.replace(&format!("{}/", work.display()), "");
    // Bars of progress write their line again and again.
    let lines: Vec<String> =
        text.split(['\n', '\r']).filter(|line| !line.is_empty()).map(shortened).collect();
    let last = &lines[lines.len().saturating_sub(n)..];
    match last.is_empty() {
        true => "; its log is empty".to_owned(),
        false => format!("{HEADING}\n  {}", last.join("\n  ")),
    }
}

/// A line of limited length.
pub(super) fn shortened(line: &str) -> String {
    const LONGEST: usize = 500;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_beginning_and_its_end() {
        let mut log = Vec::new();
        copy(&b"short\n"[..], &mut log, |_| ()).unwrap();
        assert_eq!(log, b"short\n");
        let text: Vec<u8> = (0..6_000_000u32).map(|i| b'a' + (i % 7) as u8).collect();
        let mut log = Vec::new();
        copy(&text[..], &mut log, |_| ()).unwrap();
        let notice = format!("\n[{} bytes of this log are left out here]\n", text.len() - 2 * KEPT);
        assert_eq!(log.len(), 2 * KEPT + notice.len());
        assert_eq!(log[..KEPT], text[..KEPT]);
        assert_eq!(log[log.len() - KEPT..], text[text.len() - KEPT..]);
    }
}
