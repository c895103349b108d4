/* Vectors of doubles: dot, center. */

#include <stdint.h>

/* The dot product of x and y. */
double dot(uint64_t n, const double *x, const double *y)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Static: not exported, compiled into what calls it. */
static double mean(uint64_t n, const double *x)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/* Subtracts the mean of x from each of its elements, and returns the mean; NaN if there are none. */
double center(uint64_t n, double *x)
{
    double middle = mean(n, x);
    for (uint64_t i = 0; i < n; i++)
        x[i] -= middle;
    return middle;
}
