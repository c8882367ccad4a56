//! `report build --pdf`, with browsers that a test can bend.

use std::os::unix::fs::PermissionsExt as _;

use crate::project::{Outcome, Project};

/// A browser that notes each call and then runs `printing` for its target `$target`.
fn write_browser(project: &Project, printing: &str) {
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho called >> calls\n\
         for word in \"$@\"; do\n  target=\"${{word#--print-to-pdf=}}\"\n  \
         [ \"$target\" = \"$word\" ] || {{ {printing}; }}\ndone\n"
    );
    project.write("bin/chromium", script);
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("bin/chromium"), permissions).unwrap();
}

fn build(project: &Project, args: &[&str]) -> Outcome {
    let mut command = project.command(&[&["build"], args].concat());
    Outcome::of(command.env("PATH", project.path("bin")))
}

#[test]
fn a_pdf_is_printed_once_for_each_page_and_never_shows_an_older_one() {
    let project = Project::new();
    let prose = "# A\n\n{% if pdf %}[PDF](report.pdf){% endif %}\n";
    project.write("templates/paper.md.jinja", prose);
    write_browser(&project, "printf '%%PDF-1.4 page\\n%%%%EOF\\n' > \"$target\"");
    let outcome = build(&project, &["--pdf"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    assert!(outcome.stdout.contains("reports/report.pdf"), "{outcome:#?}");
    assert!(
        project
            .read("reports/report.pdf")
            .starts_with("%PDF-1.4 page\n%%EOF\n\n% printed by report")
    );
    assert!(project.read("reports/report.html").contains("href=\"report.pdf\""));
    assert!(project.read("reports/report.md").contains("[PDF](report.pdf)"));
    // The same page is not printed again, with or without the option.
    assert_eq!(build(&project, &["--pdf"]).code, 0);
    let outcome = build(&project, &[]);
    assert!(outcome.stdout.contains("reports/report.pdf"), "{outcome:#?}");
    assert_eq!(project.read("calls").lines().count(), 1);
    // Another page removes it, and says so.
    project.write("templates/paper.md.jinja", format!("{prose}\nmore\n"));
    let outcome = build(&project, &[]);
    assert!(outcome.stderr.contains("report.pdf` shows an older report"), "{outcome:#?}");
    assert!(!project.path("reports/report.pdf").exists());
    assert!(!project.read("reports/report.html").contains("report.pdf"));
    assert_eq!(build(&project, &["--pdf"]).code, 0);
    assert_eq!(project.read("calls").lines().count(), 2);
    let names = std::fs::read_dir(project.path(".report")).unwrap();
    let hidden = names.filter(|name| {
        name.as_ref().is_ok_and(|name| name.file_name().to_string_lossy().starts_with('.'))
    });
    assert_eq!(hidden.count(), 0, "nothing of the browser stays");
    // Also a build that knows nothing of the report before leaves no older file.
    std::fs::remove_file(project.path("reports/data/report.json")).unwrap();
    project.write("templates/paper.md.jinja", format!("{prose}\nother\n"));
    assert_eq!(build(&project, &["--yes"]).code, 0);
    assert!(!project.path("reports/report.pdf").exists());
    // A file of the user is neither removed nor replaced.
    project.write("reports/report.pdf", "%PDF-1.4 by hand\n%%EOF\n");
    project.write("templates/paper.md.jinja", format!("{prose}\nand more\n"));
    let outcome = build(&project, &[]);
    assert_eq!((outcome.code, outcome.stderr.contains("older")), (0, false), "{outcome:#?}");
    let outcome = build(&project, &["--pdf"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("report.pdf` is not from a build"), "{outcome:#?}");
    assert!(project.read("reports/report.pdf").contains("by hand"));
}

#[test]
fn without_a_browser_nothing_is_trained_and_a_browser_that_fails_costs_only_the_pdf() {
    let project = Project::new();
    project.write("bin/empty", "");
    let outcome = build(&project, &["--pdf"]);
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("needs Chromium or Chrome"), "{outcome:#?}");
    assert!(outcome.stderr.contains("hint: install Chromium"), "{outcome:#?}");
    assert_eq!(project.count_records(), 0);
    project.write("templates/paper.md.jinja", "# A\n\n{% if pdf %}[PDF](report.pdf){% endif %}\n");
    for (printing, reason) in [
        ("echo 'no room' >&2; exit 21", "did not print the page: no room"),
        ("printf '<html>' > \"$target\"", "did not print the page: it gave no reason"),
        ("printf '%%PDF-1.4 cut' > \"$target\"", "did not print the page: it gave no reason"),
    ] {
        write_browser(&project, printing);
        let outcome = build(&project, &["--pdf"]);
        assert_eq!(outcome.code, 1, "{outcome:#?}");
        assert!(outcome.stderr.contains(reason), "{outcome:#?}");
        assert!(!project.read("reports/report.html").contains("report.pdf"));
        assert!(!project.path("reports/report.pdf").exists());
    }
}
