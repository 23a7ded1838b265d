//! Leaves the symbol table out of the program. The profile's `strip` would do the same, but it applies to every
//! dependency and so rebuilds Polars; this affects only the last link.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo:rustc-link-arg-bins=-Wl,--strip-all");
    }
}
