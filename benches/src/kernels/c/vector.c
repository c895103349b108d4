/* Sums of vectors, as a Runge-Kutta method needs them. */

#include <stdint.h>

/* out = y + h (weights[0] k_0 + ... ), the k being n numbers each, one after the other */
void vector_stage(uint64_t n, const double *y, double h, uint64_t count, const double *weights,
                  const double *k, double *out)
{
    for (uint64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (uint64_t j = 0; j < count; j++)
            sum += weights[j] * k[j * n + i];
        out[i] = y[i] + h * sum;
    }
}

double vector_largest(uint64_t n, const double *x)
{
    double largest = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        double size = x[i] < 0.0 ? -x[i] : x[i];
        largest = size > largest ? size : largest;
    }
    return largest;
}
