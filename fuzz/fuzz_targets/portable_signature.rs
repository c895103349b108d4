//! Feeds bytes to [`puck_fuzz::portable_signature`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::portable_signature(bytes));
