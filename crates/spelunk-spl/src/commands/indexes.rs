//! The indexes that commands about the store look at.

use crate::kernels::format::quoted;
use crate::syntax::ast::{ArgKind, Stage};

/// The terms that find the events of the indexes a stage names by `index=`; all but those whose
/// name begins with `_` when it names none.
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
