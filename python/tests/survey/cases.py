"""What the survey calls: functions with signatures, and arguments made anew for each call."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """One function of `kernels/`, and calls of it."""

    module: str
    name: str
    # None where a decorator in the module says it: types that no string can name.
    signature: str | None
    calls: list[Callable[[], tuple[Any, ...]]]


def numbers(*shape: int, seed: int = 5) -> np.ndarray:
    """Normal numbers, the same for the same shape and seed."""
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def positive(*shape: int) -> np.ndarray:
    """Positive numbers."""
    return np.abs(numbers(*shape, seed=6)) + 0.125


def integers(*shape: int, low: int = -50, high: int = 50) -> np.ndarray:
    """Whole numbers."""
    return np.random.default_rng((7, *shape)).integers(low, high, shape)


def complexes(*shape: int) -> np.ndarray:
    """Complex numbers."""
    return numbers(*shape, seed=8) + 1j * numbers(*shape, seed=9)


def definite(n: int) -> np.ndarray:
    """A symmetric matrix that is positive definite."""
    a = numbers(n, n)
    return a @ a.T + n * np.eye(n)


def with_nan(n: int) -> np.ndarray:
    """Numbers, some of which are none."""
    x = numbers(n)
    x[::4] = np.nan
    return x


def odd() -> np.ndarray:
    """What arithmetic with special values yields."""
    return np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-310, 1e300, -2.5, 0.5, 1.5])


def read_only(x: np.ndarray) -> np.ndarray:
    """The array, which may not be written."""
    x.flags.writeable = False
    return x


def dates() -> np.ndarray:
    """Three days."""
    return np.array(["2024-02-29", "1969-12-31", "2001-09-09"], dtype="datetime64[D]")


F = "float64[::1]"
F2 = "float64[:, ::1]"
F2F = "float64[::1, :]"
I = "int64[::1]"  # noqa: E741
C = "complex128[::1]"
B = "boolean[::1]"


def case(
    module: str, name: str, signature: str | None, *calls: Callable[[], tuple[Any, ...]]
) -> Case:
    """A case, with the calls as they follow."""
    return Case(module, name, signature, list(calls))


ELEMENTWISE = [
    case("elementwise", "ufunc_chain", f"({F},)", lambda: (numbers(37),), lambda: (odd(),)),
    case("elementwise", "ufunc_powers", f"({F}, {F})", lambda: (positive(19), numbers(19))),
    case("elementwise", "ufunc_cube_roots", f"({F},)", lambda: (numbers(19),)),
    case("elementwise", "ufunc_trigonometry", f"({F},)", lambda: (numbers(21),)),
    case("elementwise", "ufunc_rounding", f"({F},)", lambda: (numbers(18) * 9,), lambda: (odd(),)),
    case("elementwise", "ufunc_signs", f"({F}, {F})", lambda: (odd(), odd()[::-1].copy())),
    case("elementwise", "ufunc_nan", f"({F},)", lambda: (odd(),)),
    case(
        "elementwise",
        "ufunc_bits",
        f"({I}, {I})",
        lambda: (integers(33), integers(33)[::-1].copy()),
    ),
    case("elementwise", "ufunc_divisions", f"({F}, {F})", lambda: (numbers(16) * 9, positive(16))),
    case("elementwise", "ufunc_comparisons", f"({F}, {F})", lambda: (numbers(17), positive(17))),
    case(
        "elementwise", "ufunc_single", "(float32[::1],)", lambda: (numbers(29).astype(np.float32),)
    ),
    case("elementwise", "ufunc_complex", f"({C},)", lambda: (complexes(14),)),
    case("elementwise", "ufunc_mixed", f"({I}, {F})", lambda: (integers(12), numbers(12))),
    case("elementwise", "ufunc_broadcast", f"({F}, {F})", lambda: (numbers(6), numbers(4))),
    case(
        "elementwise",
        "ufunc_into",
        f"({F}, {F}, {F})",
        lambda: (numbers(9), positive(9), np.zeros(9)),
    ),
    case("elementwise", "clipped", f"({F}, float64, float64)", lambda: (numbers(25), -0.5, 0.75)),
    case("elementwise", "chosen", f"({F}, {F})", lambda: (numbers(13), numbers(13, seed=1))),
    case("elementwise", "math_special", "(float64,)", lambda: (1.7,), lambda: (-0.3,)),
    case("elementwise", "math_splits", "(float64,)", lambda: (-7.625,), lambda: (1e-310,)),
    case(
        "elementwise", "complex_scalars", "(complex128, complex128)", lambda: (1.5 - 2j, -0.5 + 1j)
    ),
    case("elementwise", "integer_arithmetic", "(int64, int64)", lambda: (-17, 5), lambda: (17, -5)),
    case("elementwise", "integer_wraps", "(int64,)", lambda: (2**62 + 12345,)),
    case("elementwise", "unsigned_arithmetic", "(uint32, uint32)", lambda: (3, 4_000_000_000)),
    case("elementwise", "small_integers", "(int8[::1],)", lambda: (integers(40).astype(np.int8),)),
    case("elementwise", "conversions", "(float64,)", lambda: (300.75,), lambda: (-1.5,)),
    case("elementwise", "python_rounding", "(float64,)", lambda: (2.675,), lambda: (-0.5,)),
]

REDUCTIONS = [
    case("reductions", "sum_all", f"({F},)", lambda: (numbers(1001),), lambda: (np.zeros(0),)),
    case("reductions", "sum_first_axis", f"({F2},)", lambda: (numbers(7, 9),)),
    case("reductions", "sum_last_axis", f"({F2},)", lambda: (numbers(7, 33),)),
    case("reductions", "sum_single", "(float32[::1],)", lambda: (numbers(513).astype(np.float32),)),
    case("reductions", "products", f"({F},)", lambda: (numbers(31),)),
    case("reductions", "moments", f"({F},)", lambda: (numbers(130),)),
    case("reductions", "extremes", f"({F},)", lambda: (numbers(77),)),
    case("reductions", "extreme_places", f"({F2},)", lambda: (numbers(5, 8),)),
    case("reductions", "truth", f"({F2},)", lambda: (numbers(5, 8),)),
    case("reductions", "running_sum", f"({F},)", lambda: (numbers(50),)),
    case("reductions", "ignoring_nan", f"({F},)", lambda: (with_nan(45),)),
    case("reductions", "middles", f"({F},)", lambda: (numbers(44),)),
    case("reductions", "differences", f"({F},)", lambda: (numbers(20),)),
    case("reductions", "weighted", f"({F}, {F})", lambda: (numbers(20), positive(20))),
    case("reductions", "covariances", f"({F2},)", lambda: (numbers(3, 20),)),
    case("reductions", "sum_complex", f"({C},)", lambda: (complexes(27),)),
    case("reductions", "sum_integers", "(int32[::1],)", lambda: (integers(99).astype(np.int32),)),
    case("reductions", "sum_booleans", f"({B},)", lambda: (numbers(30) > 0,)),
    case("reductions", "loop_sums", f"({F},)", lambda: (numbers(300),)),
    case(
        "reductions",
        "loop_conditional",
        f"({F2},)",
        lambda: (numbers(9, 9),),
        lambda: (-positive(2, 2),),
    ),
    case("reductions", "reduced_by_lambda", f"({F},)", lambda: (numbers(40),)),
]

ORDERING = [
    case("ordering", "sorted_array", f"({F},)", lambda: (numbers(100),), lambda: (with_nan(20),)),
    case("ordering", "sorted_in_place", f"({F},)", lambda: (numbers(40),)),
    case("ordering", "sorted_places", f"({F},)", lambda: (numbers(60),)),
    case("ordering", "found_places", f"({F}, {F})", lambda: (np.sort(numbers(30)), numbers(8))),
    case("ordering", "distinct", f"({I},)", lambda: (integers(60, low=0, high=9),)),
    case("ordering", "histogram", f"({F},)", lambda: (numbers(200),)),
    case("ordering", "counted", f"({I},)", lambda: (integers(60, low=0, high=9),)),
    case("ordering", "binned", f"({F}, {F})", lambda: (numbers(30), np.linspace(-2.0, 2.0, 6))),
    case("ordering", "partitioned", f"({F},)", lambda: (numbers(31),)),
    case(
        "ordering",
        "interpolated",
        f"({F}, {F}, {F})",
        lambda: (numbers(9), np.linspace(-1.0, 1.0, 5), numbers(5)),
    ),
    case("ordering", "turned", f"({F2},)", lambda: (numbers(3, 4),)),
    case("ordering", "rolled", f"({F},)", lambda: (numbers(10),)),
    case(
        "ordering",
        "sets",
        f"({I}, {I})",
        lambda: (integers(9, low=0, high=9), integers(7, low=3, high=12)),
    ),
    case(
        "ordering",
        "membership",
        f"({I}, {I})",
        lambda: (integers(9, low=0, high=9), integers(4, low=0, high=9)),
    ),
    case("ordering", "heap_order", f"({F},)", lambda: (numbers(15),)),
    case("ordering", "python_sorted", f"({F},)", lambda: (numbers(15),)),
    case("ordering", "convolved", f"({F}, {F})", lambda: (numbers(20), numbers(5))),
]

LINEAR = [
    case("linear", "dot_vectors", f"({F}, {F})", lambda: (numbers(65), numbers(65, seed=1))),
    case("linear", "dot_matrices", f"({F2}, {F2})", lambda: (numbers(6, 5), numbers(5, 7))),
    case("linear", "dot_matrix_vector", f"({F2}, {F})", lambda: (numbers(6, 5), numbers(5))),
    case(
        "linear", "dot_complex", f"({C}, {C})", lambda: (complexes(11), complexes(11)[::-1].copy())
    ),
    case("linear", "solved", f"({F2}, {F})", lambda: (definite(5), numbers(5))),
    case("linear", "inverse", f"({F2},)", lambda: (definite(4),)),
    case("linear", "cholesky", f"({F2},)", lambda: (definite(5),), lambda: (-definite(3),)),
    case("linear", "factored", f"({F2},)", lambda: (numbers(6, 4),)),
    case("linear", "singular_values", f"({F2},)", lambda: (numbers(5, 4),)),
    case("linear", "eigenvalues", f"({F2},)", lambda: (definite(5),)),
    case("linear", "eigenvectors", f"({F2},)", lambda: (definite(4),)),
    case("linear", "least_squares", f"({F2}, {F})", lambda: (numbers(9, 3), numbers(9))),
    case("linear", "norms", f"({F2},)", lambda: (numbers(5, 5),)),
    case("linear", "matrix_powers", f"({F2},)", lambda: (numbers(4, 4),)),
    case("linear", "outer_products", f"({F}, {F})", lambda: (numbers(4), numbers(3))),
    case("linear", "singular", f"({F2},)", lambda: (numbers(3, 3),)),
]

SHAPES = [
    case("shapes", "reshaped", f"({F},)", lambda: (numbers(24),)),
    case("shapes", "raveled", f"({F2},)", lambda: (numbers(3, 4),)),
    case("shapes", "transposed", f"({F2},)", lambda: (numbers(3, 4),)),
    case("shapes", "slices", f"({F2},)", lambda: (numbers(5, 6),)),
    case("shapes", "view_of_rows", f"({F2},)", lambda: (numbers(5, 6),)),
    case("shapes", "strided_view", f"({F},)", lambda: (numbers(20),)),
    case("shapes", "slice_assigned", f"({F2},)", lambda: (numbers(5, 6),)),
    case(
        "shapes", "fancy_indexed", f"({F}, {I})", lambda: (numbers(20), integers(6, low=0, high=20))
    ),
    case("shapes", "masked", f"({F},)", lambda: (numbers(33),)),
    case("shapes", "mask_assigned", f"({F},)", lambda: (numbers(33),)),
    case("shapes", "joined", f"({F2}, {F2})", lambda: (numbers(3, 3), positive(3, 3))),
    case("shapes", "stacked", f"({F}, {F})", lambda: (numbers(6), positive(6))),
    case("shapes", "widened", f"({F},)", lambda: (numbers(6),)),
    case("shapes", "broadcast", f"({F},)", lambda: (numbers(6),)),
    case("shapes", "repeated", f"({F},)", lambda: (numbers(6),)),
    case("shapes", "made", "(int64,)", lambda: (7,)),
    case("shapes", "like", f"({F2},)", lambda: (numbers(3, 3),)),
    case("shapes", "triangles", f"({F2},)", lambda: (numbers(4, 4),)),
    case("shapes", "places", f"({F2},)", lambda: (numbers(4, 4),)),
    case("shapes", "taken", f"({F2}, {I})", lambda: (numbers(4, 4), integers(5, low=0, high=16))),
    case("shapes", "iterated", f"({F2},)", lambda: (numbers(4, 4),)),
    case("shapes", "columns_first", f"({F2F},)", lambda: (np.asfortranarray(numbers(5, 4)),)),
    case("shapes", "any_layout", "(float64[:, :],)", lambda: (numbers(8, 9)[::2, ::-3],)),
    case("shapes", "three_dimensions", "(float64[:, :, ::1],)", lambda: (numbers(3, 4, 5),)),
    case(
        "shapes",
        "read_only",
        "(Array(float64, 1, 'C', readonly=True),)",
        lambda: (read_only(numbers(5)),),
    ),
    case("shapes", "viewed", f"({F},)", lambda: (numbers(7) * 100,)),
    case("shapes", "swapped", f"({F2},)", lambda: (numbers(3, 4),)),
    case("shapes", "same_array", f"({F},)", lambda: (numbers(7),)),
    case("shapes", "empty_arrays", f"({F},)", lambda: (numbers(7),)),
]

LANGUAGE = [
    case("language", "fibonacci", "int64(int64)", lambda: (17,)),
    case("language", "is_even", "(int64,)", lambda: (7,), lambda: (8,)),
    case("language", "ackermann", "int64(int64, int64)", lambda: (2, 3)),
    case("language", "collatz", "(int64,)", lambda: (27,)),
    case("language", "sieve", "(int64,)", lambda: (100,)),
    case("language", "closure", "(float64, float64)", lambda: (1.5, -0.3)),
    case("language", "captured", "(float64,)", lambda: (1.5,)),
    case("language", "generator_inside", "(int64,)", lambda: (20,)),
    case("language", "list_inside", "(int64,)", lambda: (9,)),
    case("language", "typed_list_inside", "(int64,)", lambda: (9,)),
    case("language", "typed_dict_inside", f"({I},)", lambda: (integers(60, low=0, high=9),)),
    case("language", "set_inside", f"({I},)", lambda: (integers(60, low=0, high=9),)),
    case(
        "language",
        "tuple_in_and_out",
        "(Tuple((float64, int64)), UniTuple(int32, 3))",
        lambda: ((1.5, 3), (np.int32(1), np.int32(2), np.int32(5))),
    ),
    case("language", "tuple_with_array", f"(Tuple(({F}, float64)),)", lambda: ((numbers(5), 2.0),)),
    case("language", "unrolled", "(float64,)", lambda: (0.75,)),
    case("language", "zipped", f"({F}, {F})", lambda: (numbers(9), positive(9))),
    case("language", "global_array", "(int64,)", lambda: (2,)),
    case(
        "language", "maybe", "(float64, optional(float64))", lambda: (1.5, None), lambda: (1.5, 4.0)
    ),
    case("language", "maybe_result", "(float64,)", lambda: (1.5,), lambda: (-1.0,)),
    case("language", "nothing", f"({F},)", lambda: (numbers(3),)),
    case("language", "no_arguments", "()", lambda: ()),
    case("language", "with_default", "(float64, float64, int64)", lambda: (1.5, 2.0, 3)),
    case("language", "raises_static", "(float64,)", lambda: (2.0,), lambda: (-2.0,)),
    case("language", "raises_dynamic", "(int64, int64)", lambda: (1, 3), lambda: (5, 3)),
    case("language", "raises_own", "(float64,)", lambda: (0.5,), lambda: (2.0,)),
    case(
        "language", "raises_nested", "(float64,)", lambda: (0.5,), lambda: (2.0,), lambda: (-1.0,)
    ),
    case("language", "divides", "(float64, float64)", lambda: (1.0, 3.0), lambda: (1.0, 0.0)),
    case("language", "caught", "(float64,)", lambda: (4.0,), lambda: (-4.0,)),
    case("language", "cleaned_up", f"(float64, {F})", lambda: (4.0, np.zeros(3))),
    case("language", "asserted", "(float64,)", lambda: (4.0,), lambda: (-4.0,)),
    case("language", "switches", "(int64,)", lambda: (60,)),
    case("language", "chained", "(float64,)", lambda: (0.5,), lambda: (3.0,), lambda: (2.5,)),
    case("language", "seeded_uniform", "(int64, int64)", lambda: (42, 5)),
    case("language", "seeded_normal", "(int64, int64)", lambda: (42, 5)),
    case("language", "seeded_others", "(int64,)", lambda: (42,)),
    case("language", "seeded_shuffle", "(int64, int64)", lambda: (42, 10)),
    case("language", "vectorized_inside", f"({F}, {F})", lambda: (numbers(10), positive(10))),
    case("language", "guvectorized_inside", f"({F2},)", lambda: (numbers(3, 5),)),
    case("language", "parallel_squares", f"({F},)", lambda: (numbers(100),)),
    case("language", "numpy_division", "(float64, float64)", lambda: (1.0, 0.0)),
    case(
        "language",
        "bounds_checked",
        f"({F}, int64)",
        lambda: (numbers(5), 4),
        lambda: (numbers(5), 5),
    ),
    case(
        "language",
        "days_between",
        "(NPDatetime('D'), NPDatetime('D'))",
        lambda: (dates()[0], dates()[1]),
    ),
    case("language", "latest", "(NPDatetime('D')[::1],)", lambda: (dates(),)),
    case(
        "language",
        "ratio_of_spans",
        "(NPTimedelta('s'), NPTimedelta('s'))",
        lambda: (np.timedelta64(5400, "s"), np.timedelta64(3600, "s")),
    ),
    case("language", "apply_twice", "(int64,)", lambda: (7,)),
    case("language", "matrix_chain", "(int64,)", lambda: (6,)),
    case("language", "newton", "(float64,)", lambda: (2.0,)),
]


def structures() -> list[Case]:
    """Those whose arguments are of the kernels' own types, so that these must be imported first."""
    import structures

    particles = np.array([(1.5, 2, 0.25), (2.5, -1, 4.0), (0.5, 7, 1.0)], dtype=structures.PARTICLE)
    module = "structures"
    return [
        case(module, "named_tuple", None, lambda: (structures.Point(1.5, 2.5), 3.0)),
        case(module, "named_tuple_with_array", None, lambda: (structures.Labelled(2, numbers(4)),)),
        case(module, "record", None, lambda: (particles[1],)),
        case(module, "record_array", None, lambda: (particles.copy(),)),
    ]


CASES = [*ELEMENTWISE, *REDUCTIONS, *ORDERING, *LINEAR, *SHAPES, *LANGUAGE]
