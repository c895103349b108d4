//! Feeds bytes to [`puck_fuzz::archive`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::archive(bytes));
