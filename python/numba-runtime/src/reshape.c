/* The strides of an array in another shape, if its elements need not be copied for it. */
#include <stdint.h>
#include <string.h>

enum { MOST_AXES = 64 };

/* How many elements a group of axes has. */
static int64_t elements(const int64_t *shape, int64_t axes)
{
    int64_t product = 1;
    for (int64_t axis = 0; axis < axes; axis++)
        product *= shape[axis];
    return product;
}

/* Whether axes lie in memory as one would that has all of their elements. */
static int lie_as_one(const int64_t *shape, const int64_t *strides, int64_t first, int64_t end,
                      int columns_first)
{
    for (int64_t axis = first; axis + 1 < end; axis++) {
        int64_t inner = columns_first ? axis : axis + 1;
        int64_t outer = columns_first ? axis + 1 : axis;
        if (strides[outer] != shape[inner] * strides[inner])
            return 0;
    }
    return 1;
}

/* Fills `new_strides`, in bytes, and gives 1; gives 0 if a copy is needed. The axes of both shapes are
 * gone through in groups that have as many elements in one as in the other: a group that lies in memory
 * as one axis can be divided anew. */
int numba_attempt_nocopy_reshape(int64_t axes, const int64_t *shape, const int64_t *strides,
                                 int64_t new_axes, const int64_t *new_shape, int64_t *new_strides,
                                 int64_t item_size, int is_f_order)
{
    int64_t old_shape[MOST_AXES], old_strides[MOST_AXES];
    int64_t old_axes = 0, old = 0, new = 0;

    /* An axis of one element may have any stride. */
    for (int64_t axis = 0; axis < axes; axis++) {
        if (shape[axis] == 1)
            continue;
        if (old_axes == MOST_AXES)
            return 0;
        old_shape[old_axes] = shape[axis];
        old_strides[old_axes++] = strides[axis];
    }
    int64_t total = elements(new_shape, new_axes);
    if (total != elements(old_shape, old_axes))
        return 0;
    if (total == 0) {
        for (int64_t axis = 0; axis < new_axes; axis++)
            new_strides[axis] = item_size;
        return 1;
    }
    while (new < new_axes && old < old_axes) {
        int64_t old_end = old + 1, new_end = new + 1;
        int64_t in_old = old_shape[old], in_new = new_shape[new];
        while (in_old != in_new) {
            if (in_new < in_old)
                in_new *= new_shape[new_end++];
            else
                in_old *= old_shape[old_end++];
        }
        if (!lie_as_one(old_shape, old_strides, old, old_end, is_f_order))
            return 0;
        if (is_f_order) {
            new_strides[new] = old_strides[old];
            for (int64_t axis = new + 1; axis < new_end; axis++)
                new_strides[axis] = new_strides[axis - 1] * new_shape[axis - 1];
        } else {
            new_strides[new_end - 1] = old_strides[old_end - 1];
            for (int64_t axis = new_end - 1; axis > new; axis--)
                new_strides[axis - 1] = new_strides[axis] * new_shape[axis];
        }
        old = old_end;
        new = new_end;
    }
    /* What is left are axes of one element. */
    int64_t stride = new > 0 ? new_strides[new - 1] : item_size;
    if (is_f_order && new > 0)
        stride *= new_shape[new - 1];
    for (; new < new_axes; new++)
        new_strides[new] = stride;
    return 1;
}
