//! Householder QR and least squares, on matrices by columns.
//!
//! No `std` and no allocation: the caller owns every array, and the package carries nothing but its
//! own code. What runs along a column is imported from `vecmath`, square roots included (a norm is
//! the only one that is needed).
//!
//! Entry (i, j) of a matrix whose columns are `stride` apart is `a[j * stride + i]`.
#![no_std]

mod vecmath;

use vecmath::{axpy, dot, nrm2, scal};

/// Factors `a` (`rows` x `columns`, `rows >= columns`) in place.
///
/// R stays in the upper triangle. Below the diagonal of column k stands the vector v of the
/// reflector `H = I - tau[k] v v'`, whose first element is 1 and is not stored.
///
/// False if a column is, but for rounding, a combination of those before it.
///
/// # Safety
/// `a` has `rows * columns` elements, `tau` has `columns`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qr(rows: u64, columns: u64, a: *mut f64, tau: *mut f64) -> bool {
    if rows < columns {
        return false;
    }
    let mut full_rank = true;
    for k in 0..columns {
        // SAFETY: k < columns <= rows, so every element that is reached below is in `a` or `tau`.
        unsafe {
            let column = element(a, rows, 0, k);
            let head = element(a, rows, k, k);
            let below = rows - k - 1;

            // Reflections keep a column's length: this is how long the column was to begin with.
            let length = nrm2(rows, column);
            let norm = nrm2(rows - k, head);
            if norm.is_nan() || norm <= rows as f64 * f64::EPSILON * length {
                full_rank = false;
            }
            if norm == 0.0 {
                *tau.add(k as usize) = 0.0;
                continue;
            }
            // The sign that adds: nothing cancels in `alpha - beta`.
            let alpha = *head;
            let beta = -norm.copysign(alpha);
            let factor = (beta - alpha) / beta;
            *tau.add(k as usize) = factor;
            scal(below, 1.0 / (alpha - beta), head.add(1));
            *head = beta;
            for j in k + 1..columns {
                reflect(below, head.add(1), factor, element(a, rows, k, j));
            }
        }
    }
    full_rank
}

/// `b = Q' b` for the factors that [`qr`] left in `a` and `tau`.
///
/// # Safety
/// `a` and `tau` as `qr` left them, `b` has `rows` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qr_apply_transpose(
    rows: u64,
    columns: u64,
    a: *const f64,
    tau: *const f64,
    b: *mut f64,
) {
    for k in 0..columns.min(rows) {
        // SAFETY: k is less than both, see above.
        unsafe {
            let vector = element(a.cast_mut(), rows, k, k).add(1);
            reflect(
                rows - k - 1,
                vector,
                *tau.add(k as usize),
                b.add(k as usize),
            );
        }
    }
}

/// Solves `R x = b`, R being the upper triangle of the first `n` columns of `a`; x replaces b.
/// False, and b left half done, if R has a zero on its diagonal.
///
/// # Safety
/// `a` has `n` columns `stride >= n` apart, `b` has `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solve_upper(n: u64, stride: u64, a: *const f64, b: *mut f64) -> bool {
    for k in (0..n).rev() {
        // SAFETY: k < n, and the column above the diagonal has k elements.
        unsafe {
            let column = element(a.cast_mut(), stride, 0, k);
            let diagonal = *column.add(k as usize);
            if diagonal == 0.0 {
                return false;
            }
            let x = *b.add(k as usize) / diagonal;
            *b.add(k as usize) = x;
            axpy(k, -x, column, b);
        }
    }
    true
}

/// Solves `R' x = b`; as [`solve_upper`] otherwise.
///
/// # Safety
/// As [`solve_upper`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solve_upper_transpose(
    n: u64,
    stride: u64,
    a: *const f64,
    b: *mut f64,
) -> bool {
    for k in 0..n {
        // SAFETY: k < n, and the column above the diagonal has k elements.
        unsafe {
            let column = element(a.cast_mut(), stride, 0, k);
            let diagonal = *column.add(k as usize);
            if diagonal == 0.0 {
                return false;
            }
            let known = dot(k, column, b);
            *b.add(k as usize) = (*b.add(k as usize) - known) / diagonal;
        }
    }
    true
}

/// The x that makes `a x - b` shortest: in the first `columns` elements of `b`, of which the others
/// hold what could not be explained (their norm is that of the residual). `a` becomes its QR.
/// False if `a` lacks full rank.
///
/// # Safety
/// `a` has `rows * columns` elements, `tau` has `columns`, `b` has `rows`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn least_squares(
    rows: u64,
    columns: u64,
    a: *mut f64,
    tau: *mut f64,
    b: *mut f64,
) -> bool {
    // SAFETY: what the caller promised is what each of these asks for.
    unsafe {
        if !qr(rows, columns, a, tau) {
            return false;
        }
        qr_apply_transpose(rows, columns, a, tau, b);
        solve_upper(columns, rows, a, b)
    }
}

/// The place of entry (i, j).
///
/// # Safety
/// The entry is inside the matrix.
unsafe fn element(a: *mut f64, stride: u64, i: u64, j: u64) -> *mut f64 {
    // SAFETY: the caller's promise.
    unsafe { a.add((j * stride + i) as usize) }
}

/// `c -= tau v (v' c)`, v being 1 followed by the `below` elements of `vector`.
///
/// # Safety
/// `vector` has `below` elements, `c` one more.
unsafe fn reflect(below: u64, vector: *const f64, tau: f64, c: *mut f64) {
    // SAFETY: the caller's promise.
    unsafe {
        let along = tau * (*c + dot(below, vector, c.add(1)));
        *c -= along;
        axpy(below, -along, vector, c.add(1));
    }
}

/// Nothing above can panic; Rust asks for this all the same, and the build drops it again.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
