/* Typed lists: `numba.typed.List`. Compiled code reads a list's length and items itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    DONE = 0,
    NO_ITEM = -1,
    NO_MEMORY = -2,
    CHANGED = -3,
    AT_END = -4,
    IMMUTABLE = -5,
};

/* The functions of a type, which compiled code gives: both may be null. */
typedef struct numba_list_methods {
    void (*incref)(const void *item);
    void (*decref)(const void *item);
} numba_list_methods;

typedef struct numba_list {
    int64_t size, item_size, capacity;
    int is_mutable;
    numba_list_methods methods;
    char *items;
} numba_list;

/* An iteration. Compiled code has room for three words. */
typedef struct numba_list_iterator {
    numba_list *list;
    int64_t size, next;
} numba_list_iterator;

static char *item_at(const numba_list *list, int64_t index)
{
    return list->items + index * list->item_size;
}

static void incref(const numba_list *list, const char *item)
{
    if (list->methods.incref)
        list->methods.incref(item);
}

static void decref(const numba_list *list, const char *item)
{
    if (list->methods.decref)
        list->methods.decref(item);
}

static int has(const numba_list *list, int64_t index)
{
    return index >= 0 && index < list->size;
}

/* Moves the items from `from` to before `end` so that the first is at `to`. */
static void shift(numba_list *list, int64_t to, int64_t from, int64_t end)
{
    if (from < end)
        memmove(item_at(list, to), item_at(list, from), (size_t)((end - from) * list->item_size));
}

int numba_list_new(numba_list **place, int64_t item_size, int64_t capacity)
{
    int64_t bytes;
    numba_list *list;
    if (capacity < 0 || __builtin_mul_overflow(item_size, capacity, &bytes))
        return NO_MEMORY;
    list = calloc(1, sizeof *list);
    if (!list)
        return NO_MEMORY;
    if (bytes > 0 && !(list->items = malloc((size_t)bytes))) {
        free(list);
        return NO_MEMORY;
    }
    list->item_size = item_size;
    list->capacity = capacity;
    list->is_mutable = 1;
    *place = list;
    return DONE;
}

void numba_list_free(numba_list *list)
{
    for (int64_t index = 0; index < list->size; index++)
        decref(list, item_at(list, index));
    free(list->items);
    free(list);
}

void numba_list_set_method_table(numba_list *list, numba_list_methods *methods)
{
    list->methods = *methods;
}

char *numba_list_base_ptr(numba_list *list) { return list->items; }
int64_t numba_list_size_address(numba_list *list) { return (int64_t)(intptr_t)&list->size; }
int64_t numba_list_length(numba_list *list) { return list->size; }
int64_t numba_list_allocated(numba_list *list) { return list->capacity; }
int numba_list_is_mutable(numba_list *list) { return list->is_mutable; }
void numba_list_set_is_mutable(numba_list *list, int is_mutable) { list->is_mutable = is_mutable; }

int numba_list_getitem(numba_list *list, int64_t index, char *item)
{
    if (!has(list, index))
        return NO_ITEM;
    memcpy(item, item_at(list, index), (size_t)list->item_size);
    return DONE;
}

/* Takes the place of an item. */
int numba_list_setitem(numba_list *list, int64_t index, const char *item)
{
    char *place;
    if (!list->is_mutable)
        return IMMUTABLE;
    if (!has(list, index))
        return NO_ITEM;
    place = item_at(list, index);
    decref(list, place);
    memcpy(place, item, (size_t)list->item_size);
    incref(list, place);
    return DONE;
}

/* Sets the length. Memory grows by an eighth more than is asked for, and shrinks when less than half of
 * it is used: what a program can see of it (`_allocated`) is as in Numba. New items are not set. */
int numba_list_resize(numba_list *list, int64_t size)
{
    int64_t capacity = 0, bytes;
    char *items;
    if (!list->is_mutable)
        return IMMUTABLE;
    if (list->capacity >= size && size >= list->capacity / 2) {
        list->size = size;
        return DONE;
    }
    if (size > 0)
        capacity = size + (size >> 3) + (size < 9 ? 3 : 6);
    if (__builtin_mul_overflow(capacity, list->item_size, &bytes))
        return NO_MEMORY;
    if (bytes == 0) {
        free(list->items);
        items = NULL;
    } else if (!(items = realloc(list->items, (size_t)bytes))) {
        return NO_MEMORY;
    }
    list->items = items;
    list->size = size;
    list->capacity = capacity;
    return DONE;
}

int numba_list_append(numba_list *list, const char *item)
{
    int status = numba_list_resize(list, list->size + 1);
    if (status == DONE) {
        char *place = item_at(list, list->size - 1);
        memcpy(place, item, (size_t)list->item_size);
        incref(list, place);
    }
    return status;
}

int numba_list_delitem(numba_list *list, int64_t index)
{
    if (!list->is_mutable)
        return IMMUTABLE;
    if (!has(list, index))
        return NO_ITEM;
    decref(list, item_at(list, index));
    shift(list, index, index + 1, list->size);
    return numba_list_resize(list, list->size - 1);
}

/* Removes every `step`th item from `start` to before `stop`; both are in the list's range already. */
int numba_list_delete_slice(numba_list *list, int64_t start, int64_t stop, int64_t step)
{
    int64_t count;
    if (!list->is_mutable)
        return IMMUTABLE;
    if (step > 0)
        count = start < stop ? (stop - start - 1) / step + 1 : 0;
    else
        count = stop < start ? (start - stop - 1) / -step + 1 : 0;
    if (count == 0)
        return DONE;
    if (step < 0) {
        /* The same items from the first on. */
        start += step * (count - 1);
        step = -step;
    }
    /* Items between two that go are moved up by the number of those that went before them. */
    for (int64_t gone = 0; gone < count; gone++) {
        int64_t index = start + gone * step;
        int64_t end = gone + 1 < count ? index + step : list->size;
        decref(list, item_at(list, index));
        shift(list, index - gone, index + 1, end);
    }
    return numba_list_resize(list, list->size - count);
}

size_t numba_list_iter_sizeof(void)
{
    return sizeof(numba_list_iterator);
}

void numba_list_iter(numba_list_iterator *iterator, numba_list *list)
{
    *iterator = (numba_list_iterator){list, list->size, 0};
}

/* 0 with a pointer to the next item; -3 if the length was changed; -4 at the end. */
int numba_list_iter_next(numba_list_iterator *iterator, const char **item)
{
    numba_list *list = iterator->list;
    if (list->size != iterator->size)
        return CHANGED;
    if (iterator->next >= list->size)
        return AT_END;
    *item = item_at(list, iterator->next++);
    return DONE;
}
