/* One or two variables at a time. */

#include <math.h>
#include <stdint.h>

#include "vecmath.h"

double mean(uint64_t n, const double *x)
{
    return vecmath_sum(n, x) / (double)n;
}

double correlation(uint64_t n, const double *x, const double *y)
{
    double mx = mean(n, x), my = mean(n, y);
    double xx = 0.0, yy = 0.0, xy = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        double dx = x[i] - mx, dy = y[i] - my;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    return xy / sqrt(xx * yy);
}
