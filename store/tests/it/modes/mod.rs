//! Environments whose packages are linked or compiled together.

mod compiled;
mod image;
mod keeping;
mod stub;
mod support;
