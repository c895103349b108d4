//! Environments with real libraries, made by hand with the C compiler, opened and called.

mod calls;
mod closures;
mod conflicts;
mod damage;
mod fixture;
mod hosts;
mod images;
mod linked;
mod variants;
