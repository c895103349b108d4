/* Lorenz's model of 1996: a ring of n >= 4 places. */

#include <stdint.h>

void lorenz96_slope(uint64_t n, const double *x, double *slope)
{
    const double force = 8.0;
    slope[0] = (x[1] - x[n - 2]) * x[n - 1] - x[0] + force;
    slope[1] = (x[2] - x[n - 1]) * x[0] - x[1] + force;
    for (uint64_t i = 2; i + 1 < n; i++)
        slope[i] = (x[i + 1] - x[i - 2]) * x[i - 1] - x[i] + force;
    slope[n - 1] = (x[0] - x[n - 3]) * x[n - 2] - x[n - 1] + force;
}
