//! Searches events in memory and prints the rows.
//!
//! ```text
//! cargo run --release --example search_events
//! ```

use spelunk::{Clock, Events, SearchError, Spelunk};

fn main() -> Result<(), SearchError> {
    let spelunk = Spelunk::builder(Clock::At(1_715_774_400.0)).build()?;
    let lines = "2024-05-15T11:40:00Z host=web1 status=200 bytes=512\n\
                 2024-05-15T11:40:01Z host=web2 status=500 bytes=64\n\
                 2024-05-15T11:40:02Z host=web1 status=500 bytes=32\n";
    spelunk.register_events("access", &Events::from_bytes(lines).sourcetype("web"))?;
    let results = spelunk
        .search("sourcetype=web status=500 | stats sum(bytes) AS bytes by host | sort - bytes")
        .earliest("-1h")
        .run()?;
    for row in results.rows() {
        let host: String = row.get("host").unwrap_or_default();
        let bytes: u64 = row.get("bytes").unwrap_or_default();
        println!("{host}: {bytes} bytes in failed requests");
    }
    Ok(())
}
