//! Pseudo-random numbers that are the same in every run and on every machine.

/// The next number of Knuth's linear congruential generator (MMIX), its upper bits.
pub(crate) fn random(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as usize
}
