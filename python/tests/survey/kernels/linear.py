"""Linear algebra, which SciPy's BLAS and LAPACK do."""

import numpy as np
from numba import njit


@njit
def dot_vectors(x, y):
    return np.dot(x, y)


@njit
def dot_matrices(a, b):
    return a @ b


@njit
def dot_matrix_vector(a, x):
    return np.dot(a, x)


@njit
def dot_complex(x, y):
    return np.vdot(x, y), np.dot(x, y)


@njit
def solved(a, b):
    return np.linalg.solve(a, b)


@njit
def inverse(a):
    return np.linalg.inv(a), np.linalg.det(a)


@njit
def cholesky(a):
    return np.linalg.cholesky(a)


@njit
def factored(a):
    return np.linalg.qr(a)


@njit
def singular_values(a):
    return np.linalg.svd(a)


@njit
def eigenvalues(a):
    return np.linalg.eigvalsh(a)


@njit
def eigenvectors(a):
    return np.linalg.eigh(a)


@njit
def least_squares(a, b):
    return np.linalg.lstsq(a, b)[0]


@njit
def norms(a):
    return np.linalg.norm(a), np.linalg.norm(a, 1), np.linalg.cond(a)


@njit
def matrix_powers(a):
    return np.linalg.matrix_power(a, 5), np.trace(a)


@njit
def outer_products(x, y):
    return np.outer(x, y), np.kron(np.diag(x[:2]), np.diag(y[:2]))


@njit
def singular(a):
    return np.linalg.inv(a * 0.0)
