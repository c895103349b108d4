//! Arrays that begin at a page.
//!
//! Where an array begins decides whether vectors cross cache lines, which is worth a quarter of a dot
//! product's time; and where an allocator puts it depends on whatever was allocated before.

use std::ops::{Deref, DerefMut};

/// What arrays begin at a multiple of, in bytes.
const ALIGNMENT: usize = 4096;

/// An array of numbers.
pub(crate) struct Numbers {
    room: Vec<f64>,
    start: usize,
    len: usize,
}

impl Numbers {
    pub(crate) fn zeros(len: usize) -> Numbers {
        let room = vec![0.0; len + ALIGNMENT / size_of::<f64>()];
        let start = room.as_ptr().align_offset(ALIGNMENT);
        Numbers { room, start, len }
    }

    /// The numbers that a function gives for 0, 1, …
    pub(crate) fn new(len: usize, number: impl FnMut(usize) -> f64) -> Numbers {
        let mut numbers = Numbers::zeros(len);
        for (place, value) in (0..len).map(number).enumerate() {
            numbers[place] = value;
        }
        numbers
    }
}

impl Deref for Numbers {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.room[self.start..][..self.len]
    }
}

impl DerefMut for Numbers {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.room[self.start..][..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_at_a_page_and_keep_what_is_written() {
        for len in [0, 1, 8, 1000] {
            let mut numbers = Numbers::new(len, |place| place as f64);
            assert_eq!(numbers.as_ptr().align_offset(ALIGNMENT), 0);
            assert_eq!(numbers.len(), len);
            numbers.reverse();
            assert_eq!(numbers.iter().sum::<f64>(), (0..len).sum::<usize>() as f64);
        }
        assert!(Numbers::zeros(3).iter().all(|&number| number == 0.0));
    }
}
