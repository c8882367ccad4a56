//! Tests of the text of mistakes.

use super::*;
use crate::document;

const TEXT: &str = "# a\n[train]\nepochs = \"zehn – 10\"\nbatch = [\n  1,\n]\n";

fn texts() -> BTreeMap<String, String> {
    BTreeMap::from([("a.toml".to_owned(), TEXT.to_owned())])
}

/// A mistake at the value of a key of `[train]`.
fn at(key: &str) -> Violation {
    let root = document::parse("a.toml", TEXT).unwrap();
    let document::Value::Table(root) = root.value else { unreachable!() };
    let document::Value::Table(train) = &root["train"].value else { unreachable!() };
    Violation::new(train[key].location.clone(), format!("train.{key}"), "is wrong; mend it")
}

#[test]
fn the_line_of_a_mistake_is_shown_with_a_mark_below_the_value() {
    let shown = show(&[at("epochs")], &texts(), false);
    let expected = "\
error: a.toml:3: `train.epochs` is wrong; mend it
  |
3 | epochs = \"zehn – 10\"
  |          ^^^^^^^^^^^";
    assert_eq!(shown, expected);
}

#[test]
fn a_value_on_several_lines_is_marked_at_its_key() {
    let shown = show(&[at("batch")], &texts(), false);
    assert!(shown.contains("4 | batch = [\n  | ^^^^^"), "{shown}");
}

#[test]
fn a_second_place_has_its_file_and_what_it_is() {
    let mut mistake = at("epochs");
    mistake.also.push((at("batch").location, "see here".to_owned()));
    let shown = show(&[mistake], &texts(), false);
    assert!(shown.contains("::: a.toml:4:1"), "{shown}");
    assert!(shown.contains("----- see here"), "{shown}");
}

#[test]
fn text_of_a_file_cannot_steer_the_terminal() {
    let text = "a \u{1b}[31m b\n";
    let location = Location { file: "b.md".into(), line: 1, span: Some((0, 3)) };
    let texts = BTreeMap::from([("b.md".to_owned(), text.to_owned())]);
    let shown = show(&[Violation::new(location, "", "is \u{1b}[2J bad")], &texts, false);
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    assert!(shown.contains("1 | a "), "{shown:?}");
}

#[test]
fn a_span_that_is_not_in_the_text_shows_no_line() {
    let mut mistake = at("epochs");
    mistake.location.span = Some((5, 9999));
    assert_eq!(
        show(&[mistake], &texts(), false),
        "error: a.toml:3: `train.epochs` is wrong; mend it"
    );
}

#[test]
fn columns_count_characters_and_lines_count_from_one() {
    let place = Place::of(&at("epochs").location, &texts());
    assert_eq!((place.line, place.column, place.end_line, place.end_column), (3, 10, 3, 21));
}

#[test]
fn annotations_of_github_escape_what_ends_them() {
    let mut mistake = at("epochs");
    mistake.message = "is 10 % of\nall, or: none".to_owned();
    assert_eq!(
        for_github(&[mistake], &texts()),
        [
            "::error file=a.toml,line=3,col=10,endLine=3,endColumn=21::`train.epochs` is 10 %25 of all, or: none"
        ]
    );
}
