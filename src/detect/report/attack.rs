//! Names and tactics of the techniques of MITRE ATT&CK for Enterprise.

/// A technique without its sub-techniques.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Technique {
    /// `T1047`
    pub id: &'static str,
    /// `Windows Management Instrumentation`
    pub name: &'static str,
    /// `execution`, ...; separated by blanks.
    tactics: &'static str,
}

impl Technique {
    /// The tactics it serves, as ATT&CK abbreviates them.
    pub fn tactics(&self) -> impl Iterator<Item = &'static str> {
        self.tactics.split(' ')
    }
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

const TABLE: &str = include_str!("attack.csv");

/// The technique of an id; of a sub-technique (`T1059.001`) the one above it.
pub fn technique(id: &str) -> Option<Technique> {
    let base = id.split('.').next()?.trim().to_ascii_uppercase();
    TABLE.lines().skip(1).find_map(|line| {
        let mut cells = line.split(',');
        let id = cells.next().filter(|id| *id == base)?;
        Some(Technique {
            id,
            name: cells.next()?,
            tactics: cells.next()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{TABLE, TACTICS, technique};

    #[test]
    fn every_line_has_a_name_and_known_tactics() {
        let mut seen = std::collections::BTreeSet::new();
        for line in TABLE.lines().skip(1) {
            let id = line.split(',').next().unwrap();
            assert!(seen.insert(id), "{id} twice");
            let found = technique(id).unwrap();
            assert!(!found.name.is_empty());
            assert!(found.tactics().all(|t| TACTICS.contains(&t)), "{line}");
        }
        assert_eq!(technique("t1059.003").unwrap().id, "T1059");
        assert_eq!(technique("T9999"), None);
    }
}
