//! Checks searches, detections and folders of them without running them.

use std::path::{Path, PathBuf};

use crate::detect::check::{CheckReport, Item, Looked};
use crate::error::Failure;
use crate::error::{Error, Result};
use crate::knowledge::detection::Detection;
use crate::knowledge::fault::Fault;
use crate::knowledge::shipped;
use crate::lint::allow::{FILE, Rules};
use crate::lint::{self, Subject};
use crate::session::large_stack::with_large_stack;
use crate::session::{Session, failure, lock};

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

    /// Parses, resolves, plans and lints searches, detections and folders of them, without running them.
    ///
    /// # Errors
    /// If a file can't be read.
    pub fn check(&self, what: &[String], rules: &Rules) -> Result<CheckReport> {
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
            } else if path.extension().is_some_and(|e| e == "conf") || is_app(path) {
                for detection in self.catalog.load_detections(item)? {
                    let name = format!("{item} [{}]", detection.name);
                    let saved = Item {
                        name: &name,
                        text: None,
                        detection: Some(&detection),
                    };
                    report.add(
                        &saved,
                        self.look(&detection.search, Some(&detection), rules),
                        rules,
                    );
                }
            } else {
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

/// Whether a folder is an app with saved searches.
fn is_app(path: &Path) -> bool {
    let saved = |layer: &str| path.join(layer).join("savedsearches.conf").is_file();
    ["default", "local"].into_iter().any(saved)
}
