//! A large stack for long or nested searches, whose trees are walked recursively.

/// Stack size in bytes; reserved, but only used if needed.
const STACK: usize = 512 << 20;

/// Runs the work on a large stack.
pub(super) fn with_large_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::grow(STACK, work)
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
