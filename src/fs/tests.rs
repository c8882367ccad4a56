//! Writes that fail, and what they leave.

use super::*;

#[test]
fn a_write_replaces_the_file_and_leaves_nothing_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/a.txt");
    write_atomic(&path, b"one").unwrap();
    write_atomic(&path, b"two").unwrap();
    assert_eq!(read(&path).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_failed_write_names_the_path_and_keeps_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    write_atomic(&file, b"old").unwrap();
    let below_a_file = file.join("below");
    let error = write_atomic(&below_a_file, b"x").unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert_eq!(read(&file).unwrap(), b"old");
}
