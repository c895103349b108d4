//! The registry directory as others use it.

mod crowd;
mod hostile;
mod publishing;
mod reading;
mod sample;
