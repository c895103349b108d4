/* Numbers: special functions, powers of complex numbers, conversions.
 *
 * Most are the C library's under the names that Numba's code calls them by. */
#include <math.h>
#include <stdint.h>

typedef struct numba_complex128 {
    double real, imag;
} numba_complex128;

typedef struct numba_complex64 {
    float real, imag;
} numba_complex64;

double numba_gamma(double x) { return tgamma(x); }
float numba_gammaf(float x) { return tgammaf(x); }
double numba_lgamma(double x) { return lgamma(x); }
float numba_lgammaf(float x) { return lgammaf(x); }
double numba_erf(double x) { return erf(x); }
float numba_erff(float x) { return erff(x); }
double numba_erfc(double x) { return erfc(x); }
float numba_erfcf(float x) { return erfcf(x); }
double numba_nextafter(double x, double to) { return nextafter(x, to); }
float numba_nextafterf(float x, float to) { return nextafterf(x, to); }
double numba_fixed_fmod(double x, double y) { return fmod(x, y); }
float numba_fixed_fmodf(float x, float y) { return fmodf(x, y); }

/* The exponent of what has none is 0. */
double numba_frexp(double x, int *exponent)
{
    *exponent = 0;
    return isfinite(x) && x != 0 ? frexp(x, exponent) : x;
}

float numba_frexpf(float x, int *exponent)
{
    *exponent = 0;
    return isfinite(x) && x != 0 ? frexpf(x, exponent) : x;
}

double numba_ldexp(double x, int exponent) { return ldexp(x, exponent); }
float numba_ldexpf(float x, int exponent) { return ldexpf(x, exponent); }

/* `base` to the power of `exponent` as Python works it out. Where Python raises ZeroDivisionError, it is
 * not a number. */
void numba_cpow(numba_complex128 *base, numba_complex128 *exponent, numba_complex128 *result)
{
    double a = base->real, b = base->imag, c = exponent->real, d = exponent->imag;
    if (c == 0 && d == 0) {
        *result = (numba_complex128){1, 0};
    } else if (a == 0 && b == 0) {
        double zero = d != 0 || c < 0 ? NAN : 0;
        *result = (numba_complex128){zero, zero};
    } else {
        double absolute = hypot(a, b);
        double length = pow(absolute, c);
        double angle = atan2(b, a);
        double phase = angle * c;
        if (d != 0) {
            length /= exp(angle * d);
            phase += d * log(absolute);
        }
        *result = (numba_complex128){length * cos(phase), length * sin(phase)};
    }
}

void numba_cpowf(numba_complex64 *base, numba_complex64 *exponent, numba_complex64 *result)
{
    numba_complex128 a = {base->real, base->imag}, b = {exponent->real, exponent->imag}, power;
    numba_cpow(&a, &b, &power);
    *result = (numba_complex64){(float)power.real, (float)power.imag};
}

/* By way of the signed type, so that negative numbers wrap around everywhere. */
uint64_t numba_fptoui(double x) { return (uint64_t)(int64_t)x; }
uint64_t numba_fptouif(float x) { return (uint64_t)(int64_t)x; }

/* For processors without these instructions. */
int64_t numba_sdiv(int64_t a, int64_t b) { return a / b; }
uint64_t numba_udiv(uint64_t a, uint64_t b) { return a / b; }
int64_t numba_srem(int64_t a, int64_t b) { return a % b; }
uint64_t numba_urem(uint64_t a, uint64_t b) { return a % b; }
