//! Environments whose packages are linked or compiled together.

mod compiled;
mod hosts;
mod image;
mod keeping;
mod stub;
mod support;
