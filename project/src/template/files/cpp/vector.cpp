// Vectors of doubles: dot, center.

#include <stdint.h>

// Nothing in here is exported.
namespace {

// What C hands over as a length and a pointer, for loops over its elements.
template <class T>
struct Span {
    uint64_t length;
    T *first;

    T *begin() const { return first; }
    T *end() const { return first + length; }
};

double mean(Span<const double> x)
{
    double sum = 0.0;
    for (double element : x)
        sum += element;
    return sum / static_cast<double>(x.length);
}

} // namespace

// The dot product of x and y.
extern "C" double dot(uint64_t n, const double *x, const double *y)
{
    double sum = 0.0;
    for (double element : Span<const double>{n, x})
        sum += element * *y++;
    return sum;
}

// Subtracts the mean of x from each of its elements, and returns the mean; NaN if there are none.
extern "C" double center(uint64_t n, double *x)
{
    double middle = mean({n, x});
    for (double &element : Span<double>{n, x})
        element -= middle;
    return middle;
}
