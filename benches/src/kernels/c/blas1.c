/* Operations on vectors. Sums may be taken in any order, as a linear algebra library would. */

#include <math.h>
#include <stdint.h>

double blas1_dot(uint64_t n, const double *x, const double *y)
{
#pragma clang fp reassociate(on) contract(fast)
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

double blas1_nrm2(uint64_t n, const double *x)
{
    return sqrt(blas1_dot(n, x, x));
}

/* y += a x */
void blas1_axpy(uint64_t n, double a, const double *x, double *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* y = x + a y */
void blas1_xpay(uint64_t n, const double *x, double a, double *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] + a * y[i];
}

/* y = a x */
void blas1_scale(uint64_t n, double a, const double *x, double *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = a * x[i];
}
