//! Rules of the optimizer by name, with the switches and thresholds that decide where they apply.

use std::collections::BTreeSet;
use std::fmt;

/// An optimizer rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleId {
    /// Drops sorts and scan orders that nothing above observes. Logical.
    OrderElimination,
    /// Evaluates the first filters of several searches in one pass over the data. Needs at least two
    /// searches over the same source.
    SharedScan,
    /// Pushes keys known before the scan below aggregations: `IN` lists, the keys of lookups whose
    /// unmatched rows the filter drops, and constant subsearches. Needs a large scan that a shared scan has
    /// prefetched; a search alone leaves this to the runtime filter.
    KeyFilter,
    /// Runs a filter on group keys or cheap aggregates first and aggregates only the keys that pass. Needs
    /// a large scan, and a filter that does not read all keys of the groups.
    RuntimeFilter,
    /// Drops rows that a lookup does not match before its columns are added. Needs a filter directly above
    /// that accepts no unmatched row.
    LookupSemiJoin,
    /// Runs the smaller side of a join first: no keys, no other side; few keys, only their groups. Needs a
    /// subsearch as the right side.
    JoinBuildFilter,
    /// Drops rows that cannot be among the first while they are read. Needs a limit above the sort and
    /// a deterministic input.
    TopKFilter,
    /// Sorts by the keys and then by time, instead of twice. Needs a scan of events whose order survives up
    /// to the sort.
    SortMerge,
}

impl RuleId {
    /// All rules, in the order in which they run.
    pub const ALL: [RuleId; 8] = [
        RuleId::OrderElimination,
        RuleId::SharedScan,
        RuleId::KeyFilter,
        RuleId::RuntimeFilter,
        RuleId::LookupSemiJoin,
        RuleId::JoinBuildFilter,
        RuleId::TopKFilter,
        RuleId::SortMerge,
    ];

    /// Its name: `topk_filter`.
    pub fn name(self) -> &'static str {
        match self {
            RuleId::OrderElimination => "order_elimination",
            RuleId::SharedScan => "shared_scan",
            RuleId::KeyFilter => "key_filter",
            RuleId::RuntimeFilter => "runtime_filter",
            RuleId::LookupSemiJoin => "lookup_semi_join",
            RuleId::JoinBuildFilter => "join_build_filter",
            RuleId::TopKFilter => "topk_filter",
            RuleId::SortMerge => "sort_merge",
        }
    }

    /// The rule of that name.
    pub fn of_name(name: &str) -> Option<RuleId> {
        RuleId::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Switches and thresholds of the optimizer. They change how long a search takes, never its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Rules that do not run.
    pub disabled: BTreeSet<RuleId>,
    /// Rows from which on a scan is large enough to run a probe first.
    pub large_scan_rows: u64,
    /// Values of a key above which they are not pushed into a scan.
    pub max_in_list: usize,
    /// Keys of a lookup, or literals of a filter, above which they are not pushed into a scan.
    pub max_lookup_keys: usize,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            disabled: BTreeSet::new(),
            large_scan_rows: 200_000,
            max_in_list: 10_000,
            max_lookup_keys: 2_000,
        }
    }
}

impl Tuning {
    /// Every rule runs wherever it is correct, however small the data: for tests.
    pub fn forced() -> Tuning {
        Tuning {
            large_scan_rows: 0,
            ..Tuning::default()
        }
    }

    /// No rule runs: plans are executed as the commands built them.
    pub fn off() -> Tuning {
        Tuning {
            disabled: RuleId::ALL.into(),
            ..Tuning::default()
        }
    }

    /// Whether a rule runs.
    pub fn allows(&self, rule: RuleId) -> bool {
        !self.disabled.contains(&rule)
    }
}

#[cfg(test)]
mod tests {
    use super::{RuleId, Tuning};

    #[test]
    fn rules_are_found_by_name_and_switched_one_by_one() {
        for rule in RuleId::ALL {
            assert_eq!(RuleId::of_name(rule.name()), Some(rule));
            assert!(Tuning::forced().allows(rule));
            assert!(!Tuning::off().allows(rule));
        }
        assert_eq!(RuleId::of_name("topk"), None);
    }
}
