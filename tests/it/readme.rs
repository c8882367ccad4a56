//! What the README, the documents in `docs/` and the notes for contributors say is so.

mod transcript;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use report::{cli, keys, template};

use crate::project::{Outcome, Project, repository};
use transcript::Transcript;

/// Every document, by its path in the repository.
fn documents() -> BTreeMap<String, String> {
    let docs = std::fs::read_dir(repository().join("docs")).unwrap();
    let docs = docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_string_lossy()));
    let docs = docs.filter(|path| repository().join(path).is_file());
    let own = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned);
    let paths: Vec<_> = own.into_iter().chain(docs).collect();
    assert!(paths.len() > 8, "{paths:?}");
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

/// Language and text of each fenced block.
fn blocks(document: &str) -> Vec<(&str, &str)> {
    let fenced = document.split("\n```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').unwrap()).collect()
}

/// The document without its fenced blocks.
fn prose(document: &str) -> String {
    document.split("\n```").step_by(2).collect()
}

/// The words of each command of the console blocks.
fn commands(document: &str) -> Vec<Vec<String>> {
    let consoles = blocks(document).into_iter().filter(|(language, _)| *language == "console");
    let lines = consoles.flat_map(|(_, text)| text.lines());
    // shlex drops comments.
    lines.map(|line| shlex::split(line).unwrap()).filter(|words| !words.is_empty()).collect()
}

/// The files of the examples: blocks that start with the path of a file. Blocks of one file belong
/// together.
fn files(document: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (language, text) in blocks(document) {
        if !["toml", "jinja", "python", "sh", "r", "julia"].contains(&language) {
            continue;
        }
        let first = text.lines().next().unwrap();
        let path = first.trim_start_matches("{# ").trim_start_matches("# ").trim_end_matches(" #}");
        let is_path = path.starts_with("experiments/")
            || path.starts_with("templates/")
            || path.starts_with("helpers/")
            || path.starts_with("train");
        if language == "sh" && !is_path {
            continue;
        }
        assert!(is_path, "an example does not start with the path of its file: {text}");
        let file = files.entry(path.to_owned()).or_default();
        *file = format!("{file}{text}\n\n");
    }
    files
}

fn report_arguments(words: &[String]) -> Option<Vec<&str>> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["cargo", "run", "--release", "--", ..] => Some(words[4..].to_vec()),
        ["report", ..] => Some(words[1..].to_vec()),
        _ => None,
    }
}

#[test]
fn every_command_of_the_documents_runs_and_prints_what_is_pinned() {
    let mut n = 0;
    let mut differing = Vec::new();
    for (path, document) in documents() {
        let mut transcript = Transcript::default();
        let project = Project::new();
        project.build(&[]);
        #[cfg(unix)]
        crate::slurm::on_a_cluster(&project);
        let project = match path.as_str() {
            "docs/programs.md" => program("train.py", "python3"),
            _ => project,
        };
        for words in commands(&document) {
            if let Some(["serve", args @ ..]) = report_arguments(&words).as_deref() {
                crate::serve::starts(&project, args);
                n += 1;
            } else if let Some(args) = report_arguments(&words) {
                // The examples of the README come after its first page, and below the text of files that are there.
                for (file, text) in
                    files(&document).iter().filter(|_| path == "README.md" && args[0] == "check")
                {
                    let file = format!("my-paper/{file}");
                    let is_there = project.path(&file).exists();
                    let before = if is_there { project.read(&file) } else { String::new() };
                    project.write(&file, format!("{before}\n{text}"));
                }
                let outcome = project.run(&args);
                assert_eq!(outcome.code, 0, "`{}` in {path}: {outcome:#?}", words.join(" "));
                transcript.add(&args.join(" "), &outcome);
                n += 1;
            } else if words[0] == "cargo" {
                check_cargo(&words[1..]);
            } else if words[0].starts_with("tests/") {
                // CI runs it.
                assert!(repository().join(&words[0]).is_file(), "`{}` in {path}", words[0]);
            } else {
                let mut command = Command::new(&words[0]);
                let status = command.args(&words[1..]).current_dir(project.path("")).status();
                assert!(status.unwrap().success(), "`{}` in {path}", words.join(" "));
            }
        }
        differing.extend(transcript.difference(&path, &project));
        for (console, shown) in shown_outputs(&document) {
            let last = console.lines().last().and_then(shlex::split).unwrap_or_default();
            let args = report_arguments(&last).unwrap_or_default().join(" ");
            let difference = transcript.difference_of(&args, shown, &project);
            differing.extend(difference.map(|difference| format!("{path}: {difference}")));
        }
        if path == "README.md" {
            assert!(project.read("my-paper/reports/report.md").contains("**supported:**"));
        }
    }
    assert!(n >= 30, "the documents show commands");
    assert!(differing.is_empty(), "{}\nif it is meant: SNAPSHOTS=overwrite", differing.join("\n"));
}

