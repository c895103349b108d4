//! Vectors of doubles: dot, center.
//!
//! No `std`: the package carries its own code and nothing for reporting panics.
#![no_std]

use core::slice;

/// The dot product of x and y.
///
/// # Safety
/// x and y have n elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dot(n: u64, x: *const f64, y: *const f64) -> f64 {
    // SAFETY: the caller's promise.
    let (x, y) = unsafe { (vector(n, x), vector(n, y)) };
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// Subtracts the mean of x from each of its elements, and returns the mean; NaN if there are none.
///
/// # Safety
/// x has n elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn center(n: u64, x: *mut f64) -> f64 {
    if n == 0 {
        return f64::NAN;
    }
    // SAFETY: the caller's promise.
    let x = unsafe { slice::from_raw_parts_mut(x, n as usize) };
    let mean = x.iter().sum::<f64>() / n as f64;
    for element in x {
        *element -= mean;
    }
    mean
}

/// What C hands over as a length and a pointer; the pointer of an empty vector may be null.
///
/// # Safety
/// x has n elements.
unsafe fn vector<'a>(n: u64, x: *const f64) -> &'a [f64] {
    if n == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { slice::from_raw_parts(x, n as usize) }
}

/// Ends the process, without a message. Nothing above can panic, and then the build drops this.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is one that no processor executes.
    unsafe {
        core::arch::asm!("ud2", options(nomem, nostack, noreturn))
    }
    #[cfg(not(target_arch = "x86_64"))]
    loop {
        core::hint::spin_loop();
    }
}
