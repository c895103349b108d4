//! Feeds bytes to [`puck_fuzz::package_json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::package_json(bytes));
