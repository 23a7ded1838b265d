//! Runs a search again whenever a log file has been read, as a program that watches a folder would.
//!
//! ```text
//! cargo run --release --example detection -- FILE...
//! ```

use spelunk::{Clock, SearchError, Spelunk};

fn main() -> Result<(), SearchError> {
    let spelunk = Spelunk::builder(Clock::System).build()?;
    // Planned once, run after every file.
    let search = spelunk.search(
        "tag=authentication action=failure | stats count dc(user) AS users by src | where users > 5",
    );
    let prepared = search.prepare()?;
    for file in std::env::args().skip(1) {
        let events = spelunk.register_files([&file])?;
        let results = prepared.run()?;
        println!(
            "{file}: {events} events, {} sources that guess passwords",
            results.len()
        );
        for row in results.rows() {
            let src: String = row.get("src").unwrap_or_default();
            let count: u64 = row.get("count").unwrap_or_default();
            println!("  {src}: {count} failures");
        }
        for warning in results.warnings() {
            eprintln!("  {:?}: {warning}", warning.kind);
        }
    }
    Ok(())
}
