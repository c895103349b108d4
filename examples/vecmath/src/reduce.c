/* From vectors to numbers: dot, nrm2, sum. */

#include <math.h>
#include <stdint.h>

/* Four running sums: the additions of one need not wait for those of another, so that the compiler
   may keep them in one vector register without changing the result. */
double dot(uint64_t n, const double *x, const double *y)
{
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, s3 = 0.0;
    uint64_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += x[i] * y[i];
        s1 += x[i + 1] * y[i + 1];
        s2 += x[i + 2] * y[i + 2];
        s3 += x[i + 3] * y[i + 3];
    }
    for (; i < n; i++)
        s0 += x[i] * y[i];
    return (s0 + s2) + (s1 + s3);
}

/* Divided by the largest element first: squares of very large or very small elements stay in range. */
double nrm2(uint64_t n, const double *x)
{
    double largest = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        double size = fabs(x[i]);
        if (size > largest || isnan(size))
            largest = size;
    }
    if (largest == 0.0 || !isfinite(largest))
        return largest;
    double squares = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        double part = x[i] / largest;
        squares += part * part;
    }
    return largest * sqrt(squares);
}

double sum(uint64_t n, const double *x)
{
    double total = 0.0, lost = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        double next = total + x[i];
        if (fabs(total) >= fabs(x[i]))
            lost += (total - next) + x[i];
        else
            lost += (x[i] - next) + total;
        total = next;
    }
    return total + lost;
}
