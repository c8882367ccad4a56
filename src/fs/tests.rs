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

#[test]
fn of_several_that_publish_one_file_exactly_one_succeeds_and_the_others_get_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/record");
    let texts: Vec<_> = (0..8).map(|n| format!("record {n}").repeat(1000)).collect();
    let results = std::thread::scope(|scope| {
        let threads: Vec<_> = texts
            .iter()
            .map(|text| scope.spawn(|| publish(&path, text.as_bytes()).unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let written = read(&path).unwrap();
    let first = texts.iter().position(|text| text.as_bytes() == written).unwrap();
    for (n, result) in results.into_iter().enumerate() {
        assert_eq!(result, (n != first).then(|| written.clone()));
    }
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}
