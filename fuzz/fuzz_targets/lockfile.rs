//! Feeds bytes to [`puck_fuzz::lockfile`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::lockfile(bytes));
