//! Dashboards of apps, Simple XML and Dashboard Studio: their searches, with base searches joined and tokens replaced.
//!
//! <https://docs.splunk.com/Documentation/Splunk/latest/Viz/PanelreferenceforSimplifiedXML>,
//! <https://docs.splunk.com/Documentation/Splunk/latest/Viz/tokens>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};
use serde_json::Value as Json;

use crate::error::{Error, Result};

/// A dashboard.
#[derive(Clone, Debug, Default)]
pub struct Dashboard {
    /// The name of its file without extension.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its searches, in the order of the file.
    pub searches: Vec<DashboardSearch>,
    /// The values of its tokens, as its inputs and its `<init>` set them.
    pub tokens: BTreeMap<String, String>,
}

/// A search of a dashboard.
#[derive(Clone, Debug, Default)]
pub struct DashboardSearch {
    /// The title of its panel, or its identifier, or its number.
    pub title: String,
    /// Its identifier, by which other searches extend it.
    pub id: Option<String>,
    /// The search that it extends.
    pub base: Option<String>,
    /// The saved search that it runs.
    pub saved: Option<String>,
    /// Its text, with tokens.
    pub text: String,
    /// Its own time range, with tokens.
    pub earliest: Option<String>,
    /// The end of its time range.
    pub latest: Option<String>,
    /// Its line in the file, from 1; 0 if unknown.
    pub line: usize,
}

impl DashboardSearch {
    /// The search that runs its saved search. Returns `None` if it has none.
    pub fn saved_search(&self) -> Option<String> {
        let saved = self.saved.as_ref()?;
        Some(format!("| savedsearch \"{saved}\""))
    }
}

/// A search with its tokens replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The text.
    pub text: String,
    /// Its tokens without a value, each once; the text holds the placeholder for them.
    pub unset: Vec<String>,
}

/// The most searches that extend one another.
const LONGEST_CHAIN: usize = 20;

/// How often the value of a token may itself hold tokens.
const DEPTH: usize = 5;

