//! Room for searches that are long or nested: their trees are walked by recursion.

/// Bytes of stack that a search has. They are reserved, not used, until it needs them.
const STACK: usize = 512 << 20;

/// Does the work on a thread with room for it, and waits; where the system grants no such thread,
/// on this one.
pub(super) fn with_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let mut work = Some(work);
    let done = std::thread::scope(|scope| {
        let work = &mut work;
        std::thread::Builder::new()
            .name("search".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, move || work.take().map(|work| work()))
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
    });
    match (done, work) {
        (Ok(Some(result)), _) => result,
        (_, Some(work)) => work(),
        (_, None) => unreachable!("the thread took the work, so it gave its result"),
    }
}

#[cfg(test)]
mod tests {
    use super::with_large_stack;

    #[test]
    fn there_is_room_for_a_deep_recursion() {
        fn depth(n: u64) -> u64 {
            let room = std::hint::black_box([n; 64]);
            if n == 0 {
                0
            } else {
                depth(n - 1) + room[0] / n
            }
        }
        assert_eq!(with_large_stack(|| depth(200_000)), 200_000);
    }
}
