//! Relative time, spans, strftime and strptime. The clock is passed in.
