/* Conjugate gradients for a dense symmetric positive definite matrix. */

#include <stdint.h>

#include "blas1.h"
#include "blas2.h"

/* Takes `steps` steps for A x = b from x = 0, with room for 3 n numbers in `work`; returns the length of
 * the residual. */
double cg_solve(uint64_t n, const double *a, const double *b, double *x, double *work, uint64_t steps)
{
    double *r = work, *p = work + n, *ap = work + 2 * n;
    for (uint64_t i = 0; i < n; i++) {
        x[i] = 0.0;
        r[i] = p[i] = b[i];
    }
    double rr = blas1_dot(n, r, r);
    for (uint64_t step = 0; step < steps && rr > 0.0; step++) {
        blas2_gemv(n, a, p, ap);
        double alpha = rr / blas1_dot(n, p, ap);
        blas1_axpy(n, alpha, p, x);
        blas1_axpy(n, -alpha, ap, r);
        double next = blas1_dot(n, r, r);
        blas1_xpay(n, r, next / rr, p);
        rr = next;
    }
    return blas1_nrm2(n, r);
}
