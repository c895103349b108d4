//! Feeds bytes to [`puck_fuzz::index_line`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::index_line(bytes));
