//! Runs the searches of dashboards.

use crate::error::{Error, Failure, Result};
use crate::knowledge::dashboard::{Dashboard, DashboardSearch};
use crate::session::{SearchResult, Session};

impl Session {
    /// Runs a search of a dashboard of the apps: `view/panel`, or `view` for a dashboard with one search. `tokens` are
    /// values for its tokens, by default those of its inputs.
    ///
    /// # Errors
    /// If there is no such dashboard or panel, a token has no value, or the search is wrong.
    pub fn search_panel(
        &self,
        panel: &str,
        tokens: &[(String, String)],
    ) -> Result<SearchResult, Failure> {
        let (view, title) = match panel.split_once('/') {
            Some((view, title)) => (view, Some(title)),
            None => (panel, None),
        };
        let mut dashboard = self.dashboard(view)?;
        dashboard.set_all(tokens);
        let search = panel_of(&dashboard, title)?;
        if let Some(saved) = search.saved_search().filter(|_| search.base.is_none()) {
            return self.search(&saved);
        }
        let resolved = dashboard.resolve(search, "")?;
        if let Some(token) = resolved.unset.first() {
            let why = format!("the token `{token}` of the dashboard has no value");
            return Err(Error::usage(why)
                .hint(format!("give it one: --token {token}=VALUE"))
                .into());
        }
        // A search that extends another has the time range of that one.
        let mut first = search;
        while let Some(base) = dashboard.base_of(first) {
            first = base;
        }
        let bound = |bound: &Option<String>| {
            let resolved = dashboard.replaced(bound.as_deref()?, "");
            resolved.unset.is_empty().then_some(resolved.text)
        };
        let (earliest, latest) = (bound(&first.earliest), bound(&first.latest));
        self.search_between(&resolved.text, (earliest.as_deref(), latest.as_deref()))
    }

    /// The dashboard with this name, of the app loaded last.
    fn dashboard(&self, name: &str) -> Result<Dashboard> {
        let mut names = Vec::new();
        for app in self.catalog.apps().iter().rev() {
            for path in Dashboard::files(app) {
                let stem = path
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                if stem.eq_ignore_ascii_case(name) {
                    let found = Dashboard::load(&path)?;
                    return found.ok_or_else(|| {
                        Error::data(format!("`{name}` is a view, but no dashboard"))
                    });
                }
                names.push(stem);
            }
        }
        Err(Error::usage(format!("there is no dashboard `{name}`"))
            .did_you_mean(name, names.iter().map(String::as_str))
            .hint("dashboards are those of the apps that --app and --apps add"))
    }
}

/// The search with this title or identifier; the only one without a title.
fn panel_of<'d>(dashboard: &'d Dashboard, title: Option<&str>) -> Result<&'d DashboardSearch> {
    let is_named = |search: &&DashboardSearch| {
        let names = [Some(&search.title), search.id.as_ref()];
        let wanted = |name: &String| title.is_some_and(|title| name.eq_ignore_ascii_case(title));
        names.into_iter().flatten().any(wanted)
    };
    let found = match (title, dashboard.searches.as_slice()) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(_), searches) => searches.iter().find(is_named),
    };
    found.ok_or_else(|| {
        let why = match title {
            Some(title) => format!("the dashboard `{}` has no panel `{title}`", dashboard.name),
            None => format!("the dashboard `{}` has several panels", dashboard.name),
        };
        let titles = dashboard.searches.iter().map(|s| s.title.as_str());
        let known = titles.collect::<Vec<_>>().join(", ");
        Error::usage(why).hint(format!("name one: {}/PANEL, with {known}", dashboard.name))
    })
}
