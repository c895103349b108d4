//! The functions that are imported from the package `vecmath`.
//!
//! `package::function` in `link_name` is how a callee is written: `puck build` finds it in the
//! installed dependency, checks these types against its signature, and binds the call.

unsafe extern "C" {
    /// The sum of `x[i] * y[i]`.
    #[link_name = "vecmath::dot"]
    pub(crate) fn dot(n: u64, x: *const f64, y: *const f64) -> f64;

    /// The Euclidean norm of `x`.
    #[link_name = "vecmath::nrm2"]
    pub(crate) fn nrm2(n: u64, x: *const f64) -> f64;

    /// `x *= a`.
    #[link_name = "vecmath::scal"]
    pub(crate) fn scal(n: u64, a: f64, x: *mut f64);

    /// `y += a * x`.
    #[link_name = "vecmath::axpy"]
    pub(crate) fn axpy(n: u64, a: f64, x: *const f64, y: *mut f64);
}
