//! Feeds bytes to [`puck_fuzz::link_name`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| puck_fuzz::link_name(bytes));
