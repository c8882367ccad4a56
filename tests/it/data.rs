//! `--data DIR`: the four standard MNIST files, and directories that are none.

use crate::project::{Outcome, Project};

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// 60 digits with a pattern of their class, in the layout of the standard files.
fn write_mnist(project: &Project) {
    let n = 60u8;
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28];
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, n];
    for digit in 0..n {
        let class = digit % 10;
        labels.push(class);
        images.extend((0..784u32).map(|i| (i * u32::from(class + 1) % 251) as u8));
    }
    for (name, bytes) in NAMES.into_iter().zip([&images, &labels, &images, &labels]) {
        project.write(&format!("mnist/{name}"), bytes);
    }
}

#[test]
fn the_standard_files_make_other_runs_and_leave_those_of_the_embedded_digits() {
    let project = Project::new();
    write_mnist(&project);
    assert_eq!(project.build(&["--data", "mnist"]), 8);
    assert_eq!(project.build(&["--data", "mnist"]), 0);
    assert_eq!(project.build(&[]), 8);
    let in_file = "[data]\ndirectory = \"mnist\"";
    project.edit("experiments/base/protocol.toml", "[data]", in_file);
    assert_eq!(project.build(&[]), 0, "the key of the file names the same data");
}

#[test]
fn moving_the_files_trains_nothing_and_changing_a_pixel_trains_all() {
    let project = Project::new();
    write_mnist(&project);
    project.build(&["--data", "mnist"]);
    std::fs::rename(project.path("mnist"), project.path("moved")).unwrap();
    assert_eq!(project.build(&["--data", "moved"]), 0);
    let path = project.path("moved").join(NAMES[0]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[500] ^= 1;
    std::fs::write(path, bytes).unwrap();
    assert_eq!(project.build(&["--data", "moved"]), 8);
}

#[test]
fn each_faulty_directory_is_one_clear_error() {
    let project = Project::new();
    let check = |change: &dyn Fn(&Project), expected: &[&str]| {
        write_mnist(&project);
        change(&project);
        let outcome = project.run(&["build", "--data", "mnist"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        for part in expected {
            assert!(outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
        }
    };
    let labels = |project: &Project| std::fs::read(project.path("mnist").join(NAMES[1])).unwrap();
    let write = |project: &Project, index: usize, bytes: Vec<u8>| {
        project.write(&format!("mnist/{}", NAMES[index]), bytes);
    };
    check(
        &|p| std::fs::remove_file(p.path("mnist").join(NAMES[2])).unwrap(),
        &["`mnist` is not a dataset", "t10k-images-idx3-ubyte", "hint: a dataset directory holds"],
    );
    check(
        &|p| write(p, 1, labels(p)[..30].to_vec()),
        &[NAMES[1], "68 bytes", "has 30", "truncated"],
    );
    check(&|p| write(p, 0, labels(p)), &[NAMES[0], "this is a file of labels"]);
    check(
        &|p| {
            let mut bytes = labels(p);
            bytes[20] = 77;
            write(p, 1, bytes);
        },
        &["must end in 78 outputs, one for each class, but ends in 10"],
    );
    check(
        &|p| {
            let mut bytes = labels(p);
            (bytes[7], _) = (59, bytes.pop());
            write(p, 1, bytes);
        },
        &[NAMES[1], "59 labels", "60 images"],
    );
}

#[test]
fn the_names_that_archives_and_browsers_give_are_found() {
    let project = Project::new();
    write_mnist(&project);
    assert_eq!(project.build(&["--data", "mnist"]), 8);
    let folder = project.path("mnist");
    let rename =
        |from: &str, to: &str| std::fs::rename(folder.join(from), folder.join(to)).unwrap();
    rename(NAMES[0], "train-images.idx3-ubyte");
    rename(NAMES[1], "TRAIN-LABELS-IDX1-UBYTE");
    // Some archives make a folder of each file. The ending says nothing about the content.
    std::fs::create_dir(folder.join("t10k-images.idx3-ubyte")).unwrap();
    rename(NAMES[2], "t10k-images.idx3-ubyte/t10k-images-idx3-ubyte");
    rename(NAMES[3], "t10k-labels-idx1-ubyte.gz");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"other-\xff");
        std::fs::write(folder.join(name), "not UTF-8").unwrap();
    }
    assert_eq!(project.build(&["--data", "mnist"]), 0, "the same data");
    let in_file = "[data]\ndirectory = \"~/mnist\"";
    project.edit("experiments/base/protocol.toml", "[data]", in_file);
    let mut command = project.command(&["build", "--frozen"]);
    let outcome = Outcome::of(command.env("HOME", project.path("")));
    assert_eq!(outcome.code, 0, "{outcome:#?}");
    project.edit("experiments/base/protocol.toml", in_file, "[data]");
    // A second copy is no doubt if it is equal.
    std::fs::copy(folder.join("train-images.idx3-ubyte"), folder.join(NAMES[0])).unwrap();
    assert_eq!(project.build(&["--data", "mnist"]), 0);
    project.write(&format!("mnist/{}", NAMES[0]), "something else");
    let outcome = project.run(&["build", "--data", "mnist"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    assert!(
        outcome.stderr.contains("is there twice, and the content differs"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn what_stands_in_place_of_the_data_is_named() {
    let project = Project::new();
    write_mnist(&project);
    let fails = |expected: &str| {
        let outcome = project.run(&["build", "--data", "mnist"]);
        assert_eq!(outcome.code, 2, "{outcome:#?}");
        assert!(outcome.stderr.contains(expected), "{expected}: {}", outcome.stderr);
    };
    project.write(&format!("mnist/{}", NAMES[3]), "version https://git-lfs.github.com/spec/v1\n");
    fails("is a Git LFS pointer and not the data");
    project.write(&format!("mnist/{}", NAMES[3]), "<!DOCTYPE html><html><title>404</title>");
    fails("is an HTML page and not the data");
    std::fs::remove_file(project.path("mnist").join(NAMES[3])).unwrap();
    fails("`t10k-labels-idx1-ubyte` is missing: the folder has `t10k-images-idx3-ubyte`");
}

#[test]
fn more_pairs_than_digits_is_told_with_both_numbers() {
    let project = Project::new();
    write_mnist(&project);
    project.edit("experiments/base/protocol.toml", "train_pairs = 20", "train_pairs = 40");
    let outcome = project.run(&["build", "--data", "mnist"]);
    assert_eq!(outcome.code, 2, "{outcome:#?}");
    let expected = "40 pairs need 80 training images, but the data have 60";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
}
