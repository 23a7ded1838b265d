//! Parallel processing of many rows in chunks.

use std::ops::Range;
use std::thread;

/// The number of chunks processed at the same time.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Splits `0..count` into chunks, runs `work` on each in parallel and passes the results to `take` in order.
/// Processes one chunk per core at a time; a single chunk runs on the calling thread.
///
/// # Errors
/// Returns the first error of `take`, which ends the work.
pub fn ordered_chunks<T: Send, E>(
    count: usize,
    piece: usize,
    work: impl Fn(Range<usize>) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let piece = piece.max(1);
    if count <= piece {
        return take(work(0..count));
    }
    let cores = cores();
    let mut ready: Vec<Option<T>> = Vec::new();
    for start in (0..count).step_by(piece * cores) {
        let starts = (start..count).step_by(piece).take(cores);
        let mut chunks: Vec<Option<T>> = starts.clone().map(|_| None).collect();
        rayon::in_place_scope(|scope| {
            for (start, chunk) in starts.zip(&mut chunks) {
                let work = &work;
                scope.spawn(move |_| *chunk = Some(work(start..count.min(start + piece))));
            }
            ready.drain(..).flatten().try_for_each(&mut take)
        })?;
        ready = chunks;
    }
    ready.into_iter().flatten().try_for_each(&mut take)
}

#[cfg(test)]
mod tests {
    use super::ordered_chunks;

    #[test]
    fn what_is_made_of_pieces_comes_in_their_order() {
        for count in [0, 1, 9, 10, 11, 100, 1003] {
            let mut all = Vec::new();
            let done = ordered_chunks(
                count,
                10,
                |range| range.collect::<Vec<_>>(),
                |made| {
                    all.extend(made);
                    Ok::<_, ()>(())
                },
            );
            assert_eq!(done, Ok(()));
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_ends_the_work() {
        let mut taken = 0;
        let done = ordered_chunks(
            1000,
            10,
            |range| range.start,
            |start| {
                taken += 1;
                if start < 50 { Ok(()) } else { Err(start) }
            },
        );
        assert_eq!((done, taken), (Err(50), 6));
    }
}
