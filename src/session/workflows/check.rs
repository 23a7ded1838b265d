//! Checks searches, detections and folders of them without running them.

use std::path::{Path, PathBuf};

use crate::detect::check::{CheckReport, Item, Looked};
use crate::error::Failure;
use crate::error::{Error, ErrorKind, Result};
use crate::knowledge::dashboard::Dashboard;
use crate::knowledge::detection::Detection;
use crate::knowledge::fault::Fault;
use crate::knowledge::load::is_app;
use crate::knowledge::macros::Macro;
use crate::knowledge::shipped;
use crate::lint::allow::{FILE, Rules};
use crate::lint::{self, Subject};
use crate::session::large_stack::with_large_stack;
use crate::session::{Session, failure, lock};
use crate::source::SourceMap;

impl Session {
    /// The lints disabled or denied by `spelunk.conf` in content folders, in `default` and `local` of apps,
    /// and in the store's folder; later files add to earlier ones. An invalid entry is a fault.
    pub fn lint_rules(&self) -> Rules {
        let mut rules = Rules::default();
        let faults = self.catalog.faults();
        let options = &self.options;
        let apps = self.catalog.apps().iter();
        let folders = apps
            .flat_map(|app| [app.join("default"), app.join("local")])
            .chain(options.content.iter().cloned())
            .chain([options.home.clone()]);
        for path in folders.map(|folder| folder.join(FILE)) {
            if !path.is_file() {
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => rules.read(&path, &text, faults),
                Err(why) => {
                    let error = Error::file(&path, why);
                    faults.add(Fault::of_file(&path, &error, "the file is left out"));
                }
            }
        }
        rules
    }

    /// Checks all added knowledge, used or not, and reports its faults.
    ///
    /// # Errors
    /// If an internal invariant is broken.
    pub fn check_knowledge(&self, rules: &Rules) -> Result<CheckReport> {
        with_large_stack(|| self.find_faults())?;
        let mut report = CheckReport::default();
        report.add_faults(&self.catalog.faults().take_new(), rules);
        Ok(report)
    }

