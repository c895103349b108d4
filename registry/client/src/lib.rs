//! A registry over HTTP, as its clients see it.
