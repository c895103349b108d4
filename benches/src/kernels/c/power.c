/* A chain of matrix-vector products: the power iteration. */

#include <stdint.h>

#include "blas1.h"
#include "blas2.h"

/* Takes `steps` steps from x, with room for n numbers in `work`; returns the largest eigenvalue as it is
 * known then. */
double power_iterate(uint64_t n, const double *a, double *x, double *work, uint64_t steps)
{
    double eigenvalue = 0.0;
    for (uint64_t step = 0; step < steps; step++) {
        blas2_gemv(n, a, x, work);
        eigenvalue = blas1_dot(n, x, work);
        blas1_scale(n, 1.0 / blas1_nrm2(n, work), work, x);
    }
    return eigenvalue;
}
