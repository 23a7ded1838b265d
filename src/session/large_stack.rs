//! A large stack for long or nested searches, whose trees are walked recursively.

/// Stack size in bytes; reserved, but only used if needed.
const STACK: usize = 512 << 20;

/// Runs the work on a thread with a large stack and waits for it; on the calling thread if the system can't
/// create one.
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