/// The console blocks whose last command “prints” the block of text that follows, and this text.
fn shown_outputs(document: &str) -> Vec<(&str, &str)> {
    let parts: Vec<_> = document.split("\n```").collect();
    let block = |at: usize| parts.get(at).and_then(|part: &&str| part.split_once('\n'));
    let pairs = (1..parts.len()).step_by(2).filter_map(|at| {
        let (("console", console), ("text", text)) = (block(at)?, block(at + 2)?) else {
            return None;
        };
        parts[at + 1].trim().ends_with("command prints:").then_some((console, text))
    });
    pairs.collect()
}

/// Checks that a command of Cargo exists: its name and its features.
fn check_cargo(words: &[String]) {
    let config: toml::Table = read(".cargo/config.toml").parse().unwrap();
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let name = words[0].as_str();
    let is_known = ["build", "test", "bench", "doc", "install"].contains(&name);
    let is_alias = config["alias"].as_table().unwrap().contains_key(name);
    assert!(is_known || is_alias, "`cargo {name}`");
    for pair in words.windows(2).filter(|pair| pair[0] == "--features") {
        assert!(manifest["features"].as_table().unwrap().contains_key(&pair[1]), "{pair:?}");
    }
}

#[test]
fn the_aliases_of_cargo_are_documented_and_skip_only_tests_that_exist() {
    let config: toml::Table = read(".cargo/config.toml").parse().unwrap();
    let contributing = read("CONTRIBUTING.md");
    for (name, command) in config["alias"].as_table().unwrap() {
        assert!(contributing.contains(&format!("`cargo {name}`")), "{name}");
        let words: Vec<_> = command.as_str().unwrap().split_whitespace().collect();
        for pair in words.windows(2).filter(|pair| pair[0] == "--skip") {
            let (module, test) = pair[1].split_once("::").unwrap();
            let found = ["tests/it", "src"].iter().any(|folder| {
                let path = repository().join(folder).join(module).with_extension("rs");
                let source = std::fs::read_to_string(path).unwrap_or_default();
                source.contains(&format!("fn {test}")) || test.is_empty() && !source.is_empty()
            });
            assert!(found, "`cargo {name}` skips `{}`, which does not exist", pair[1]);
        }
    }
}

#[test]
fn ci_runs_the_readmes_test_command() {
    let readme = read("README.md");
    let is_test = |words: &Vec<String>| words.starts_with(&["cargo".into(), "test".into()]);
    let test = commands(&readme).into_iter().find(is_test).unwrap().join(" ");
    let ci = read(".ci/run");
    assert!(ci.lines().any(|line| line.trim().ends_with(&test)), "`{test}` is not in .ci/run");
}

