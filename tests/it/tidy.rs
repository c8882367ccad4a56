//! The structure that `lib.rs` promises.

mod circles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use crate::project::repository;

/// Module and source of every file under `src`, but for the binary.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut directories = vec![repository().join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path.ends_with("main.rs")
            {
                let relative = path.strip_prefix(repository().join("src")).unwrap();
                let first = relative.components().next().unwrap().as_os_str().to_string_lossy();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((module, path, text));
            }
        }
    }
    found
}

fn floors() -> Vec<String> {
    let lib = std::fs::read_to_string(repository().join("src/lib.rs")).unwrap();
    let lines = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    lines.map(|line| line.trim_end_matches(';').to_owned()).collect()
}

#[test]
fn a_module_names_only_modules_above_it_in_lib_rs() {
    let floors = floors();
    let floor = |module: &str| floors.iter().position(|name| name == module);
    assert!(floors.len() > 15);
    for (module, path, text) in sources() {
        let Some(own) = floor(&module) else { continue };
        for named in text.split("crate::").skip(1) {
            let name: String =
                named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let other =
                floor(&name).unwrap_or_else(|| panic!("`crate::{name}` in {}", path.display()));
            assert!(other <= own, "{} names `{name}`, which is above `{module}`", path.display());
        }
    }
}

#[test]
fn no_two_files_need_each_other() {
    let root = repository().join("src");
    let mut texts = BTreeMap::new();
    for (_, path, text) in sources() {
        let path = path.strip_prefix(&root).unwrap().with_extension("");
        let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
        texts.insert(names.join("::"), text);
    }
    texts.remove("lib");
    assert!(texts.len() > 100);
    if let Some(circle) = circles::circle(&texts) {
        panic!("these files depend on each other in a circle: {}", circle.join(" → "));
    }
}

#[test]
fn each_large_dependency_is_named_by_one_module() {
    for (dependency, owners) in [
        ("dfdx", &["train"][..]),
        ("cudarc", &["train"]),
        ("pulp", &["kernel"]),
        ("libm", &["kernel", "run", "stats", "task"]),
        ("statrs", &["stats"]),
        ("polars", &["summary"]),
        ("biblatex", &["citation"]),
        ("plotters", &["figure"]),
        ("resvg", &["figure"]),
        ("png", &["figure"]),
        ("notosans", &["figure"]),
        ("ttf_parser", &["figure"]),
        ("minijinja", &["claim", "render", "template"]),
        ("pulldown_cmark", &["render"]),
        ("csv", &["dataset", "export"]),
        ("annotate_snippets", &["diagnostic"]),
        ("npyz", &["dataset"]),
        ("clap", &["cli"]),
        ("indicatif", &["cli"]),
        ("rand_chacha", &["random"]),
        ("flate2", &["dataset"]),
        ("toml", &["document"]),
        ("safetensors", &["model"]),
        ("sha2", &["digest"]),
        ("tempfile", &["fs"]),
        ("getrandom", &["provenance"]),
    ] {
        for (module, path, text) in sources() {
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let names_it = [format!("use {dependency}::"), format!(" {dependency}::")]
                .iter()
                .any(|name| code.contains(name.as_str()));
            let is_owner = owners.contains(&module.as_str());
            assert!(is_owner || !names_it, "{} names {dependency}", path.display());
        }
    }
}

/// The sources embed files of other folders. Without them, the package could not be installed.
#[test]
fn the_package_has_what_the_sources_contain() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let list = Command::new(cargo)
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let packaged = String::from_utf8(list.stdout).unwrap();
    let packaged: BTreeSet<_> = packaged.lines().collect();
    let mut n = 0;
    for (_, path, text) in sources() {
        for name in text.split("include_bytes!(\"").chain(text.split("include_str!(\"")).skip(1) {
            let Some((name, _)) = name.split_once("\")") else { continue };
            let contained = path.parent().unwrap().join(name);
            let Ok(contained) = contained.canonicalize() else { continue };
            let own = contained.strip_prefix(repository()).unwrap().to_string_lossy().into_owned();
            assert!(packaged.contains(&own[..]), "{} contains {own}", path.display());
            n += 1;
        }
    }
    assert!(n > 20, "{n}");
}

#[test]
fn no_file_is_longer_than_400_lines_and_every_module_says_what_it_is() {
    for (_, path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//! "), "{} has no module documentation", path.display());
    }
}
