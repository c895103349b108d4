"""Option prices and their Greeks: closed forms, trees, grids, simulation, stochastic volatility.

| module | |
|---|---|
| `errors` | what a price cannot be computed from |
| `normal` | the normal distribution and its inverse |
| `black_scholes` | European options with a dividend yield, Greeks of first and second order |
| `implied` | the volatility that explains a price |
| `tree` | binomial and trinomial trees, European and American |
| `american` | the approximation of Barone-Adesi and Whaley |
| `barrier`, `asian` | closed forms for barriers and averages |
| `philox`, `monte_carlo` | random numbers from a counter, and simulations with them |
| `quadrature`, `heston` | Gauss-Legendre nodes, and Heston's model by its characteristic function |
| `grid` | Crank-Nicolson's method on a grid of prices, European and American |
| `portfolio` | books of positions: values, Greeks, scenarios |

Everywhere: `kind` is `CALL` or `PUT`, times are in years, rates and yields are continuous.
"""

from .errors import NoSolutionError
from .kinds import CALL, PUT

__all__ = ["CALL", "PUT", "NoSolutionError"]
