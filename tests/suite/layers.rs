//! Holds the modules to the order in which a search passes them, and the files to a length that
//! can be read in one sitting.

use std::path::{Path, PathBuf};

use crate::support;
use crate::testing::say;

/// The modules from first to last. A module uses only what stands above it; those of one line do
/// not see each other.
const ORDER: &[&[&str]] = &[
    // The front end: crates/spelunk-spl.
    &["word", "source"],
    &["error"],
    &["report"],
    &["value"],
    &["time"],
    &["pcre"],
    &["extract"],
    &["syntax", "knowledge", "functions"],
    &["plan"],
    &["kernels"],
    &["commands"],
    &["lint"],
    // The root package.
    &["parallel"],
    &["read"],
    &["store"],
    &["exec"],
    &["detect"],
    &["session"],
    &["library"],
    &["cli"],
    &["main"],
];

/// The source folders of the workspace.
const SOURCES: [&str; 2] = ["crates/spelunk-spl/src", "src"];

/// What only tests use.
const TESTING: &str = "testing";

fn level(module: &str) -> Option<usize> {
    ORDER.iter().position(|line| line.contains(&module))
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Path in the repository, module, text.
pub fn files() -> Vec<(String, String, String)> {
    SOURCES.iter().flat_map(|folder| files_of(folder)).collect()
}

fn files_of(folder: &str) -> Vec<(String, String, String)> {
    let src = support::root().join(folder);
    let mut found = Vec::new();
    sources(&src, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a source file can be read");
            let name = path
                .strip_prefix(&src)
                .unwrap_or(&path)
                .display()
                .to_string();
            let module = name.split('/').next().unwrap_or(&name);
            (
                format!("{folder}/{name}"),
                module.trim_end_matches(".rs").to_owned(),
                text,
            )
        })
        .collect()
}

/// The modules that a line of code names after `crate::`.
fn used(line: &str) -> Vec<&str> {
    let code = line.split("//").next().unwrap_or(line);
    code.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or(list).split(',').collect(),
            None => vec![after],
        })
        .map(|name| {
            let name = name.trim();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
            &name[..end.unwrap_or(name.len())]
        })
        .collect()
}

#[test]
fn modules_use_only_what_stands_above_them() {
    let mut wrong = Vec::new();
    for (file, module, text) in files() {
        let Some(own) = level(&module) else {
            assert!(
                file.ends_with("src/lib.rs"),
                "{file} belongs to no module of the order"
            );
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            for other in used(line)
                .into_iter()
                .filter(|o| *o != module && *o != TESTING)
            {
                if level(other).is_none_or(|other| other >= own) {
                    wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "against the order:\n{}", wrong.join("\n"));
}

#[test]
fn the_library_lists_its_modules_in_that_order() {
    let mut listed: Vec<usize> = Vec::new();
    for folder in SOURCES {
        let path = support::root().join(folder).join("lib.rs");
        let text = std::fs::read_to_string(path).expect("lib.rs is there");
        let names = text.lines().filter_map(|line| {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            let name = line.strip_prefix("mod ")?.strip_suffix(';')?;
            (name != TESTING).then_some(name)
        });
        listed.extend(
            names.map(|name| level(name).unwrap_or_else(|| panic!("{name} is in no order"))),
        );
    }
    assert!(listed.is_sorted(), "lib.rs: {listed:?}");
    assert_eq!(
        listed.len() + 1,
        ORDER.iter().map(|line| line.len()).sum::<usize>()
    );
}

/// Crates of the engine, which the front end must not need.
const ENGINE: [&str; 3] = ["polars", "arrow", "datafusion"];

#[test]
fn the_front_end_needs_no_engine() {
    let manifest = support::root().join("crates/spelunk-spl/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("the manifest is there");
    for name in ENGINE {
        let needed = manifest.lines().any(|line| line.starts_with(name));
        assert!(!needed, "spelunk-spl depends on {name}");
    }
}

#[test]
fn files_can_be_read_in_one_sitting() {
    let mut too_long = Vec::new();
    let mut long = Vec::new();
    for (file, _, text) in files() {
        let lines = text.lines().count();
        match lines {
            0..=400 => {}
            401..=800 => long.push(format!("{lines} {file}")),
            _ => too_long.push(format!("{lines} {file}")),
        }
    }
    if !long.is_empty() {
        say(&format!(
            "note: files of more than 400 lines: {}",
            long.join(", ")
        ));
    }
    assert!(too_long.is_empty(), "more than 800 lines: {too_long:?}");
}

#[test]
fn globs_and_unsafe_code_stay_out() {
    let mut wrong = Vec::new();
    for (file, _, text) in files() {
        for (number, line) in text.lines().enumerate() {
            let glob = line.trim_start().starts_with("use ") && line.contains("::*");
            if glob {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "glob imports:\n{}", wrong.join("\n"));
    for folder in SOURCES {
        let path = support::root().join(folder).join("lib.rs");
        let lib = std::fs::read_to_string(path).expect("lib.rs is there");
        assert!(lib.contains("#![forbid(unsafe_code)]"));
    }
}

/// The files of `src/exec` by module path, with the files whose items each imports.
fn imports_of_exec() -> Vec<(String, Vec<String>)> {
    let files: Vec<(String, String)> = files_of("src")
        .into_iter()
        .filter_map(|(file, _, text)| {
            let module = file.strip_prefix("src/")?.strip_suffix(".rs")?;
            let module = module.strip_suffix("/mod").unwrap_or(module);
            let module = module.replace('/', "::");
            (module == "exec" || module.starts_with("exec::")).then_some((module, text))
        })
        .collect();
    let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
    let imports = |own: &str, text: &str| {
        let code = text.split("#[cfg(test)]").next().unwrap_or(text);
        let uses = code.split("use crate::exec").skip(1);
        let mut found: Vec<String> = Vec::new();
        for item in uses.filter_map(|rest| rest.split(';').next()) {
            // `::a::{b, c::d}` names `exec::a::b` and `exec::a::c::d`.
            let (path, list) = item.split_once('{').unwrap_or((item, ""));
            let list = list.trim_end_matches(|c: char| c == '}' || c.is_whitespace());
            for last in list.split(',') {
                let mut full = format!("exec{path}{}", last.trim());
                while !names.iter().any(|name| **name == full) {
                    match full.rsplit_once("::") {
                        Some((parent, _)) => full = parent.to_owned(),
                        None => break,
                    }
                }
                if full != own && names.iter().any(|name| **name == full) {
                    found.push(full);
                }
            }
        }
        found
    };
    let each = files
        .iter()
        .map(|(name, text)| (name.clone(), imports(name, text)));
    each.collect()
}

#[test]
fn circles_among_the_files_of_exec_are_small() {
    let imports = imports_of_exec();
    let reached = |from: &str| {
        let mut seen = std::collections::BTreeSet::new();
        let mut open = vec![from.to_owned()];
        while let Some(name) = open.pop() {
            let of = imports.iter().find(|(file, _)| *file == name);
            for next in of.into_iter().flat_map(|(_, imports)| imports) {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    assert!(imports.len() > 40, "the files of exec: {}", imports.len());
    assert!(imports.iter().any(|(_, imports)| imports.len() > 5));
    for (file, _) in &imports {
        let circle: Vec<String> = reached(file)
            .into_iter()
            .filter(|other| reached(other).contains(file))
            .collect();
        assert!(
            circle.len() <= 3,
            "a circle of {}: {circle:?}",
            circle.len()
        );
    }
}
