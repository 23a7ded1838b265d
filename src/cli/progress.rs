//! Progress bars on standard error.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::output::counted;
use crate::session::Progress;

/// Shows one bar at a time.
#[derive(Default)]
pub struct Bars {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    events: u64,
}

impl Progress for Bars {
    fn start(&self, what: &str, total_bytes: Option<u64>) {
        let bar = match total_bytes {
            Some(total) => ProgressBar::new(total).with_style(style(
                "{prefix} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} {msg} {eta} left",
            )),
            None => ProgressBar::no_length().with_style(style("{prefix} {spinner} {bytes} {msg}")),
        };
        let bar = bar.with_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.events = 0;
        if let Some(old) = state.bar.replace(bar) {
            old.finish_and_clear();
        }
    }

    fn advance(&self, bytes: u64, events: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.events += events;
        if let Some(bar) = &state.bar {
            bar.inc(bytes);
            if events > 0 {
                let rate = state.events as f64 / bar.elapsed().as_secs_f64().max(1e-3);
                bar.set_message(format!(
                    "{}, {}/s",
                    counted(state.events, "event"),
                    counted(rate as u64, "event")
                ));
            }
        }
    }

    fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well formed")
}
