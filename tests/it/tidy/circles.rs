//! Finds circles between files: files that need each other.
//!
//! A file needs the files that define what it names, in a `use` or in a path. Three rules follow:
//! - A name that a module re-exports counts as a name of the file that defines it. So children may
//!   name each other through their parent.
//! - Declaring a child and re-exporting its names is no need. Using them is one.
//! - So a child must not name what its parent defines if the parent uses that child.
//!
//! Unit tests (`#[cfg(test)] mod tests`) do not count.

use std::collections::{BTreeMap, BTreeSet};

/// Where a name comes from.
struct Import {
    /// The module that has the name: that of the file, or one inside it.
    scope: Vec<String>,
    /// Empty for all names of a module (`*`).
    name: String,
    /// From the root of the crate.
    path: Vec<String>,
    is_reexport: bool,
}

/// What one file declares, imports and names.
#[derive(Default)]
struct File {
    imports: Vec<Import>,
    /// Paths of two names and more, from the root of the crate.
    paths: BTreeSet<Vec<String>>,
    /// Names that stand alone, and those of them that are called.
    names: BTreeSet<String>,
    called: BTreeSet<String>,
}

/// The files of one circle, each needed by the one before it and the first by the last; none if
/// there is no circle. `sources` has the text of each file by the path of its module
/// (`train::device`).
pub(super) fn circle(sources: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let files: BTreeMap<_, _> =
        sources.iter().map(|(module, text)| (module.clone(), File::read(module, text))).collect();
    let needs: BTreeMap<_, _> =
        files.iter().map(|(module, file)| (module.as_str(), needs(&files, module, file))).collect();
    let mut finished = BTreeSet::new();
    needs.keys().find_map(|module| visit(module, &needs, &mut Vec::new(), &mut finished))
}

fn visit(
    module: &str,
    needs: &BTreeMap<&str, BTreeSet<String>>,
    above: &mut Vec<String>,
    finished: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(start) = above.iter().position(|other| other == module) {
        return Some(above[start..].to_vec());
    }
    if finished.contains(module) {
        return None;
    }
    above.push(module.to_owned());
    let needed = needs.get(module).into_iter().flatten();
    let found = needed.into_iter().find_map(|other| visit(other, needs, above, finished));
    above.pop();
    finished.insert(module.to_owned());
    found
}

/// The files that define what `file` names.
fn needs(files: &BTreeMap<String, File>, module: &str, file: &File) -> BTreeSet<String> {
    let imported = file.imports.iter().filter(|import| {
        let is_module = files.contains_key(&import.path.join("::"));
        match (is_module, import.is_reexport) {
            _ if import.name.is_empty() => true,
            // A function may have the name of its module.
            (true, _) => file.called.contains(&import.name),
            (false, true) => file.names.contains(&import.name),
            (false, false) => true,
        }
    });
    let paths = imported.map(|import| &import.path).chain(&file.paths);
    let mut needs: BTreeSet<_> = paths.map(|path| definer(files, path, 0)).collect();
    needs.remove(module);
    needs
}

/// The file that defines the item at `path`.
fn definer(files: &BTreeMap<String, File>, path: &[String], depth: usize) -> String {
    assert!(depth < 20, "re-exports without end at {}", path.join("::"));
    let mut module = String::new();
    for (index, name) in path.iter().enumerate() {
        let child = if module.is_empty() { name.clone() } else { format!("{module}::{name}") };
        if files.contains_key(&child) {
            module = child;
            continue;
        }
        let imported = files.get(&module).and_then(|file| file.import(&path[..index], name));
        if let Some(import) = imported {
            let whole: Vec<_> = import.path.iter().chain(&path[index + 1..]).cloned().collect();
            return definer(files, &whole, depth + 1);
        }
        break;
    }
    module
}

