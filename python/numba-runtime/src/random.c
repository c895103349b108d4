/* Random numbers: the Mersenne Twister (MT19937, Matsumoto and Nishimura 1998) behind Python's `random` and
 * NumPy's old generators. Each thread has a state for each of them; compiled code reads states itself. */
#include <math.h>
#include <stdint.h>
#include <unistd.h>

#include "memory.h"

enum { WORDS = 624, SHIFT = 397 };

/* The layout is Numba's, and compiled into packages. */
typedef struct numba_random_state {
    int32_t next;
    uint32_t words[WORDS];
    int32_t has_gauss;
    double gauss;
    int32_t is_initialized;
} numba_random_state;

static _Thread_local numba_random_state python_state, numpy_state, internal_state;

/* The next words of all, when the last ones are used up. */
void numba_rnd_shuffle(numba_random_state *state)
{
    uint32_t *words = state->words;
    for (int i = 0; i < WORDS; i++) {
        uint32_t mixed =
            (words[i] & 0x80000000u) | (words[(i + 1) % WORDS] & 0x7fffffffu);
        words[i] = words[(i + SHIFT) % WORDS] ^ (mixed >> 1) ^ (mixed & 1 ? 0x9908b0dfu : 0);
    }
}

/* The state that follows from a number. */
void numba_rnd_init(numba_random_state *state, uint32_t seed)
{
    for (uint32_t i = 0; i < WORDS; i++) {
        state->words[i] = seed;
        seed = 1812433253u * (seed ^ (seed >> 30)) + i + 1;
    }
    state->next = WORDS;
    state->has_gauss = 0;
    state->gauss = 0;
    state->is_initialized = 1;
}

/* A state that nobody can foresee: all of it is the system's randomness. */
static void init_by_chance(numba_random_state *state)
{
    enum { AT_ONCE = 256 };
    char *bytes = (char *)state->words;
    numba_rnd_init(state, 0);
    for (size_t at = 0; at < sizeof state->words; at += AT_ONCE) {
        size_t left = sizeof state->words - at;
        if (getentropy(bytes + at, left < AT_ONCE ? left : AT_ONCE) != 0)
            memory_fault("the system gave no random bytes");
    }
    /* Not all bits may be zero. */
    state->words[0] |= 0x80000000u;
}

#ifdef __GLIBC__
/* What `pthread_atfork` calls, which is not in the shared library. */
extern int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
                             void *library);

/* A child must not draw what its parent draws. It has the thread that forked alone. */
static void forget(void)
{
    python_state.is_initialized = numpy_state.is_initialized = internal_state.is_initialized = 0;
}

static void forget_in_children(void)
{
    static int asked;
    if (!__atomic_exchange_n(&asked, 1, __ATOMIC_ACQ_REL))
        __register_atfork(NULL, NULL, forget, NULL);
}
#else
static void forget_in_children(void) {}
#endif

static numba_random_state *ready(numba_random_state *state)
{
    if (!state->is_initialized) {
        forget_in_children();
        init_by_chance(state);
    }
    return state;
}

numba_random_state *numba_get_py_random_state(void) { return ready(&python_state); }
numba_random_state *numba_get_np_random_state(void) { return ready(&numpy_state); }
numba_random_state *numba_get_internal_random_state(void) { return ready(&internal_state); }

static uint32_t draw(numba_random_state *state)
{
    if (state->next >= WORDS) {
        numba_rnd_shuffle(state);
        state->next = 0;
    }
    uint32_t word = state->words[state->next++];
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680u;
    word ^= (word << 15) & 0xefc60000u;
    return word ^ (word >> 18);
}

/* From 0 to less than 1, with 53 bits. */
static double draw_fraction(numba_random_state *state)
{
    double high = draw(state) >> 5, low = draw(state) >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

/* The logarithm of the gamma function by Stirling's series, as NumPy's generators have it: the C
 * library's differs in the last bits, and so would what is drawn. */
static double log_gamma(double x)
{
    static const double series[] = {
        8.333333333333333e-02,  -2.777777777777778e-03, 7.936507936507937e-04, -5.952380952380952e-04,
        8.417508417508418e-04,  -1.917526917526918e-03, 6.410256410256410e-03, -2.955065359477124e-02,
        1.796443723688307e-01,  -1.39243221690590e+00,
    };
    long below = 0;
    double shifted = x;
    if (x == 1.0 || x == 2.0)
        return 0.0;
    /* The series is good for large numbers: shift others up, and back below. */
    if (x <= 7.0) {
        below = (long)(7 - x);
        shifted = x + below;
    }
    double inverse = 1.0 / (shifted * shifted);
    double sum = series[9];
    for (int i = 8; i >= 0; i--) {
        sum *= inverse;
        sum += series[i];
    }
    double result =
        sum / shifted + 0.5 * log(2 * M_PI) + (shifted - 0.5) * log(shifted) - shifted;
    for (; below > 0; below--) {
        result -= log(shifted - 1.0);
        shifted -= 1.0;
    }
    return result;
}

/* A number of Poisson's distribution with a mean of 10 or more: transformed rejection (PTRS, Hörmann
 * 1993), with NumPy's order of draws. */
int64_t numba_poisson_ptrs(numba_random_state *state, double mean)
{
    double root = sqrt(mean), log_mean = log(mean);
    double b = 0.931 + 2.53 * root;
    double a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double accepted = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        double u = draw_fraction(state) - 0.5;
        double v = draw_fraction(state);
        double us = 0.5 - fabs(u);
        int64_t k = (int64_t)floor((2 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= accepted)
            return k;
        if (k < 0 || (us < 0.013 && v > us))
            continue;
        if (log(v) + log(inverse_alpha) - log(a / (us * us) + b)
            <= -mean + (double)k * log_mean - log_gamma((double)k + 1))
            return k;
    }
}