/// The examples of the documents on files and templates are one project, which can be built.
#[test]
fn the_examples_of_files_and_templates_are_a_project() {
    let reference = files(&read("docs/files.md"));
    let prose = files(&read("docs/templates.md"));
    assert!(reference.len() > 4, "{:?}", reference.keys());
    for templates in [BTreeMap::new(), prose] {
        let project = Project::new();
        std::fs::remove_dir_all(project.path("experiments")).unwrap();
        project.write("templates/paper.md.jinja", "# {{ title }}\n");
        for (path, text) in reference.iter().chain(&templates) {
            project.write(path, text);
        }
        let outcome = project.run(&["build", "--dry-run"]);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
    }
}

/// The examples of the document on tasks are a project, which trains in seconds.
#[test]
fn the_examples_of_tasks_are_a_paper() {
    let project = Project::empty();
    let data = "experiments/data/penguins.csv";
    project.write(data, read(&format!("gallery/penguins/{data}")));
    project.write(
        "templates/paper.md.jinja",
        "# {{ title }}\n\n{{ verdicts() }}\n\n{{ figure(\"learning\") }}\n",
    );
    for (path, text) in files(&read("docs/tasks.md")) {
        project.write(&path, text);
    }
    assert_eq!(project.build(&[]), 10);
    assert!(project.read("reports/report.md").contains("A hidden layer lowers the error."));
}

/// The project of the document on programs, with this program of it, which `interpreter` runs.
fn program(program: &str, interpreter: &str) -> Project {
    let files = files(&read("docs/programs.md"));
    let project = Project::empty();
    for (path, text) in files.iter().filter(|(path, _)| path.contains('/')) {
        project.write(path, text);
    }
    project
        .write(program, &files[program])
        .write("train_script.py", &files["train_script.py"])
        .write("report_log.py", read("docs/report_log.py"));
    if program != "train.py" {
        project
            .edit(
                "experiments/train.toml",
                "[\"python3\", \"train.py\"]",
                &format!("[\"{interpreter}\", \"{program}\", \"{{params.lr}}\", \"{{seed}}\"]"),
            )
            .edit("experiments/train.toml", "\"train.py\", ", &format!("\"{program}\", "));
    }
    project
}

/// The programs of the document give a page, in each language that is installed.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped language is told")]
fn the_programs_of_the_document_give_a_paper() {
    let all = [
        ("train.py", "python3"),
        ("train.sh", "sh"),
        ("train.R", "Rscript"),
        ("train.jl", "julia"),
    ];
    for (file, interpreter) in all {
        if Command::new(interpreter).arg("--version").output().is_err() {
            eprintln!("skipped: `{interpreter}` is not installed");
            continue;
        }
        let project = program(file, interpreter);
        assert_eq!(project.build(&[]), 24, "{file}");
        let table = project.read("reports/data/rates.csv");
        assert_eq!(table.lines().count(), 3, "{table}");
        assert_eq!(project.run(&["verify", "--sample", "2"]).code, 0, "{file}");
    }
}

#[test]
fn every_block_has_a_language_that_is_tested() {
    for (path, document) in documents() {
        for (language, text) in blocks(&document) {
            let is_tested = ["console", "toml", "jinja"].contains(&language);
            // These are tested below, and beside the functions that print them.
            let is_reason = language == "text" && text.starts_with("deep: ");
            let is_output = shown_outputs(&document).iter().any(|(_, shown)| *shown == text);
            let is_of_programs =
                path == "docs/programs.md" && ["python", "sh", "r", "julia"].contains(&language);
            let is_of_clusters =
                path == "docs/clusters.md" && ["text", "sh", "yaml"].contains(&language);
            assert!(
                is_tested || is_reason || is_output || is_of_programs || is_of_clusters,
                "`{language}` in {path}: {text}"
            );
        }
    }
}

