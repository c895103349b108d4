/* Dormand and Prince's method of order 5, with steps of one length. */

#include <stdint.h>

#include "lorenz96.h"
#include "vector.h"

static const double A[6][6] = {
    { 1.0 / 5 },
    { 3.0 / 40, 9.0 / 40 },
    { 44.0 / 45, -56.0 / 15, 32.0 / 9 },
    { 19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729 },
    { 9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656 },
    { 35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84 },
};

/* The last row less the weights of order 4. */
static const double E[7] = {
    71.0 / 57600, 0.0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40,
};

/* Takes `steps` steps of length h from x, with room for 10 n numbers in `work`; returns the largest
 * estimate of a step's error. */
double dopri_integrate(uint64_t n, double *x, double h, uint64_t steps, double *work)
{
    double *k = work, *next = work + 7 * n, *error = work + 8 * n, *zero = work + 9 * n;
    double worst = 0.0;
    for (uint64_t i = 0; i < n; i++)
        zero[i] = 0.0;
    for (uint64_t step = 0; step < steps; step++) {
        lorenz96_slope(n, x, k);
        for (uint64_t stage = 0; stage < 6; stage++) {
            vector_stage(n, x, h, stage + 1, A[stage], k, next);
            lorenz96_slope(n, next, k + (stage + 1) * n);
        }
        vector_stage(n, zero, h, 7, E, k, error);
        double size = vector_largest(n, error);
        worst = size > worst ? size : worst;
        for (uint64_t i = 0; i < n; i++)
            x[i] = next[i];
    }
    return worst;
}
