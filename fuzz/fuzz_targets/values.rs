//! Numbers as they print and read, and the order of values, against the standard library.
#![no_main]

use std::cmp::Ordering;

use libfuzzer_sys::fuzz_target;
use spelunk_spl::value::{Value, format_number, is_canonical_number, parse_number, sort_order};

fuzz_target!(|input: (f64, &str, &str, &str)| {
    let (number, a, b, c) = input;
    // Rounded to 15 digits, numbers next to the largest are beyond it.
    if number.abs() < 1e308 {
        let text = format_number(number);
        let read = parse_number(&text).expect("a number that is printed reads");
        // Up to 15 digits are printed.
        assert!(
            (read - number).abs() <= number.abs() * 1e-14,
            "{number} {text}"
        );
    }
    for text in [a, b, c] {
        if is_canonical_number(text) {
            let number = parse_number(text).expect("a canonical number reads");
            assert_eq!(format_number(number), text);
        }
    }
    let values = [
        Value::text(a),
        Value::text(b),
        Value::text(c),
        Value::number(number),
        Value::Null,
    ];
    for x in &values {
        for y in &values {
            assert_eq!(sort_order(x, y), sort_order(y, x).reverse());
            for z in &values {
                if sort_order(x, y) != Ordering::Greater && sort_order(y, z) != Ordering::Greater {
                    assert_ne!(sort_order(x, z), Ordering::Greater, "{x:?} {y:?} {z:?}");
                }
            }
        }
    }
});