/// The examples for other schedulers, with the number of the shard in place of what these put there.
#[test]
fn the_commands_for_other_schedulers_run() {
    let document = read("docs/clusters.md");
    let examples =
        blocks(&document).into_iter().filter(|(language, _)| ["sh", "yaml"].contains(language));
    let mut n = 0;
    for (_, text) in examples {
        for command in text.split("report build --shard ").skip(1) {
            let number = ["{}", "$((JOB_COMPLETION_INDEX + 1))", "${{ matrix.shard }}"]
                .into_iter()
                .find(|number| command.starts_with(number));
            let after = &command[number.expect("a number of the scheduler").len()..];
            let end = after.find(|c: char| c != '/' && !c.is_ascii_digit()).unwrap_or(after.len());
            let project = Project::new();
            let outcome = project.run(&["build", "--shard", &format!("1{}", &after[..end])]);
            assert_eq!(outcome.code, 0, "{outcome:#?}");
            n += 1;
        }
    }
    assert_eq!(n, 3, "the document shows three schedulers");
}

#[test]
fn a_reason_reads_as_the_guide_shows_it() {
    let guide = read("docs/guide.md");
    let texts = blocks(&guide).into_iter().filter(|(language, _)| *language == "text");
    let shown: Vec<_> = texts.map(|(_, text)| text.trim()).collect();
    let project = Project::new();
    project.build(&[]);
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.1");
    let status = project.run(&["status"]).stdout;
    let found = status.lines().find(|line| line.starts_with("deep: ")).unwrap();
    let phrases =
        ["deep: ", " runs, ", ": train.optimizer.lr: ", " → ", " (compared with ", ", seed 0, of "];
    for line in [shown[0], found] {
        let mut rest = line;
        for phrase in phrases {
            let parts = rest.split_once(phrase);
            (_, rest) = parts.unwrap_or_else(|| panic!("no `{phrase}` in {line}"));
        }
        assert!(rest.ends_with("Z)"), "{line}");
    }
}

#[test]
fn every_link_of_the_documents_leads_to_a_file_and_an_anchor() {
    let mut n = 0;
    for (path, document) in documents() {
        let prose = prose(&document);
        for link in prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = Path::new(&path).parent().unwrap();
            let target = if file.is_empty() { path.clone().into() } else { folder.join(file) };
            let target = repository().join(target);
            assert!(target.exists(), "`{link}` in {path}");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(target).unwrap();
                assert!(anchors(&text).contains(anchor), "`{link}` in {path}");
            }
            n += 1;
        }
    }
    assert!(n > 20, "the documents have links");
}

/// The anchors that code hosts give to the headings.
fn anchors(document: &str) -> BTreeSet<String> {
    let prose = prose(document);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let titles = headings.map(|line| line.trim_start_matches('#').trim());
    let slug = |title: &str| -> String {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    titles.map(slug).collect()
}

/// The words in code of a document.
fn words_in_code(document: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let code = document.split('`').skip(1).step_by(2);
    code.flat_map(move |code| code.split(move |c| !is_part(c))).collect()
}

/// The objects that commands print: the name of each command, its arguments, and where it runs.
fn json_commands(project: &Project) -> Vec<(&'static str, Value)> {
    let mut found = Vec::new();
    let mut run = |name: &'static str, args: &[&str]| {
        let outcome: Outcome = project.run(&[args, &["--json"]].concat());
        let value = serde_json::from_str(&outcome.stdout);
        found.push((name, value.unwrap_or_else(|error| panic!("{args:?}: {error}: {outcome:#?}"))));
    };
    run("verify", &["verify", "--sample", "1"]);
    run("bundle export", &["bundle", "export", "paper.tar.zst"]);
    run("bundle import", &["bundle", "import", "paper.tar.zst", "-C", "copy"]);
    std::fs::create_dir(project.path("shared")).unwrap();
    run("store push", &["store", "push", "--store", "shared"]);
    run("store status", &["store", "status", "--store", "shared"]);
    run("store pull", &["store", "pull", "--store", "shared"]);
    run("check", &["check"]);
    run("predict", &["predict", "deep", "weight_sharing=true", "seed=0", "mnist:test:0-1"]);
    #[cfg(unix)]
    {
        crate::slurm::on_a_cluster(project);
        let outcome = project.run(&["build", "--seeds", "3", "--executor", "slurm", "--detach"]);
        assert_eq!(outcome.code, 0, "{outcome:#?}");
        run("jobs", &["jobs"]);
    }
    project.edit("experiments/base/protocol.toml", "lr = 0.01", "lr = 0.1");
    project.write(&format!("other/records/{}.json", "0".repeat(64)), "damaged");
    run("status", &["status"]);
    run("status", &["build", "--dry-run"]);
    run("explain", &["explain", "deep"]);
    run("diff", &["diff", "reports"]);
    run("accept", &["accept", "--why", "they hold"]);
    run("explain", &["explain", "deep", "seed=0"]);
    run("cache ls", &["cache", "ls"]);
    run("merge", &["merge", "other"]);
    run("cache gc", &["cache", "gc", "--dry-run"]);
    project.edit("experiments/base/protocol.toml", "lr = 0.1", "lr = 0.1\nrl = 1");
    run("check", &["check"]);
    found
}

