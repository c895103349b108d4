/* Prices of many options. */

#include <stdint.h>

#include "option.h"

/* Writes the prices of calls at n strikes; returns their sum. */
double sweep_prices(uint64_t n, double spot, const double *strike, double rate, double volatility,
                    double years, double *price)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        price[i] = option_price(spot, strike[i], rate, volatility, years);
        sum += price[i];
    }
    return sum;
}