impl Dashboard {
    /// The dashboards of an app: the files in `default/data/ui/views`, replaced by those of the same name in `local`.
    pub fn files(app: &Path) -> Vec<PathBuf> {
        let mut found: BTreeMap<std::ffi::OsString, PathBuf> = BTreeMap::new();
        for layer in ["default", "local"] {
            let folder = app.join(layer).join("data/ui/views");
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()) {
                let is_view = path
                    .extension()
                    .is_some_and(|e| e.eq_ignore_ascii_case("xml"));
                if let (true, Some(name)) = (is_view, path.file_name()) {
                    found.insert(name.to_owned(), path);
                }
            }
        }
        found.into_values().collect()
    }

    /// Reads a dashboard. Returns `None` for a view that is no dashboard.
    ///
    /// # Errors
    /// If the file can't be read, or is not XML or, for Dashboard Studio, JSON.
    pub fn load(path: &Path) -> Result<Option<Dashboard>> {
        let bytes = std::fs::read(path).map_err(|why| Error::file(path, why))?;
        Dashboard::parse(path, &String::from_utf8_lossy(&bytes))
    }

    fn parse(path: &Path, text: &str) -> Result<Option<Dashboard>> {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let document = Document::parse(text).map_err(|why| {
            let place = why.pos();
            Error::format(path, place.row as usize, place.col as usize, why)
        })?;
        let root = document.root_element();
        if !matches!(root.tag_name().name(), "dashboard" | "form") {
            return Ok(None);
        }
        let name = path.file_stem().unwrap_or_default();
        let mut found = Dashboard {
            name: name.to_string_lossy().into_owned(),
            path: path.to_owned(),
            ..Dashboard::default()
        };
        found
            .tokens
            .insert("env:user".to_owned(), "admin".to_owned());
        found
            .tokens
            .insert("env:view".to_owned(), found.name.clone());
        match root.children().find(|node| node.has_tag_name("definition")) {
            Some(definition) => {
                let line = document.text_pos_at(definition.range().start).row as usize;
                let text: String = definition
                    .descendants()
                    .filter(Node::is_text)
                    .filter_map(|n| n.text())
                    .collect();
                let json = serde_json::from_str(&text)
                    .map_err(|why| Error::format(path, line + why.line() - 1, why.column(), why))?;
                found.read_studio(&json);
            }
            None => found.read_xml(&document),
        }
        for (at, search) in found.searches.iter_mut().enumerate() {
            if search.title.is_empty() {
                let id = search.id.clone();
                search.title = id.unwrap_or_else(|| format!("search {}", at + 1));
            }
        }
        Ok(Some(found))
    }

    fn read_xml(&mut self, document: &Document<'_>) {
        for node in document.descendants().filter(Node::is_element) {
            match node.tag_name().name() {
                "input" => self.read_input(node),
                "set" if node.ancestors().any(|a| a.has_tag_name("init")) => {
                    if let Some(token) = node.attribute("token") {
                        self.set(token, node.text().unwrap_or_default());
                    }
                }
                "search" => self.searches.extend(search_of(document, node)),
                "searchString" | "searchTemplate" | "searchName" | "searchPostProcess" => {
                    let text = node.text().unwrap_or_default().trim().to_owned();
                    let is_saved = node.has_tag_name("searchName");
                    self.searches.push(DashboardSearch {
                        title: title_of(node),
                        saved: is_saved.then(|| text.clone()),
                        text: if is_saved { String::new() } else { text },
                        line: document.text_pos_at(node.range().start).row as usize,
                        ..DashboardSearch::default()
                    });
                }
                _ => {}
            }
        }
    }

    /// Sets the token of an input to its default.
    fn read_input(&mut self, node: Node<'_, '_>) {
        let Some(token) = node.attribute("token") else {
            return;
        };
        let child = |name: &str| node.children().find(|child| child.has_tag_name(name));
        let text = |name: &str| {
            let found = child(name)?;
            Some(found.text().unwrap_or_default().to_owned())
        };
        if node.attribute("type") == Some("time") {
            let default = child("default").or_else(|| child("initialValue"));
            let bound = |name: &str, otherwise: &str| {
                let bound = default.and_then(|d| d.children().find(|c| c.has_tag_name(name)));
                bound
                    .and_then(|b| b.text())
                    .unwrap_or(otherwise)
                    .trim()
                    .to_owned()
            };
            let (earliest, latest) = (bound("earliest", "0"), bound("latest", "now"));
            self.set(&format!("{token}.earliest"), &earliest);
            self.set(&format!("{token}.latest"), &latest);
            return;
        }
        let first = || {
            let selects = text("selectFirstChoice").is_some_and(|flag| flag.trim() == "true");
            let choice = child("choice").filter(|_| selects)?;
            choice.attribute("value").map(str::to_owned)
        };
        let Some(default) = text("default")
            .or_else(|| text("initialValue"))
            .or_else(first)
        else {
            return;
        };
        let part = |name: &str| text(name).unwrap_or_default();
        let is_several = matches!(node.attribute("type"), Some("multiselect" | "checkbox"));
        let values: Vec<&str> = match is_several {
            true => default.split(',').map(str::trim).collect(),
            false => vec![&default],
        };
        let (before, after) = (part("valuePrefix"), part("valueSuffix"));
        let each = values.iter().map(|value| format!("{before}{value}{after}"));
        let delimiter = text("delimiter").unwrap_or_else(|| " ".to_owned());
        let joined = each.collect::<Vec<_>>().join(&delimiter);
        self.set(
            token,
            &format!("{}{joined}{}", part("prefix"), part("suffix")),
        );
    }

    fn read_studio(&mut self, json: &Json) {
        let text = |value: &Json| match value {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            Json::Array(items) => {
                let items = items.iter().filter_map(|item| item.as_str());
                Some(items.collect::<Vec<_>>().join(","))
            }
            _ => None,
        };
        let entries = |value: &Json| -> Vec<(String, Json)> {
            let object = value.as_object();
            object.map_or_else(Vec::new, |o| {
                o.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
            })
        };
        for (_, input) in entries(&json["inputs"]) {
            let options = &input["options"];
            let (Some(token), Some(value)) =
                (options["token"].as_str(), text(&options["defaultValue"]))
            else {
                continue;
            };
            match (input["type"].as_str(), value.split_once(',')) {
                (Some("input.timerange"), Some((earliest, latest))) => {
                    self.set(&format!("{token}.earliest"), earliest);
                    self.set(&format!("{token}.latest"), latest);
                }
                _ => self.set(token, &value),
            }
        }
        for (token, value) in entries(&json["defaults"]["tokens"]["default"]) {
            if let Some(value) = text(&value["value"]) {
                self.set(&token, &value);
            }
        }
        let mut titles: BTreeMap<String, String> = BTreeMap::new();
        for (_, visualization) in entries(&json["visualizations"]) {
            if let (Some(source), Some(title)) = (
                visualization["dataSources"]["primary"].as_str(),
                visualization["title"].as_str(),
            ) {
                titles.insert(source.to_owned(), title.to_owned());
            }
        }
        for (id, source) in entries(&json["dataSources"]) {
            let options = &source["options"];
            let string = |value: &Json| value.as_str().map(str::to_owned);
            let range = &options["queryParameters"];
            let name = titles.get(&id).cloned().or_else(|| string(&source["name"]));
            let search = DashboardSearch {
                title: name.unwrap_or_default(),
                id: Some(id),
                base: string(&options["extend"]),
                saved: string(&options["ref"]),
                text: string(&options["query"]).unwrap_or_default(),
                earliest: string(&range["earliest"]),
                latest: string(&range["latest"]),
                line: 0,
            };
            let kind = source["type"].as_str().unwrap_or_default();
            if matches!(kind, "ds.search" | "ds.chain" | "ds.savedSearch") {
                self.searches.push(search);
            }
        }
    }

    /// Sets a token, which forms also call `form.<name>`.
    pub fn set(&mut self, token: &str, value: &str) {
        self.tokens
            .insert(format!("form.{token}"), value.to_owned());
        self.tokens.insert(token.to_owned(), value.to_owned());
    }

    /// Sets tokens to the values that a user gives.
    pub fn set_all(&mut self, tokens: &[(String, String)]) {
        for (token, value) in tokens {
            self.set(token, value);
        }
    }

    /// The search that another extends. Returns `None` if it extends none, or one that does not exist.
    pub fn base_of(&self, search: &DashboardSearch) -> Option<&DashboardSearch> {
        let base = search.base.as_ref()?;
        self.searches
            .iter()
            .find(|other| other.id.as_ref() == Some(base))
    }

    /// The whole text of a search: after the searches that it extends, with tokens replaced, and with `placeholder` for
    /// tokens without a value.
    ///
    /// # Errors
    /// If it extends a search that does not exist, or itself.
    pub fn resolve(&self, search: &DashboardSearch, placeholder: &str) -> Result<Resolved> {
        let mut parts = vec![search.text.clone()];
        let mut at = search;
        while let Some(base) = &at.base {
            at = self.base_of(at).ok_or_else(|| {
                let known = self.searches.iter().filter_map(|other| other.id.as_deref());
                Error::data(format!("there is no search `{base}` to extend"))
                    .did_you_mean(base, known)
            })?;
            if parts.len() >= LONGEST_CHAIN {
                return Err(Error::data(format!("the search `{base}` extends itself")));
            }
            parts.push(at.saved_search().unwrap_or_else(|| at.text.clone()));
        }
        let mut text = String::new();
        for part in parts.iter().rev() {
            let part = part.trim();
            if text.is_empty() {
                text.push_str(part);
            } else if !part.is_empty() {
                let own = part.strip_prefix('|').unwrap_or(part).trim_start();
                text.push_str(" | ");
                text.push_str(own);
            }
        }
        Ok(self.replaced(&text, placeholder))
    }

    /// A text with tokens replaced.
    pub fn replaced(&self, text: &str, placeholder: &str) -> Resolved {
        let mut resolved = Resolved::default();
        resolved.text = self.filled(text, placeholder, &mut resolved.unset, DEPTH);
        resolved
    }

    fn filled(
        &self,
        text: &str,
        placeholder: &str,
        unset: &mut Vec<String>,
        depth: usize,
    ) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            // `$$` is a dollar sign.
            if let Some(after) = rest.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            let Some((name, filter, length)) = token(rest) else {
                out.push('$');
                continue;
            };
            rest = &rest[length..];
            let value = match self.tokens.get(name) {
                Some(value) if depth > 0 => self.filled(value, placeholder, unset, depth - 1),
                Some(value) => value.clone(),
                None => {
                    if !unset.iter().any(|known| known == name) {
                        unset.push(name.to_owned());
                    }
                    placeholder.to_owned()
                }
            };
            out.push_str(&filtered(&value, filter));
        }
        out.push_str(rest);
        out
    }
}

