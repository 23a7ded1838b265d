//! Values of settings as Splunk reads them. An invalid value leaves the setting's default.

use super::conf::Setting;
use super::fault::{Fault, FaultKind, Faults};
use super::yaml::parse_bool;

/// The integer value of a setting. `10 # ten` gives the leading number; `= 10` and `ten` give none, with a
/// fault.
pub(super) fn whole_number(setting: &Setting, object: &str, faults: &Faults) -> Option<i64> {
    let text = setting.value.trim();
    let digits = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || (*at == 0 && matches!(c, '-' | '+'))))
        .map_or(text.len(), |(at, _)| at);
    let number = text[..digits].parse().ok();
    if digits < text.len() || number.is_none() {
        let effect = match number {
            Some(_) => "the number in front is taken",
            None => "the setting keeps its default",
        };
        let why = format!("`{text}` is not a whole number");
        faults.add(Fault::new(
            FaultKind::Setting,
            &setting.origin,
            object,
            why,
            effect,
        ));
    }
    number
}

/// The boolean value of a setting; an empty one is false.
pub(super) fn flag(setting: &Setting, object: &str, faults: &Faults) -> Option<bool> {
    let flag = parse_bool(&setting.value);
    if flag.is_none() {
        let why = format!("`{}` is neither true nor false", setting.value.trim());
        meaningless(setting, object, why, faults);
    }
    flag
}

/// Adds the fault of a setting with an invalid value.
pub(super) fn meaningless(setting: &Setting, object: &str, why: String, faults: &Faults) {
    faults.add(Fault::new(
        FaultKind::Setting,
        &setting.origin,
        object,
        why,
        "the setting keeps its default",
    ));
}

#[cfg(test)]
mod tests {
    use super::{flag, whole_number};
    use crate::knowledge::Origin;
    use crate::knowledge::conf::Setting;
    use crate::knowledge::fault::Faults;

    fn setting(value: &str) -> Setting {
        Setting {
            value: value.to_owned(),
            origin: Origin::default(),
        }
    }

    #[test]
    fn the_number_in_front_counts() {
        for (value, number, faulty) in [
            ("40", Some(40), false),
            (" -1 ", Some(-1), false),
            ("10 # note", Some(10), true),
            ("= 40", None, true),
            ("", None, true),
            ("99999999999999999999", None, true),
            ("1é", Some(1), true),
        ] {
            let faults = Faults::default();
            assert_eq!(whole_number(&setting(value), "x", &faults), number);
            assert_eq!(!faults.all().is_empty(), faulty, "{value}");
        }
        let faults = Faults::default();
        assert_eq!(flag(&setting("t"), "x", &faults), Some(true));
        assert_eq!(flag(&setting("perhaps"), "x", &faults), None);
        assert_eq!(faults.all().len(), 1);
    }
}
