//! The server over real sockets: what clients see, whatever they send; and what is below that, over
//! every storage.
#![expect(
    clippy::disallowed_methods,
    reason = "tests make files and processes as they need them"
)]

mod agreement;
mod api;
mod crowd;
mod directory;
mod ending;
mod limits;
mod mirror;
mod others;
mod raw;
mod reads;
mod running;
mod s3;
mod secrecy;
mod storages;
mod tls;

#[path = "../../../tests/it/sample.rs"]
mod sample;