/// The name of a token, its filter, and the length up to the closing `$`.
fn token(text: &str) -> Option<(&str, Option<char>, usize)> {
    let end = text.find('$')?;
    let inner = &text[..end];
    let (name, filter) = match inner.split_once('|') {
        Some((name, filter)) if filter.len() == 1 => (name, filter.chars().next()),
        Some(_) => return None,
        None => (inner, None),
    };
    let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | '{' | '}'));
    is_name.then_some((name, filter, end + 1))
}

/// A value by the filter of its token: `|s` quotes it, `|u` encodes it for an address, `|h` for HTML.
fn filtered(value: &str, filter: Option<char>) -> String {
    match filter {
        Some('s') => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        Some('u') => value
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect(),
        Some('h') => value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
        _ => value.to_owned(),
    }
}

/// The search of a `<search>` element. Returns `None` for one without a query, such as an annotation's.
fn search_of(document: &Document<'_>, node: Node<'_, '_>) -> Option<DashboardSearch> {
    let child = |name: &str| node.children().find(|child| child.has_tag_name(name));
    let text = |name: &str| {
        let found: String = child(name)?
            .descendants()
            .filter(Node::is_text)
            .filter_map(|n| n.text())
            .collect();
        Some(found.trim().to_owned())
    };
    let query = child("query");
    let attribute = |name: &str| node.attribute(name).map(str::to_owned);
    let (base, saved) = (attribute("base"), attribute("ref"));
    if query.is_none() && base.is_none() && saved.is_none() {
        return None;
    }
    let place = query.unwrap_or(node).range().start;
    Some(DashboardSearch {
        title: title_of(node),
        id: attribute("id"),
        base,
        saved,
        text: text("query").unwrap_or_default(),
        earliest: text("earliest").filter(|text| !text.is_empty()),
        latest: text("latest").filter(|text| !text.is_empty()),
        line: document.text_pos_at(place).row as usize,
    })
}

