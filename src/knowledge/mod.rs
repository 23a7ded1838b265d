//! Macros, lookups, extractions, data models, detections: what Splunk calls knowledge objects.
