//! Files with searches, changed by chance: what `fmt` does to them changes nothing but searches,
//! and of these only blanks.

use std::path::Path;

use spelunk::session::{FileKind, Session};
use spelunk_spl::knowledge::conf::Layers;
use spelunk_spl::knowledge::fault::Faults;

use crate::explore::searches::{few, many};
use crate::explore::{Subject, explored, shorter};
use crate::mutation::{self, Chance};
use crate::support;

/// A search as a value of YAML, in a notation by chance.
fn notation(chance: &mut Chance, search: &str) -> String {
    let words: Vec<&str> = search.split(' ').collect();
    let wrapped = |chance: &mut Chance, pad: &str| {
        let mut out = String::new();
        for (at, word) in words.iter().enumerate() {
            match (at, chance.below(9)) {
                (0, _) => {}
                (_, 0) => out.push_str(&format!("\n{pad}")),
                (_, 1) => out.push_str(&format!("  \n{pad}  ")),
                (_, 2) => out.push_str(&format!("\n\n{pad}")),
                _ => out.push(' '),
            }
            out.push_str(word);
        }
        out
    };
    let pad = chance.one(&["  ", "    ", " "]);
    let comment = chance.one(&["", " # why", "  "]);
    match chance.below(6) {
        0 => format!(
            "{}{comment}\n{pad}{}",
            chance.one(&["|", "|-", "|+"]),
            search.replace('\n', &format!("\n{pad}"))
        ),
        1 => format!("|{comment}\n{pad}{}", wrapped(chance, pad)),
        2 => format!(
            "{}{comment}\n{pad}{}",
            chance.one(&[">", ">-", ">+"]),
            wrapped(chance, pad)
        ),
        3 => format!("'{}'{comment}", wrapped(chance, pad).replace('\'', "''")),
        4 => format!("{}{comment}", serde_json::json!(search)),
        _ => format!("{}{comment}", wrapped(chance, pad)),
    }
}

fn yaml(chance: &mut Chance, search: &str) -> String {
    let search = notation(chance, search);
    let ends = chance.one(&["", "\n", "\n\n", "\n# the end\n", "\n \n...\n"]);
    match chance.below(4) {
        0 => format!("search: {search}\nname: n\nid:  'i'\ntests:\n- {{name: t}}{ends}"),
        1 => format!("name: n  # x\nid: i\nsearch:   {search}{ends}"),
        2 => format!("---\nname: n\nid: i\ntags: &t\n  a: [b,  c]\n\nsearch: &s {search}{ends}"),
        _ => format!("id: i\nname: >\n  n\n  m\n\"search\" : {search}\n\nversion:   1{ends}"),
    }
}

fn conf(chance: &mut Chance, search: &str) -> String {
    let mut value = String::new();
    for (at, word) in search.split([' ', '\n']).enumerate() {
        match (at, chance.below(6)) {
            (0, _) => {}
            (_, 0) => value.push_str("\\\n"),
            (_, 1) => value.push_str(" \\\n    "),
            _ => value.push(' '),
        }
        value.push_str(word);
    }
    format!(
        "# c\n[a b]\nsearch ={value}\nx = 1 \\\n  2\n\n[default]\nsearch= {value}\n[c]\ny=  z\n[a b]\nw = 0\n"
    )
}

fn file(seeds: &[String], chance: &mut Chance) -> (&'static str, String) {
    let (of, other) = (chance.among(seeds), chance.among(seeds));
    let search = match chance.below(2) {
        0 => of.clone(),
        _ => mutation::search(chance, of, other),
    };
    let (name, mut text) = match chance.below(3) {
        0 => ("savedsearches.conf", conf(chance, &search)),
        _ => ("x.yml", yaml(chance, &search)),
    };
    if chance.below(3) == 0 {
        text = text.replace('\n', "\r\n");
    }
    if chance.below(3) == 0 {
        let bytes = mutation::bytes(chance, text.as_bytes(), other.as_bytes());
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    (name, text)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Whether two texts differ only in the blanks of the searches.
fn is_same(name: &str, before: &str, after: &str) -> Result<(), String> {
    if name == "x.yml" {
        let read = |text: &str| support::yaml::<serde_json::Map<String, serde_json::Value>>(text);
        let Ok(mut old) = read(before) else {
            return Ok(());
        };
        let mut new = read(after).map_err(|why| why.to_string())?;
        let search = |of: &mut serde_json::Map<_, _>| {
            of.insert("search".to_owned(), serde_json::Value::Null)
                .and_then(|search| search.as_str().map(words))
        };
        return (search(&mut old) == search(&mut new) && old == new)
            .then_some(())
            .ok_or_else(|| "another value".to_owned());
    }
    let read = |text: &str| -> Result<Vec<_>, String> {
        let mut layers = Layers::default();
        layers.add(Path::new(name), text, &Faults::default());
        let stanzas = layers.stanzas().flat_map(|stanza| {
            stanza.iter().map(|(key, setting)| {
                let value = match key {
                    "search" => words(&setting.value),
                    _ => setting.value.clone(),
                };
                (stanza.name.clone(), key.to_owned(), value)
            })
        });
        Ok(stanzas.collect())
    };
    let Ok(old) = read(before) else {
        return Ok(());
    };
    (old == read(after)?)
        .then_some(())
        .ok_or_else(|| "another setting".to_owned())
}

/// Files with searches.
struct Files {
    seeds: Vec<String>,
    session: Session,
}

impl Files {
    fn with(seeds: Vec<String>) -> Files {
        let dir = support::folder();
        let session = Session::open(support::options(dir.path())).expect("a session opens");
        Files { seeds, session }
    }
}

impl Subject for Files {
    type Input = (&'static str, String);

    fn make(&self, chance: &mut Chance) -> Self::Input {
        file(&self.seeds, chance)
    }

    fn judge(&mut self, (name, text): &Self::Input) -> Result<(), String> {
        let kind = FileKind::of(Path::new(name)).ok_or("no kind")?;
        let laid_out = |text: &str| {
            let found = self.session.lay_out(Path::new(name), kind, text, true);
            found.map(|found| (found.text, found.failures.len()))
        };
        let Ok((new, failures)) = laid_out(text) else {
            return Ok(());
        };
        is_same(name, text, &new).map_err(|why| format!("{why}\n    {new:?}"))?;
        match laid_out(&new) {
            Ok((again, count)) if again == new && count == failures => Ok(()),
            Ok((again, _)) => Err(format!("twice:\n    {new:?}\n    {again:?}")),
            Err(failure) => Err(format!("{}\n    {new:?}", support::drawn(&failure))),
        }
    }

    fn show(&self, (name, text): &Self::Input) -> String {
        format!("{name}: {text:?}")
    }

    fn smaller(&self, (name, text): &Self::Input) -> Vec<Self::Input> {
        shorter(text)
            .into_iter()
            .map(|text| (*name, text))
            .collect()
    }
}

explored! {
    only_blanks_of_searches_change / explore_layouts: 2500 of Files::with(few()), then Files::with(many());
}