impl File {
    fn read(module: &str, text: &str) -> Self {
        let without_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let tokens = tokens(without_tests);
        let token = |at: usize| tokens.get(at).map_or("", String::as_str);
        let mut file = Self::default();
        // The module that a token stands in: that of the file, and inline ones.
        let mut here: Vec<String> = module.split("::").map(str::to_owned).collect();
        let (mut inline, mut depth) = (Vec::new(), 0);
        let mut children = BTreeSet::new();
        let mut relative = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            match token(at) {
                "mod" if token(at + 2) == ";" => {
                    children.insert(token(at + 1).to_owned());
                    at += 2;
                }
                "mod" if token(at + 2) == "{" => {
                    here.push(token(at + 1).to_owned());
                    inline.push(depth);
                    at += 1;
                }
                "use" if token(at + 1) != "<" => {
                    let is_reexport = at > 0 && ["pub", ")"].contains(&token(at - 1));
                    at += 1;
                    for (name, path) in use_tree(&tokens, &mut at) {
                        if let Some(path) = file.absolute(&here, &children, &path) {
                            let scope = here.clone();
                            file.imports.push(Import { scope, name, path, is_reexport });
                        }
                    }
                }
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if inline.last() == Some(&depth) {
                        inline.pop();
                        here.pop();
                    }
                }
                name if is_name(name) && (at == 0 || token(at - 1) != ".") => {
                    let mut path = vec![name.to_owned()];
                    while token(at + 1) == "::" && is_name(token(at + 2)) {
                        path.push(token(at + 2).to_owned());
                        at += 2;
                    }
                    file.names.insert(path[0].clone());
                    if path.len() > 1 {
                        relative.push((here.clone(), path));
                    } else if token(at + 1) == "(" {
                        file.called.extend(path);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        // All imports are known only now.
        let paths = relative.iter().filter_map(|(here, path)| file.absolute(here, &children, path));
        file.paths = paths.collect();
        file
    }

    fn import(&self, scope: &[String], name: &str) -> Option<&Import> {
        self.imports.iter().find(|import| import.scope == scope && import.name == name)
    }

    /// `path`, as written in module `here`, from the root of the crate; none in another crate.
    fn absolute(
        &self,
        here: &[String],
        children: &BTreeSet<String>,
        path: &[String],
    ) -> Option<Vec<String>> {
        let mut base = here.to_vec();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            Some("super") => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            Some(name) if children.contains(name) => {}
            first => {
                let import = self.import(here, first?)?;
                base.clone_from(&import.path);
                rest = &path[1..];
            }
        }
        Some(base.iter().chain(rest).cloned().collect())
    }
}

/// Each name that the tree at `at` brings into scope, with its path; `at` moves to its semicolon.
/// All names of a module (`*`) have the path of the module and an empty name.
fn use_tree(tokens: &[String], at: &mut usize) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let (mut path, mut prefixes) = (Vec::<String>::new(), Vec::new());
    let mut alias = None;
    loop {
        let token = tokens.get(*at).map_or(";", String::as_str);
        match token {
            "{" => prefixes.push(path.clone()),
            "," | "}" | ";" => {
                let prefix = prefixes.last().map_or(0, Vec::len);
                if path.len() > prefix {
                    if path.last().is_some_and(|name| name == "self") && path.len() > 1 {
                        path.pop();
                    }
                    let name = alias.take().or_else(|| path.last().cloned()).unwrap_or_default();
                    found.push((if name == "*" { String::new() } else { name }, path.clone()));
                    if path.last().is_some_and(|name| name == "*") {
                        found.last_mut().expect("just pushed").1.pop();
                    }
                }
                match token {
                    ";" => return found,
                    "}" => path.clear(),
                    _ => {}
                }
                if token == "}" {
                    prefixes.pop();
                }
                path = prefixes.last().cloned().unwrap_or_default();
            }
            "as" => {
                alias = tokens.get(*at + 1).cloned();
                *at += 1;
            }
            "::" => {}
            name => path.push(name.to_owned()),
        }
        *at += 1;
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, `::` and single signs; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let raw = rest.strip_prefix('r').map(|after| after.trim_start_matches('#'));
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if raw.is_some_and(|raw| raw.starts_with('"')) {
            let hashes = rest[1..].find('"').unwrap_or(0);
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            rest[start..].find(&end).map_or(rest.len(), |found| start + found + end.len())
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\''
            && (rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\''))
        {
            quoted(rest, '\'')
        } else if is_word(first) {
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            tokens.push(rest[..length].to_owned());
            length
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the literal that `text` begins with.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn found(sources: &[(&str, &str)]) -> Option<Vec<String>> {
    let own = |(module, text): &(&str, &str)| ((*module).to_owned(), (*text).to_owned());
    circle(&sources.iter().map(own).collect())
}

#[test]
fn a_circle_is_found_however_the_names_are_written() {
    let needs_b = "use crate::b::B;\npub struct A(B);";
    for needs_a in [
        "use crate::a::A; pub struct B(A);",
        "use crate::{c::C, a::{self, A as Other}}; pub struct B(Other);",
        "use super::a; pub struct B(a::A);",
        "pub struct B(crate::a::A);",
        "mod inner { use super::super::a::A; } pub struct B;",
        "use super::a::*; pub struct B(A);",
        "fn f() { let q = '\"'; super::a::A::new(); let r = \"\"; } pub struct B;",
    ] {
        let circle = found(&[("a", needs_b), ("b", needs_a), ("c", "pub struct C;")]);
        assert_eq!(circle, Some(vec!["a".to_owned(), "b".to_owned()]), "{needs_a}");
    }
    for without in [
        "use std::a::A; pub struct B(A);",
        "// use crate::a::A;\npub struct B;",
        "fn f() { \"crate::a::A\"; r#\"\"crate::a::A\"#; } pub struct B;",
        "pub struct B;\n#[cfg(test)]\nmod tests {\n use crate::a::A; }",
    ] {
        assert_eq!(found(&[("a", needs_b), ("b", without)]), None, "{without}");
    }
}

#[test]
fn a_parent_may_pass_on_what_it_does_not_use() {
    let child = "use super::Other; pub struct Child(Other);";
    let other = ("parent::other", "pub struct Other;");
    let passes_on = "mod child; mod other; pub use child::Child; pub use other::Other;";
    assert_eq!(found(&[("parent", passes_on), ("parent::child", child), other]), None);
    // The child names what the parent defines, and the parent uses the child.
    let defines = "mod child; pub use child::Child; pub struct Other; pub fn f() -> Child {}";
    assert!(found(&[("parent", defines), ("parent::child", child)]).is_some());
    // It may name what the parent defines if the parent only passes the child on.
    let defines = "mod child; pub use child::Child; pub struct Other;";
    assert_eq!(found(&[("parent", defines), ("parent::child", child)]), None);
    // Two children that name each other through the parent.
    let other = ("parent::other", "use super::Child; pub struct Other(Child);");
    assert!(found(&[("parent", passes_on), ("parent::child", child), other]).is_some());
}
