//! `Limit`: the first or the last rows.

use crate::exec::context::Executor;
use crate::exec::frame::Frame;

impl Executor<'_> {
    pub(in crate::exec) fn limit(&self, frame: Frame, count: usize, tail: bool) -> Frame {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let lazy = if tail {
            frame.lazy.tail(count).reverse()
        } else {
            frame.lazy.limit(count)
        };
        Frame {
            lazy,
            schema: frame.schema,
        }
    }
}
