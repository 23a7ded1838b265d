//! Detections: run them, risk events, reports.
