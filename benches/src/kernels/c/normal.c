/* The normal distribution. */

#include <math.h>

double normal_cdf(double x)
{
    return 0.5 * erfc(x * -0.70710678118654752440);
}
