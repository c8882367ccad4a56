//! Tests of the table of keys.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_key_has_one_meaning_in_each_kind_of_its_table() {
    assert!(sections().len() > 20);
    for section in sections() {
        let kinds = section.kinds();
        for key in section.all() {
            let unknown = key.of.iter().find(|kind| !kinds.contains(kind));
            assert_eq!(unknown, None, "`{}` of `{}`", key.name, section.path);
        }
        let whole = [None];
        let kinds = kinds.iter().copied().map(Some);
        for kind in whole.into_iter().chain(kinds) {
            let names: Vec<_> =
                section.all().filter(|key| key.is_of(kind)).map(|key| key.name).collect();
            let unique: BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{kind:?} of `{}`: {names:?}", section.path);
        }
    }
}

#[test]
fn each_kind_of_a_table_is_described() {
    for section in sections().into_iter().filter(|own| matches!(own.tag, Tag::Word(..))) {
        for kind in section.kinds() {
            assert!(kinds::meaning(section, kind).is_some(), "`{kind}` of `{}`", section.path);
        }
    }
}

#[test]
fn texts_say_what_a_key_takes() {
    let says = |takes: &Takes| takes.to_string();
    assert_eq!(says(&Takes::Integer(1, i64::MAX)), "an integer of at least 1");
    assert_eq!(says(&section::BELOW_1), "a number of at least 0 and less than 1");
    assert_eq!(says(&Takes::Word("loss", &["a", "b", "c"])), "\"a\", \"b\" or \"c\"");
    assert_eq!(says(&Takes::List(&Takes::Boolean)), "a list, each item a boolean");
}
