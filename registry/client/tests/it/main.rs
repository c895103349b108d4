//! The client against servers that work, and servers that do not.

mod api;
mod archives;
mod faulty;
mod index;
mod many;
mod plain;
mod scene;
mod tls;
mod tokens;
mod trust;

#[path = "../../../tests/it/sample.rs"]
mod sample;
