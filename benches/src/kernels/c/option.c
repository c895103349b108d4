/* Black and Scholes's price of a European call. */

#include <math.h>

#include "normal.h"

double option_price(double spot, double strike, double rate, double volatility, double years)
{
    double spread = volatility * sqrt(years);
    double d = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread;
    return spot * normal_cdf(d) - strike * exp(-rate * years) * normal_cdf(d - spread);
}
