/* Three callees: one instruction or two, a branch, a loop. */

#include <stdint.h>

double callees_trivial(double x, double y)
{
    return x + y * 0.5;
}

/* (A division is too dear to be done in vain: this stays a branch. From 1, with y = 8, it is taken every
 * seventh time.) */
double callees_branch(double x, double y)
{
    return x > y ? x / 3.0 : x + 1.0;
}

/* The mean square of 64 distances from x. */
double callees_vector(double x, const double *v)
{
#pragma clang fp reassociate(on) contract(fast)
    double sum = 0.0;
    for (uint64_t i = 0; i < 64; i++)
        sum += (v[i] - x) * (v[i] - x);
    return sum / 64.0;
}