/// The title of the visualization or the panel around a search.
fn title_of(node: Node<'_, '_>) -> String {
    let titled = node
        .ancestors()
        .skip(1)
        .take_while(|a| !a.has_tag_name("row"))
        .find_map(|a| {
            let title = a.children().find(|child| child.has_tag_name("title"))?;
            Some(title.text()?.trim().to_owned())
        });
    titled.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Dashboard;

    const FORM: &str = r#"<form>
  <init><set token="index">main</set></init>
  <search id="base"><query>index=$index$ line=$line|s$</query><earliest>$t.earliest$</earliest></search>
  <fieldset>
    <input type="dropdown" token="line"><default>north</default></input>
    <input type="time" token="t"><default><earliest>-24h</earliest><latest>now</latest></default></input>
    <input type="multiselect" token="ships"><default>Alma, Norra</default><prefix>(</prefix><suffix>)</suffix>
      <valuePrefix>ship="</valuePrefix><valueSuffix>"</valueSuffix><delimiter> OR </delimiter></input>
    <input type="text" token="free"/>
  </fieldset>
  <row>
    <panel><title>Ships</title><table><search base="base"><query>| where load&gt;1 $ships$</query></search></table></panel>
    <panel><table><search><query>x=$free$ y=$$z 100$ $a b$</query></search></table></panel>
    <panel><table><search ref="saved one"/></table></panel>
  </row>
</form>"#;

    #[test]
    fn searches_are_joined_and_tokens_replaced() {
        let form = Dashboard::parse(Path::new("v.xml"), FORM).expect("XML");
        let form = form.expect("a dashboard");
        let texts: Vec<_> = form
            .searches
            .iter()
            .map(|s| {
                (
                    s.title.as_str(),
                    s.line,
                    form.resolve(s, "*").expect("it is joined"),
                )
            })
            .map(|(title, line, found)| (title.to_owned(), line, found.text, found.unset))
            .collect();
        let base = "index=main line=\"north\"";
        let expected = [
            ("base", 3, base.to_owned(), vec![]),
            (
                "Ships",
                12,
                format!("{base} | where load>1 (ship=\"Alma\" OR ship=\"Norra\")"),
                vec![],
            ),
            (
                "search 3",
                13,
                "x=* y=$z 100$ $a b$".to_owned(),
                vec!["free".to_owned()],
            ),
            ("search 4", 14, String::new(), vec![]),
        ];
        for (found, (title, line, text, unset)) in texts.iter().zip(expected) {
            assert_eq!(*found, (title.to_owned(), line, text, unset));
        }
        assert_eq!(form.searches[3].saved.as_deref(), Some("saved one"));
        let range = form.replaced(form.searches[0].earliest.as_deref().unwrap_or(""), "");
        assert_eq!(range.text, "-24h");
    }

    #[test]
    fn studio_dashboards_are_read() {
        let text = r#"<dashboard version="2"><definition><![CDATA[{
            "dataSources":{"a":{"type":"ds.search","options":{"query":"index=x line=$line$"}},
              "b":{"type":"ds.chain","options":{"extend":"a","query":"| stats count"}},
              "c":{"type":"ds.chain","options":{"extend":"none","query":"| head"}},
              "d":{"type":"ds.chain","options":{"extend":"d","query":"| head"}}},
            "inputs":{"i":{"type":"input.dropdown","options":{"token":"line","defaultValue":"north"}}},
            "visualizations":{"v":{"title":"Count","dataSources":{"primary":"b"}}}}]]></definition></dashboard>"#;
        let found = Dashboard::parse(Path::new("v.xml"), text).expect("XML");
        let found = found.expect("a dashboard");
        let texts: Vec<_> = found
            .searches
            .iter()
            .map(|s| found.resolve(s, "*"))
            .collect();
        assert_eq!(found.searches[1].title, "Count");
        let joined = texts[1].as_ref().expect("it is joined");
        assert_eq!(joined.text, "index=x line=north | stats count");
        assert!(texts[2].is_err() && texts[3].is_err());
    }

    #[test]
    fn other_views_and_broken_ones_are_told_apart() {
        let parse = |text: &str| Dashboard::parse(Path::new("v.xml"), text);
        assert!(parse("<nav/>").expect("XML").is_none());
        assert!(parse("<form><row></form>").is_err());
        assert!(parse("<dashboard><definition>{</definition></dashboard>").is_err());
        assert!(parse("").is_err());
    }
}
