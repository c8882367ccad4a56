//! The LaTeX files of a report, compiled with pdfLaTeX.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::project::{Project, repository};

/// All printable characters of ASCII, and some of those that LaTeX gives a meaning of its own side
/// by side.
const ASCII: &str =
    r##" !"#$%&'()*+,-./0123456789:;<=>?@A[\]^_`a{|}~ -- --- '' `` ?` !` << >> ,, \\ % end"##;

/// The `.tex` files in the folder of a report.
fn tables(data: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "tex")).collect();
    files.sort();
    files
}

/// Prints `line` although the test passes.
#[expect(clippy::explicit_write, reason = "`eprintln!` is hidden where a test passes")]
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

/// The text of a document of these tables, if pdftotext is there; none without pdfLaTeX.
#[track_caller]
fn compiled(files: &[PathBuf]) -> Option<String> {
    let has = |program: &str| {
        let mut command = Command::new(program);
        command.arg("-v").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok()
    };
    if !has("pdflatex") {
        tell("the test of LaTeX files: skipped, there is no pdflatex (Debian: texlive-latex-base)");
        return None;
    }
    let directory = tempfile::tempdir().unwrap();
    let input = |file: &PathBuf| format!("\\input{{{}}}\n\\clearpage\n", file.display());
    let inputs = files.iter().map(input).collect::<Vec<_>>().concat();
    let document = format!(
        "\\documentclass{{article}}\n\\usepackage[utf8]{{inputenc}}\n\\usepackage{{booktabs}}\n\
         \\begin{{document}}\n{inputs}\\end{{document}}\n"
    );
    std::fs::write(directory.path().join("all.tex"), document).unwrap();
    let output = Command::new("pdflatex")
        .args(["-interaction=nonstopmode", "-halt-on-error", "all.tex"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{log}");
    assert!(!log.contains("Missing character"), "{log}");
    if !has("pdftotext") {
        tell(
            "the test of LaTeX files: compiled, not read, there is no pdftotext (Debian: poppler-utils)",
        );
        return Some(String::new());
    }
    let text = Command::new("pdftotext")
        .args(["-layout", "all.pdf", "-"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(!text.is_empty(), "pdftotext reads nothing");
    Some(text)
}

#[test]
fn every_table_of_the_shipped_report_compiles() {
    let files = tables(&repository().join("reports/data"));
    assert!(files.len() >= 10);
    let Some(text) = compiled(&files) else { return };
    assert!(text.is_empty() || text.contains("All twelve conditions"), "{text}");
}

#[test]
fn tables_of_hostile_labels_compile_and_show_them() {
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let beyond = "≥ → α ½ × − ± ° é ß Ł “q” …";
    let titles = [format!("{ASCII} {beyond}"), "深い 🐌 ð \u{7}".to_owned()];
    let project = Project::new();
    for (file, old, title) in
        [("deep", "deep", &titles[0]), ("fully-connected", "fully connected", &titles[1])]
    {
        let file = format!("experiments/{file}.toml");
        project.edit(
            &file,
            &format!("title = {}", quoted(old)),
            &format!("title = {}", quoted(title)),
        );
    }
    // The labels are the first cells of the rows of the second table.
    let paper = "experiments/paper.toml";
    project.edit(paper, "true = \"yes\", false = \"no\"", "true = \"*yes\", false = \"[no] | --\"");
    project.edit(paper, "\"All conditions.\"", &quoted(&titles[0]));
    project.build(&[]);
    let Some(text) = compiled(&tables(&project.path("reports/data"))) else { return };
    if text.is_empty() {
        return;
    }
    for shown in
        ["*yes", "[no] | -", "#$%&", "*+,", "A[\\]", "{|}", "U+6DF1", "U+1F40C", "α", "→", "≥"]
    {
        assert!(text.contains(shown), "`{shown}` is not shown:\n{text}");
    }
}
