//! The files of figures.

use std::path::Path;
use std::time::SystemTime;

use crate::project::Project;

fn written(path: &Path) -> SystemTime {
    std::fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn a_png_is_drawn_only_when_it_is_not_that_of_its_svg() {
    let project = Project::new();
    project.build(&[]);
    let [curves, seeds] =
        ["curves", "seeds"].map(|name| project.path(&format!("reports/figures/{name}.png")));
    let (first, time) = (std::fs::read(&curves).unwrap(), written(&curves));
    let redrawn = || {
        project.build(&[]);
        let is_redrawn = written(&curves) != time;
        assert_eq!(std::fs::read(&curves).unwrap(), first);
        is_redrawn
    };
    assert!(!redrawn(), "nothing has changed");

    let cut = first[..first.len() / 2].to_vec();
    for damaged in [cut, b"no picture".to_vec(), std::fs::read(&seeds).unwrap()] {
        std::fs::write(&curves, damaged).unwrap();
        assert!(redrawn());
    }
    std::fs::remove_file(&curves).unwrap();
    assert!(redrawn());

    // The SVG file says nothing of the picture: a checkout may have one without the other.
    std::fs::remove_file(project.path("reports/figures/curves.svg")).unwrap();
    let time = written(&curves);
    project.edit("experiments/deep.toml", "title = \"deep\"", "title = \"wide\"").build(&[]);
    assert_ne!(written(&curves), time);
    assert_ne!(std::fs::read(&curves).unwrap(), first);
}

#[test]
fn kind_6_a_character_without_a_glyph_is_named_with_its_file() {
    let project = Project::new();
    project.edit("experiments/deep.toml", "title = \"deep\"", "title = \"深い deep 🐌\"");
    let outcome = project.run(&["build"]);
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    for name in ["models", "curves", "seeds"] {
        let warning = format!("warning: figures/{name}.png shows a box for `い`, `深`, `🐌`");
        assert!(outcome.stderr.contains(&warning), "{outcome:#?}");
    }
    assert!(project.read("reports/figures/models.svg").contains("深い deep 🐌"));
}

#[test]
fn kind_6_too_many_curves_are_refused_before_anything_is_trained() {
    let project = Project::new();
    let factor = "[factors]\n\"train.optimizer.lr\" = [1, 2, 3, 4, 5, 6, 7]";
    project.edit("experiments/base/protocol.toml", "[factors]", factor);
    for args in [&["build"][..], &["build", "--dry-run"]] {
        let outcome = project.run(args);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        let expected = "figure `curves` has 28 curves; at most 24 can be told apart; show fewer";
        assert!(outcome.stderr.contains(expected), "{outcome:#?}");
        assert!(outcome.stderr.contains("experiments/paper.toml:"), "{outcome:#?}");
    }
    assert_eq!(project.count_records(), 0);
}

#[test]
fn kind_6_layout_that_hides_what_tells_items_apart_a_level_after_a_long_title_is_shown() {
    let project = Project::new();
    let long = "a fully connected branch with one layer, as in Section 4.2 of the paper";
    let title = format!("title = \"{long}\"");
    project.edit("experiments/fully-connected.toml", "title = \"fully connected\"", &title);
    project.build(&[]);
    for name in ["curves", "seeds"] {
        let svg = project.read(&format!("reports/figures/{name}.svg"));
        assert_eq!(svg.matches("sharing\n</text>").count(), 2, "{name}: one label for each model");
    }
}
