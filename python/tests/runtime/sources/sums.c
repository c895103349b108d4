#include <stdbool.h>
#include <stdint.h>

double dot64(uint64_t n, const double *x, const double *y) {
    double sum = 0;
    for (uint64_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

float dot32(uint64_t n, const float *x, const float *y) {
    float sum = 0;
    for (uint64_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

void scale(uint64_t n, double a, double *x) {
    for (uint64_t i = 0; i < n; i++) x[i] *= a;
}

double half(double x) { return x / 2; }
bool negate(bool b) { return !b; }
int8_t next8(int8_t x) { return (int8_t)(x + 1); }
uint8_t nextu8(uint8_t x) { return (uint8_t)(x + 1); }
int16_t next16(int16_t x) { return (int16_t)(x + 1); }
uint16_t nextu16(uint16_t x) { return (uint16_t)(x + 1); }
int32_t next32(int32_t x) { return x + 1; }
uint32_t nextu32(uint32_t x) { return x + 1; }
int64_t next64(int64_t x) { return x + 1; }
uint64_t nextu64(uint64_t x) { return x + 1; }
float nextf32(float x) { return x + 1; }
double wide64(double x) { return x; }
int64_t wide(int64_t x) { return x; }
const void *address(const void *p) { return p; }
double apply(double (*f)(double), double x) { return f(x); }
void map(double (*f)(double), uint64_t n, double *x) {
    for (uint64_t i = 0; i < n; i++) x[i] = f(x[i]);
}
uint64_t ones(const uint8_t *bytes, uint64_t n) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < n; i++) count += bytes[i] == 1;
    return count;
}
void nothing(void) {}

/* More arguments of each kind than there are registers. */
double many(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h,
            float s, double t, double u, double v, double w, double x, double y, double z, float last,
            bool flag) {
    return a + 2.0 * b + 3.0 * c + 4.0 * d + 5.0 * e + 6.0 * f + 7.0 * g + 8.0 * h + 9.0 * s + 10.0 * t +
           11.0 * u + 12.0 * v + 13.0 * w + 14.0 * x + 15.0 * y + 16.0 * z + 17.0 * last + 18.0 * flag;
}
