//! Feeds bytes to [`puck_fuzz::manifest`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::manifest(bytes));