#[test]
fn the_fields_of_the_json_are_those_of_the_reference() {
    let project = Project::new();
    assert_eq!(project.run(&["build", "--save-models"]).code, 0);
    let document = read("docs/json.md");
    let words = words_in_code(&document);
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (command, value) in json_commands(&project) {
        assert_eq!(value["schema"], 1, "{command}");
        let known: BTreeSet<_> = cli::json_fields(command).collect();
        let has_own = |path: &str| known.iter().any(|field| field.starts_with(&format!("{path}.")));
        let mut fields = BTreeSet::new();
        collect_fields(&value, "", &mut fields);
        for field in fields.iter().filter(|field| *field != "schema") {
            let parent = field.rsplit_once('.').map_or("", |(parent, _)| parent);
            let is_described = words.contains(field.rsplit('.').next().unwrap());
            let is_part = !parent.is_empty() && !has_own(parent) && is_described;
            assert!(known.contains(&field[..]) || is_part, "`{field}` of `{command}`");
        }
        seen.entry(command).or_default().extend(fields);
    }
    for (command, seen) in &seen {
        for field in cli::json_fields(command) {
            assert!(seen.contains(field), "`{command}` has no field `{field}`");
        }
    }
    let sections = document.matches("<!-- json: ").count();
    assert_eq!(seen.len(), if cfg!(unix) { sections } else { sections - 1 });
}

/// The paths of all fields, but for those whose names come from the experiments.
fn collect_fields(value: &Value, path: &str, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                fields.insert(path.clone());
                if !["config", "condition"].contains(&name.as_str()) {
                    collect_fields(value, &path, fields);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_fields(item, path, fields)),
        _ => {}
    }
}

#[test]
fn every_key_that_is_read_is_in_the_table_of_keys_and_documented() {
    let reference = ["files", "tasks", "programs", "clusters", "sharing"];
    let reference = reference.map(|name| read(&format!("docs/{name}.md"))).concat();
    let known = words_in_code(&reference);
    let all: BTreeSet<_> =
        keys::sections().iter().flat_map(|section| section.all()).map(|key| key.name).collect();
    let missing: Vec<_> = all.iter().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "not documented: {missing:?}");
    let mut n = 0;
    for (path, text) in sources(&["experiment", "paper", "table", "claim", "figure"]) {
        for name in text.split("reader.").skip(1).filter_map(|rest| quoted_after(rest, &READS)) {
            n += 1;
            assert!(all.contains(name), "`{name}` of {path} is not in the table of keys");
        }
    }
    assert!(n > 60, "{n}");
}

