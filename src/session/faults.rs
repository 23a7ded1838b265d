//! Finds the faults of all added knowledge, including knowledge that no search has used.

use crate::error::Result;
use crate::exec::Executor;
use crate::exec::scan::sources::DataSources;
use crate::knowledge::fault::{Fault, FaultKind};
use crate::knowledge::lookups::{LookupDefinition, LookupKind};
use crate::knowledge::props::{FieldRules, Rule, RuleOrigin};
use crate::session::Session;
use crate::session::ingest::{index_time, line_breaking};

impl Session {
    /// Completes the catalog's faults: compiles every rule, setting, event type and data model as a search or
    /// a reader would, on no events.
    pub(super) fn find_faults(&self) -> Result<()> {
        let context = self.context()?;
        let data = DataSources::default();
        let executor = Executor::new(&context, &data);
        let catalog = &self.catalog;
        for (rules, index_rules, texts) in catalog.stanzas() {
            executor.try_rules(&rules)?;
            index_time::try_rules(catalog, index_rules, &context.clock);
            line_breaking::try_settings(&texts, catalog.faults());
        }
        for transform in catalog.props.transforms() {
            let rules = FieldRules {
                reports: vec![Rule {
                    rule: transform.clone(),
                    origin: RuleOrigin {
                        stanza: transform.name.clone(),
                        key: "REGEX".to_owned(),
                        at: transform.origin.clone(),
                    },
                }],
                ..FieldRules::default()
            };
            executor.try_rules(&rules)?;
        }
        executor.try_event_types()?;
        for dataset in catalog.models.iter().flat_map(|model| model.datasets()) {
            if !dataset.transaction {
                executor.try_dataset(dataset)?;
            }
        }
        for lookup in catalog.lookups() {
            self.try_lookup(lookup);
        }
        Ok(())
    }

    /// Reads a lookup's table. A lookup that is not a file is unavailable offline, which is not a fault.
    fn try_lookup(&self, lookup: &LookupDefinition) {
        if !matches!(lookup.kind, LookupKind::File(_)) {
            return;
        }
        if let Err(error) = lookup.load() {
            let object = format!("lookup `{}`", lookup.name);
            self.catalog.faults().add(Fault::new(
                FaultKind::Lookup,
                &lookup.origin,
                object,
                error,
                "a search that names it fails, automatic lookups fill no fields",
            ));
        }
    }
}
