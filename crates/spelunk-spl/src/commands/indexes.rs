//! The indexes for commands that inspect the store.

use crate::kernels::format::quoted;
use crate::syntax::ast::{ArgKind, Stage};

/// The search terms for the indexes that a stage names with `index=`, or for all indexes whose name does not
/// begin with `_` if it names none.
pub(super) fn index_terms(stage: &Stage) -> String {
    let named: Vec<String> = stage
        .args
        .iter()
        .filter_map(|arg| match &arg.kind {
            ArgKind::Option { name, value } if name.text.eq_ignore_ascii_case("index") => {
                Some(format!("index={}", quoted(&value.text)))
            }
            _ => None,
        })
        .collect();
    if named.is_empty() {
        "index=*".to_owned()
    } else {
        format!("({})", named.join(" OR "))
    }
}