    /// Parses, resolves, plans and lints searches, detections, apps and folders of them, without running them. `tokens`
    /// are values for the tokens of dashboards.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn check(
        &self,
        what: &[String],
        tokens: &[(String, String)],
        rules: &Rules,
    ) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        for item in what {
            let path = Path::new(item);
            if item.contains(['|', '=', '`', ' ']) && !path.exists() {
                let typed = Item {
                    name: item,
                    text: None,
                    detection: None,
                };
                report.add(&typed, self.look(item, None, rules), rules);
                continue;
            }
            let has_searches =
                path.extension().is_some_and(|e| e == "conf") || has_saved_searches(path);
            if has_searches {
                for detection in self.catalog.load_detections(item)? {
                    let name = format!("{item} [{}]", detection.name);
                    self.check_part(&name, &detection, rules, &mut report);
                }
            }
            if is_app(path) {
                self.check_app(path, tokens, rules, &mut report)?;
            } else if !has_searches {
                let found = match item.ends_with(".spl") {
                    true => vec![PathBuf::from(item)],
                    false => self.catalog.find_detections(item)?,
                };
                for path in found {
                    self.check_file(&path, rules, &mut report)?;
                }
            }
        }
        Ok(report)
    }

    /// Checks a search that is part of a file.
    fn check_part(
        &self,
        name: &str,
        detection: &Detection,
        rules: &Rules,
        report: &mut CheckReport,
    ) {
        let item = Item {
            name,
            text: None,
            detection: Some(detection),
        };
        let outcome = self.look(&detection.search, Some(detection), rules);
        report.add(&item, outcome, rules);
    }

    /// Checks the macros and dashboards of an app, and reports the faults of the knowledge loaded.
    fn check_app(
        &self,
        app: &Path,
        tokens: &[(String, String)],
        rules: &Rules,
        report: &mut CheckReport,
    ) -> Result<()> {
        for found in self.catalog.macros.iter() {
            if found.origin.path.starts_with(app) {
                self.check_macro(found, rules, report);
            }
        }
        for path in Dashboard::files(app) {
            match Dashboard::load(&path) {
                Ok(Some(dashboard)) => self.check_dashboard(dashboard, tokens, rules, report),
                Ok(None) => {}
                Err(error) => {
                    let name = path.display().to_string();
                    let item = Item {
                        name: &name,
                        text: None,
                        detection: None,
                    };
                    report.add(&item, Err(error.into()), rules);
                }
            }
        }
        with_large_stack(|| self.find_faults())?;
        report.add_faults(&self.catalog.faults().take_new(), rules);
        Ok(())
    }

    /// Expands a macro with made-up arguments, to find others that it calls wrongly.
    fn check_macro(&self, found: &Macro, rules: &Rules, report: &mut CheckReport) {
        let arguments = vec!["1"; found.arity].join(",");
        let call = match found.arity {
            0 => format!("`{}`", found.name),
            _ => format!("`{}({arguments})`", found.name),
        };
        let expanded = self.context().map_err(Failure::from);
        let expanded = expanded.and_then(|context| self.expand(&context, &call));
        let Err(failure) = expanded else {
            return;
        };
        // Its conditions may refuse made-up arguments, and its text may need others.
        let is_of_calls = |error: &Error| {
            matches!(
                *error.kind,
                ErrorKind::UnknownMacro(_) | ErrorKind::MacroArity { .. } | ErrorKind::MacroLoop(_)
            )
        };
        if is_of_calls(&failure.error) {
            let name = format!("{} [{}]", found.origin.path.display(), found.label());
            let item = Item {
                name: &name,
                text: None,
                detection: None,
            };
            report.add(&item, Err(failure), rules);
        }
    }

    /// Checks the searches of a dashboard, with its tokens at their defaults. A search with tokens that have no value is
    /// tried with placeholders; if it is wrong with all of them, nothing can be said about it.
    fn check_dashboard(
        &self,
        mut dashboard: Dashboard,
        tokens: &[(String, String)],
        rules: &Rules,
        report: &mut CheckReport,
    ) {
        dashboard.set_all(tokens);
        for search in &dashboard.searches {
            let name = format!("{} [{}]", dashboard.path.display(), search.title);
            let mut detection = Detection {
                path: dashboard.path.clone(),
                name: search.title.clone(),
                ..Detection::default()
            };
            if let Some(saved) = search.saved_search().filter(|_| search.base.is_none()) {
                detection.search = saved;
                self.check_part(&name, &detection, rules, report);
                continue;
            }
            let mut unset = Vec::new();
            let mut outcome = None;
            for placeholder in PLACEHOLDERS {
                let tried = dashboard
                    .resolve(search, placeholder)
                    .map_err(Failure::from);
                let (text, missing) = match tried {
                    Ok(resolved) => (resolved.text, resolved.unset),
                    Err(failure) => {
                        outcome = Some(Err(failure));
                        break;
                    }
                };
                detection.search = text;
                let looked = self.look(&detection.search, Some(&detection), rules);
                let is_done = missing.is_empty() || looked.is_ok();
                unset = missing;
                outcome = is_done.then_some(looked);
                if is_done {
                    break;
                }
            }
            let item = Item {
                name: &name,
                text: None,
                detection: Some(&detection),
            };
            let outcome = outcome.unwrap_or_else(|| Ok((Vec::new(), SourceMap::new())));
            report.add(&item, outcome, rules);
            report.add_unset(&unset);
        }
    }

    fn check_file(&self, path: &Path, rules: &Rules, report: &mut CheckReport) -> Result<()> {
        let bytes = match shipped::file(path) {
            Some(file) => file.bytes().to_vec(),
            None => std::fs::read(path).map_err(|why| Error::file(path, why))?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let loaded = Detection::load(path);
        let item = Item {
            name: &path.display().to_string(),
            text: Some(&text),
            detection: loaded.as_ref().ok(),
        };
        let outcome = match &loaded {
            Ok(detection) => self.look(&detection.search, Some(detection), rules),
            Err(error) => Err(error.clone().into()),
        };
        report.add(&item, outcome, rules);
        Ok(())
    }

    /// Plans and lints a search.
    fn look(
        &self,
        spl: &str,
        detection: Option<&Detection>,
        rules: &Rules,
    ) -> Result<Looked, Failure> {
        with_large_stack(|| {
            let compiled = self.compile(spl)?;
            let context = &compiled.context;
            self.plan(&compiled, &compiled.pipeline)
                .map_err(|error| failure(context, error))?;
            let sources = lock(&context.sources).clone();
            let subject = Subject::new(context, &sources, &compiled.pipeline, detection);
            let found = lint::run(&subject, rules);
            drop(subject);
            Ok((found, sources))
        })
    }
}

/// What takes the place of a token without a value.
const PLACEHOLDERS: [&str; 3] = ["*", "1", "x"];

/// Whether a folder is an app with saved searches.
fn has_saved_searches(path: &Path) -> bool {
    let saved = |layer: &str| path.join(layer).join("savedsearches.conf").is_file();
    ["default", "local"].into_iter().any(saved)
}
