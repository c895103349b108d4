/* Longley's regression from C: an ordinary program that includes stats.h and links the installed
 * library. No Puck library is involved, neither here nor when it runs.
 *
 *     longley [DATA]      DATA is the folder that holds longley.csv */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stats.h>

enum { MAX_ROWS = 64, VARIABLES = 6, DIGITS_WANTED = 9 };

static const char *const NAMES[VARIABLES + 1] = {"intercept", "GNPDEFL", "GNP", "UNEMP",
                                                 "ARMED",     "POP",     "YEAR"};

static FILE *open_data(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* Reads "Obs",TOTEMP,GNPDEFL,... into y and the columns of x; returns the number of rows. */
static uint64_t read_rows(const char *folder, double *x, double *y)
{
    static double rows[MAX_ROWS][VARIABLES];
    char line[512];
    uint64_t n = 0;
    FILE *file = open_data(folder, "longley.csv");
    if (!fgets(line, sizeof line, file))
        line[0] = 0;
    while (n < MAX_ROWS
           && fscanf(file, "%*d,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &y[n], &rows[n][0], &rows[n][1],
                     &rows[n][2], &rows[n][3], &rows[n][4], &rows[n][5]) == 7)
        n++;
    fclose(file);
    for (uint64_t j = 0; j < VARIABLES; j++)
        for (uint64_t i = 0; i < n; i++)
            x[j * n + i] = rows[i][j];
    return n;
}

/* The number after "name": that follows "section": enough JSON for this one file. */
static double certified(const char *text, const char *section, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", section);
    const char *at = strstr(text, key);
    snprintf(key, sizeof key, "\"%s\":", name);
    at = at ? strstr(at, key) : NULL;
    if (!at) {
        fprintf(stderr, "error: longley-certified.json has no %s of %s\n", section, name);
        exit(1);
    }
    return strtod(at + strlen(key), NULL);
}

/* How many leading decimal digits agree: the negative logarithm of the relative error. */
static double digits(double computed, double expected)
{
    if (isnan(computed))
        return 0.0;
    if (computed == expected)
        return 15.0;
    return fmin(-log10(fabs(computed - expected) / fabs(expected)), 15.0);
}

static double report(const char *text, const char *title, const char *section, const double *values)
{
    double worst = 15.0;
    puts(title);
    for (int j = 0; j <= VARIABLES; j++) {
        double expected = certified(text, section, NAMES[j]);
        double correct = digits(values[j], expected);
        worst = fmin(worst, correct);
        printf("  %-10s %22.15g %22.15g  %6.1f\n", NAMES[j], values[j], expected, correct);
    }
    return worst;
}

int main(int argc, char **argv)
{
    static double x[MAX_ROWS * VARIABLES], y[MAX_ROWS];
    static char text[8192];
    double coefficients[VARIABLES + 1], errors[VARIABLES + 1], r_squared;
    const char *folder = argc > 1 ? argv[1] : "../../data";

    uint64_t n = read_rows(folder, x, y);
    FILE *file = open_data(folder, "longley-certified.json");
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);

    int32_t status = stats_ols(n, VARIABLES, x, y, coefficients, errors, &r_squared);
    if (status != 0) {
        fprintf(stderr, "error: stats_ols returned %d\n", status);
        return 1;
    }

    printf("%-10s %24s %22s  digits\n", "", "computed", "certified");
    double worst = report(text, "coefficients", "coefficients", coefficients);
    worst = fmin(worst, report(text, "standard errors", "standard_errors", errors));
    printf("R squared    %22.15g\n\nfewest correct digits: %.1f\n", r_squared, worst);
    return worst >= DIGITS_WANTED ? 0 : 1;
}
