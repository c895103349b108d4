//! Feeds bytes to [`puck_fuzz::signature`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::signature(bytes));
