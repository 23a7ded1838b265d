//! Physical planning: rules that look at data or run probes, in one ordered list.
//!
//! A rule rewrites the plan, or marks nodes with how they run ([`Plan::Physical`]). Rules change how long a
//! search takes and never its rows; [`Tuning`](crate::plan::tuning::Tuning) switches them off one by one. The logical
//! rules, which look at no data, are in [`crate::plan::optimize`]; the rule for several searches at once is
//! in [`crate::exec::shared_scan`].

pub(in crate::exec) mod lookup_semijoin;
pub(in crate::exec) mod runtime_filter;
mod strategies;

use crate::error::Result;
use crate::exec::context::Executor;
use crate::plan::Plan;
use crate::plan::tuning::RuleId;

/// A plan after all rules: what [`Executor::execute`] runs and `explain --stage physical` prints.
#[derive(Clone, Debug)]
pub struct PhysicalPlan(Plan);

impl PhysicalPlan {
    /// The nodes.
    pub fn plan(&self) -> &Plan {
        &self.0
    }
}

/// A rule of physical planning. Its precondition is in the doc comment of its [`RuleId`].
struct Rule {
    id: RuleId,
    rewrite: Rewrite,
}

/// How a rule rewrites a plan.
enum Rewrite {
    /// Returns the new plan, or `None` if the rule does not apply. May read lookups and run probes.
    Plan(fn(&Executor<'_>, &Plan) -> Result<Option<Plan>>),
    /// Marks nodes.
    Marks,
}

/// The rules in the order in which they run.
///
/// First those that rewrite whole plans: they match logical nodes, so no node may be marked yet. Of these, keys
/// that are known come before keys that a probe must find, because a probe over a scan that is
/// filtered already is cheaper. Then those that mark single nodes; they are independent of each other.
static RULES: [Rule; 6] = [
    Rule {
        id: RuleId::KeyFilter,
        rewrite: Rewrite::Plan(|executor, plan| Ok(executor.apply_key_filters(plan))),
    },
    Rule {
        id: RuleId::RuntimeFilter,
        rewrite: Rewrite::Plan(|executor, plan| executor.apply_runtime_filters(plan)),
    },
    Rule {
        id: RuleId::LookupSemiJoin,
        rewrite: Rewrite::Marks,
    },
    Rule {
        id: RuleId::JoinBuildFilter,
        rewrite: Rewrite::Marks,
    },
    Rule {
        id: RuleId::TopKFilter,
        rewrite: Rewrite::Marks,
    },
    Rule {
        id: RuleId::SortMerge,
        rewrite: Rewrite::Marks,
    },
];

impl Executor<'_> {
    /// Applies the physical rules. Some of them run probes, whose warnings are discarded.
    ///
    /// # Errors
    /// What a probe says.
    pub fn physical(&self, plan: &Plan) -> Result<PhysicalPlan> {
        let mut plan = plan.clone();
        for rule in self.rules() {
            if let Rewrite::Plan(rewrite) = rule.rewrite
                && let Some(rewritten) = rewrite(self, &plan)?
            {
                plan = rewritten;
            }
        }
        Ok(self.marked(plan))
    }

    /// Applies only the rules that mark nodes: for plans over rows that a probe would not see, such as the
    /// bindings of an expansion.
    pub(in crate::exec) fn marked(&self, mut plan: Plan) -> PhysicalPlan {
        for rule in self.rules() {
            if let Rewrite::Marks = rule.rewrite {
                strategies::mark(&mut plan, rule.id);
            }
        }
        PhysicalPlan(plan)
    }

    fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        let rules = RULES.iter();
        rules.filter(|rule| self.context.tuning.allows(rule.id))
    }
}
