//! Names and tactics of MITRE ATT&CK (Enterprise) techniques.

/// A technique without its sub-techniques.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    /// `T1047`
    pub id: &'static str,
    /// `Windows Management Instrumentation`
    pub name: &'static str,
    /// Its tactics, as ATT&CK abbreviates them, with their ids: `execution`, `TA0002`.
    pub tactics: Vec<(&'static str, &'static str)>,
}

/// The tactics, in the order of the matrix.
pub const TACTICS: [&str; 14] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

/// One line per technique and tactic; ids end in `*`, for wildcard lookups in searches.
const TABLE: &str = include_str!("../../apps/risk/lookups/mitre_attack_lookup.csv");

/// The technique with an id; for a sub-technique (`T1059.001`), its parent.
pub fn technique(id: &str) -> Option<Technique> {
    let base = id.split('.').next()?.trim().to_ascii_uppercase();
    let mut found: Option<Technique> = None;
    for line in TABLE.lines().skip(1) {
        let mut cells = line.split(',');
        let (Some(id), Some(name)) = (cells.next(), cells.next()) else {
            continue;
        };
        let id = id.trim_end_matches('*');
        let (Some(tactic), Some(tactic_id), true) = (cells.next(), cells.next(), id == base) else {
            continue;
        };
        let technique = found.get_or_insert_with(|| Technique {
            id,
            name,
            tactics: Vec::new(),
        });
        technique.tactics.push((tactic, tactic_id));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{TABLE, TACTICS, technique};

    #[test]
    fn every_line_has_a_name_and_known_tactics() {
        let mut seen = std::collections::BTreeSet::new();
        for line in TABLE.lines().skip(1) {
            assert!(seen.insert(line), "{line} twice");
            let id = line.split('*').next().unwrap();
            let found = technique(id).unwrap();
            assert!(!found.name.is_empty());
            assert!(
                found.tactics.iter().all(|(t, _)| TACTICS.contains(t)),
                "{line}"
            );
        }
        assert_eq!(technique("t1059.003").unwrap().id, "T1059");
        assert_eq!(technique("T1078").unwrap().tactics.len(), 4);
        assert_eq!(technique("T9999"), None);
    }
}
