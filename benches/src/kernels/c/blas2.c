/* A dense matrix, by rows, times a vector: a dot product of another package for each row. */

#include <stdint.h>

#include "blas1.h"

/* y = A x */
void blas2_gemv(uint64_t n, const double *a, const double *x, double *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = blas1_dot(n, a + i * n, x);
}