#[test]
fn what_templates_can_use_is_in_their_table() {
    let names = |groups: &[&str]| -> BTreeSet<String> {
        groups
            .iter()
            .flat_map(|group| template::terms(group))
            .map(|term| term.name.to_owned())
            .collect()
    };
    let added = |method: &str| -> BTreeSet<String> {
        let sources = sources(&["render/functions"]);
        let calls = sources.iter().flat_map(|(_, text)| text.split("environment").skip(1));
        calls.filter_map(|rest| quoted_after(rest.trim(), &[method])).map(str::to_owned).collect()
    };
    let mut functions = added(".add_function");
    // These are added by one call in a loop.
    functions.extend(["compute", "provenance_block"].map(str::to_owned));
    assert_eq!(functions, names(&["items", "numbers", "texts", "blocks"]));
    assert_eq!(added(".add_filter"), names(&["filters"]));
    // Another test compares this file with what templates see.
    let context: Value = serde_json::from_str(&read("tests/fixtures/context.json")).unwrap();
    let values = context.as_object().unwrap().keys().cloned();
    assert_eq!(
        values.chain(["provenance".to_owned()]).collect::<BTreeSet<_>>(),
        names(&["values"])
    );
}

/// What reads a key from a TOML file.
const READS: [&str; 7] =
    ["required", "optional", "required_in", "items", "entries", "table", "node"];

/// The first argument of the call at the start of `text`, if it is a string, and the call one of
/// `names`.
fn quoted_after<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
    let (call, rest) = text.split_once('(')?;
    let name = call.split("::").next()?.trim();
    let argument = rest.trim_start().strip_prefix('"')?;
    names.contains(&name).then(|| argument.split('"').next()).flatten()
}

/// Path and text of the files of these modules, without their tests.
fn sources(modules: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut paths: Vec<_> = modules
        .iter()
        .flat_map(|name| [format!("src/{name}"), format!("src/{name}.rs")])
        .map(|path| repository().join(path))
        .collect();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.exists() {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            found.push((path.display().to_string(), code));
        }
    }
    found
}

#[test]
fn help_explains_every_option_and_the_exit_status() {
    let project = Project::new();
    let help = project.run(&["--help"]).stdout;
    for part in [
        "build",
        "status",
        "Examples:",
        "Exit status:",
        "  0    done",
        "The same command continues it",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    let build = project.run(&["build", "--help"]).stdout;
    for option in ["--only", "--seeds", "--jobs", "--data", "--out", "--project", "--device"] {
        assert!(build.contains(option), "{option}: {build}");
    }
}

/// A part of a document that the program makes: what stands between the comment `<!-- KIND: NAME -->` and the next
/// `<!-- end -->`.
fn generated(kind: &str, name: &str) -> String {
    let (path, word) =
        name.split_once(" | ").map_or((name, None), |(path, word)| (path, Some(word)));
    let text = match kind {
        "keys" => keys::reference(path, word),
        "kinds" => keys::kinds_reference(name),
        "commands" => Some(cli::reference()),
        "json" => cli::json_reference(name),
        "templates" => template::reference(name),
        _ => None,
    };
    text.unwrap_or_else(|| panic!("nothing is generated for `{kind}: {name}`"))
}

/// A document with its generated parts as the program makes them now.
fn with_generated_parts(document: &str) -> String {
    let mut parts = document.split("<!-- ");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .split_once(" -->")
            .and_then(|(mark, after)| Some((mark.split_once(": ")?, after)))
        {
            Some(((kind, name), _)) => {
                let text = generated(kind, name);
                whole = format!("{whole}<!-- {kind}: {name} -->\n\n{text}\n");
            }
            None => whole = format!("{whole}<!-- {part}"),
        }
    }
    whole
}

#[test]
fn the_generated_parts_of_the_documents_are_what_the_program_takes_and_prints() {
    let mut old = Vec::new();
    for (path, document) in documents() {
        let new = with_generated_parts(&document);
        if new != document {
            std::fs::write(std::env::temp_dir().join(path.replace('/', "-")), new).unwrap();
            old.push(path);
        }
    }
    assert!(
        old.is_empty(),
        "copy these files from the directory for temporary files, where their names have `-`: {}",
        old.join(", ")
    );
}
