//! Prints every stage of a search on its way to the engine.
//!
//! ```text
//! cargo run --release --example explain -- 'index=main | sort 10 -count'
//! ```

use spelunk::{Clock, SearchError, Spelunk, Stage};

fn main() -> Result<(), SearchError> {
    let spl = std::env::args().nth(1);
    let spl = spl.unwrap_or_else(|| "index=* | stats count by host | sort 3 -count".to_owned());
    let spelunk = Spelunk::builder(Clock::System).build()?;
    let search = spelunk.search(spl);
    for stage in [
        Stage::Macros,
        Stage::Ast,
        Stage::Plan,
        Stage::Optimized,
        Stage::Physical,
        Stage::Polars,
    ] {
        println!("-- {stage:?}\n{}\n", search.explain(stage)?.trim_end());
    }
    Ok(())
}
