//! Checks Parquet page headers before Polars reads the pages. Polars trusts the numbers in them: a negative
//! one in a damaged file makes it request more memory than any machine has, which ends the process.
//!
//! Apache Parquet, "parquet.thrift".

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use polars_parquet_format::PageHeader;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;

/// A file, or its bytes.
pub trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}

/// A column chunk of a row group, as described by the file's metadata.
pub struct Chunk {
    /// The byte range of its pages in the file.
    pub range: Range<u64>,
    /// The number of values, including missing ones.
    pub values: i64,
    /// The rows of the group, if each has one value.
    pub rows: Option<usize>,
}

/// Maximum length of a header: it may contain the minimum and maximum value of its page.
const LONGEST: usize = 16 << 20;

/// Checks the pages of a column.
///
/// # Errors
/// If the file can't be read, or a page header is impossible.
pub fn check(chunk: &Chunk, mut file: &mut dyn Seekable) -> Result<(), String> {
    if chunk.values < 0 || chunk.rows.is_some_and(|rows| rows as i64 != chunk.values) {
        return Err("a column has another number of values than rows".to_owned());
    }
    let (mut at, mut values) = (chunk.range.start, 0);
    while values < chunk.values {
        let no_header = |_| "the header of a page can't be read".to_owned();
        file.seek(SeekFrom::Start(at)).map_err(|e| e.to_string())?;
        let mut thrift = TCompactInputProtocol::new(&mut file, LONGEST);
        let page = PageHeader::read_from_in_protocol(&mut thrift).map_err(no_header)?;
        let data = file.stream_position().map_err(|e| e.to_string())?;
        values += i64::from(values_of(&page)?);
        at = data + u64::from(page.compressed_page_size.unsigned_abs());
        if at > chunk.range.end {
            return Err("a page extends beyond the end of its column".to_owned());
        }
    }
    if values != chunk.values {
        return Err("pages hold more values than their column".to_owned());
    }
    Ok(())
}

/// Returns how many of its column's values a page holds. A dictionary page has none.
///
/// # Errors
/// If its header is damaged.
fn values_of(page: &PageHeader) -> Result<i32, String> {
    let (packed, unpacked) = (page.compressed_page_size, page.uncompressed_page_size);
    let plain = page.data_page_header.as_ref().map(|data| data.num_values);
    let entries = page.dictionary_page_header.as_ref();
    let entries = entries.map_or(0, |dictionary| dictionary.num_values);
    let (mut values, mut nulls, mut rows, mut levels) = (plain.unwrap_or(0), 0, 0, [0; 2]);
    if let Some(data) = &page.data_page_header_v2 {
        (values, nulls, rows) = (data.num_values, data.num_nulls, data.num_rows);
        levels = [
            data.definition_levels_byte_length,
            data.repetition_levels_byte_length,
        ];
    }
    let counts = [packed, unpacked, entries, values, nulls, rows];
    if counts.iter().chain(&levels).any(|n| *n < 0) {
        return Err("a page has a negative size".to_owned());
    }
    let levels: i64 = levels.into_iter().map(i64::from).sum();
    // A decompressed dictionary page has at least one byte per entry.
    if entries > unpacked || levels > i64::from(packed) || nulls > values {
        return Err("a page is smaller than its content".to_owned());
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use polars_parquet_format::thrift::protocol::TCompactOutputProtocol;
    use polars_parquet_format::{DataPageHeader, Encoding, PageHeader, PageType};

    use super::{Chunk, check};

    fn page(values: i32, packed: i32) -> Vec<u8> {
        let encoding = Encoding::PLAIN;
        let data = DataPageHeader::new(values, encoding, Encoding::RLE, Encoding::RLE, None);
        let kind = PageType::DATA_PAGE;
        let header = PageHeader::new(kind, 4, packed, None, data, None, None, None);
        let mut out = Vec::new();
        let mut thrift = TCompactOutputProtocol::new(&mut out);
        let written = header.write_to_out_protocol(&mut thrift);
        written.expect("memory can be written");
        out.extend(std::iter::repeat_n(0, packed.clamp(0, 100) as usize));
        out
    }

    fn checked(pages: &[Vec<u8>], values: i64, rows: Option<usize>) -> Result<(), String> {
        let bytes = pages.concat();
        let chunk = Chunk {
            range: 0..bytes.len() as u64,
            values,
            rows,
        };
        check(&chunk, &mut Cursor::new(bytes))
    }

    #[test]
    fn numbers_that_can_not_be_are_refused() {
        assert_eq!(checked(&[page(2, 4), page(3, 9)], 5, Some(5)), Ok(()));
        assert_eq!(checked(&[page(7, 4)], 7, None), Ok(()));
        for (pages, values, rows) in [
            (vec![page(-1, 4)], 5, Some(5)),
            (vec![page(5, -4)], 5, Some(5)),
            (vec![page(5, 4), page(1, 4)], 6, Some(5)),
            (vec![page(1 << 30, 4)], 5, Some(5)),
            (vec![page(5, 1000)], 5, Some(5)),
            (vec![page(5, 4)], -5, None),
            (vec![page(2, 4)], 5, Some(5)),
            (vec![vec![0xff; 40]], 5, Some(5)),
            (vec![vec![]], 5, Some(5)),
        ] {
            assert!(checked(&pages, values, rows).is_err(), "{pages:?}");
        }
    }
}
