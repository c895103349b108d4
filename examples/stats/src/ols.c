/* Ordinary least squares.
 *
 * Economic series such as Longley's are nearly collinear, and their columns differ by factors of a
 * thousand: solved as they stand, six or more digits are lost. So each column is centred, which
 * takes out what it shares with the intercept, and scaled by a power of two, which is exact. What is
 * solved is y = Z a with Z = [1, (x_j - centre_j) / scale_j]; the coefficients of the model that was
 * asked for follow from a. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "linalg.h"
#include "vecmath.h"

double mean(uint64_t n, const double *x);

enum { OK = 0, TOO_FEW_OBSERVATIONS = 1, DEPENDENT_COLUMNS = 2, NO_MEMORY = 3 };

/* The power of two next to the root mean square of x, or 1 for a column of zeros. */
static double power_of_two(uint64_t n, const double *x)
{
    double size = vecmath_nrm2(n, x) / sqrt((double)n);
    int exponent = 0;
    if (size == 0.0 || !isfinite(size))
        return 1.0;
    frexp(size, &exponent);
    return ldexp(1.0, exponent);
}

/* One fit's arrays, in one allocation. */
struct fit {
    uint64_t n, k;      /* observations; columns of Z, the intercept's included */
    double *z;          /* Z, n x k by columns */
    double *factors;    /* its QR */
    double *tau;        /* k */
    double *residual;   /* n */
    double *centre;     /* k; of the intercept's column: 0 */
    double *scale;      /* k; of the intercept's column: 1 */
    double *a;          /* k: the solution for Z */
    double *row;        /* k: scratch */
};

static bool fit_allocate(struct fit *fit, uint64_t n, uint64_t p)
{
    uint64_t k = p + 1;
    double *room = calloc(2 * n * k + n + 5 * k, sizeof *room);
    fit->n = n;
    fit->k = k;
    fit->z = room;
    fit->factors = fit->z + n * k;
    fit->residual = fit->factors + n * k;
    fit->tau = fit->residual + n;
    fit->centre = fit->tau + k;
    fit->scale = fit->centre + k;
    fit->a = fit->scale + k;
    fit->row = fit->a + k;
    return room != NULL;
}

/* Fills Z, centre and scale. */
static void fit_columns(struct fit *fit, const double *x)
{
    uint64_t n = fit->n;
    fit->centre[0] = 0.0;
    fit->scale[0] = 1.0;
    for (uint64_t i = 0; i < n; i++)
        fit->z[i] = 1.0;
    for (uint64_t j = 1; j < fit->k; j++) {
        const double *column = x + (j - 1) * n;
        double *z = fit->z + j * n;
        fit->centre[j] = mean(n, column);
        for (uint64_t i = 0; i < n; i++)
            z[i] = column[i] - fit->centre[j];
        fit->scale[j] = power_of_two(n, z);
        vecmath_scal(n, 1.0 / fit->scale[j], z);
    }
}

/* residual = y - Z a */
static void fit_residual(struct fit *fit, const double *y)
{
    for (uint64_t i = 0; i < fit->n; i++)
        fit->residual[i] = y[i];
    for (uint64_t j = 0; j < fit->k; j++)
        vecmath_axpy(fit->n, -fit->a[j], fit->z + j * fit->n, fit->residual);
}

/* Factors Z and solves; then twice solves for what the residual still holds, which corrects the
 * rounding of the factorisation. */
static bool fit_solve(struct fit *fit, const double *y)
{
    uint64_t n = fit->n, k = fit->k;
    for (uint64_t i = 0; i < n * k; i++)
        fit->factors[i] = fit->z[i];
    if (!linalg_qr(n, k, fit->factors, fit->tau))
        return false;
    for (int round = 0; round < 3; round++) {
        fit_residual(fit, y);
        linalg_qr_apply_transpose(n, k, fit->factors, fit->tau, fit->residual);
        if (!linalg_solve_upper(k, n, fit->factors, fit->residual))
            return false;
        vecmath_axpy(k, 1.0, fit->residual, fit->a);
    }
    fit_residual(fit, y);
    return true;
}

/* The length of R'^-1 row: times sigma, the standard error of row . a */
static bool fit_error(struct fit *fit, double *length)
{
    if (!linalg_solve_upper_transpose(fit->k, fit->n, fit->factors, fit->row))
        return false;
    *length = vecmath_nrm2(fit->k, fit->row);
    return true;
}

/* From a, which is the solution for Z, to the coefficients of the columns as they were given. */
static bool fit_report(struct fit *fit, double sigma, double *coefficients, double *errors)
{
    uint64_t k = fit->k;
    double intercept = fit->a[0];
    for (uint64_t j = 1; j < k; j++) {
        coefficients[j] = fit->a[j] / fit->scale[j];
        intercept -= coefficients[j] * fit->centre[j];
    }
    coefficients[0] = intercept;

    for (uint64_t j = 0; j < k; j++) {
        for (uint64_t l = 0; l < k; l++) {
            /* coefficients[j] = row . a */
            double share = l == j ? 1.0 : 0.0;
            if (j == 0 && l > 0)
                share = -fit->centre[l];
            fit->row[l] = share / fit->scale[l];
        }
        double length;
        if (!fit_error(fit, &length))
            return false;
        errors[j] = sigma * length;
    }
    return true;
}

int32_t ols(uint64_t n, uint64_t p, const double *x, const double *y, double *coefficients,
            double *standard_errors, double *r_squared)
{
    struct fit fit;
    int32_t status = DEPENDENT_COLUMNS;
    if (n <= p + 1)
        return TOO_FEW_OBSERVATIONS;
    if (!fit_allocate(&fit, n, p))
        return NO_MEMORY;
    fit_columns(&fit, x);
    if (fit_solve(&fit, y)) {
        double unexplained = vecmath_dot(n, fit.residual, fit.residual);
        double sigma = sqrt(unexplained / (double)(n - fit.k));
        if (fit_report(&fit, sigma, coefficients, standard_errors)) {
            double total = 0.0, centre = mean(n, y);
            for (uint64_t i = 0; i < n; i++)
                total += (y[i] - centre) * (y[i] - centre);
            *r_squared = 1.0 - unexplained / total;
            status = OK;
        }
    }
    free(fit.z);
    return status;
}
