//! The one place that holds catalog, store, clock and limits: the whole way of a search.
