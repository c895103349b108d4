/* Typed sets: `numba.typed.Set`. */
#include <stdio.h>
#include <string.h>

#include "table.h"

/* The functions of a type, without those of values. */
typedef struct numba_set_methods {
    int (*equal)(const char *one, const char *other);
    void (*incref_key)(const void *key);
    void (*decref_key)(const void *key);
} numba_set_methods;

int numba_set_new_sized(numba_table **set, int64_t key_size, int64_t room)
{
    *set = table_new(room, key_size, 0);
    return *set ? DONE : NO_MEMORY;
}

int numba_set_new(numba_table **set, int64_t key_size, int64_t room)
{
    return numba_set_new_sized(set, key_size, room);
}

void numba_set_free(numba_table *set)
{
    table_free(set);
}

void numba_set_set_method_table(numba_table *set, numba_set_methods *methods)
{
    set->methods = (numba_table_methods){
        .equal = methods->equal,
        .incref_key = methods->incref_key,
        .decref_key = methods->decref_key,
    };
}

int64_t numba_set_length(numba_table *set)
{
    return set->used;
}

/* 1 or 0; 1 too if keys could not be compared. */
int64_t numba_set_contains(numba_table *set, char *key, int64_t hash)
{
    return table_find(set, key, hash) != NOT_FOUND;
}

/* 0, or 1 if it was there; less than 0 is an error. */
int numba_set_add(numba_table *set, const char *key, int64_t hash)
{
    int64_t entry = table_find(set, key, hash);
    if (entry == NOT_COMPARED)
        return COMPARISON_FAILED;
    if (entry >= 0)
        return WAS_THERE;
    if (table_add(set, key, hash, NULL) != DONE)
        return NO_MEMORY;
    table_count(set->methods.incref_key, key);
    return DONE;
}

int numba_set_discard(numba_table *set, char *key, int64_t hash)
{
    int64_t entry = table_find(set, key, hash);
    if (entry < 0)
        return DONE;
    table_count(set->methods.decref_key, table_key(set, entry));
    table_remove(set, entry);
    return DONE;
}

/* Prints what there is, for whoever debugs. */
void numba_set_dump(numba_table *set)
{
    printf("%lld entries\n", (long long)set->used);
    for (int64_t at = 0; (at = table_next(set, at)) >= 0; at++)
        printf("  hash %llx\n", (unsigned long long)table_hash(set, at));
}

size_t numba_set_iter_sizeof(void)
{
    return sizeof(numba_table_iterator);
}

void numba_set_iter(numba_table_iterator *iterator, numba_table *set)
{
    table_iterate(iterator, set);
}

/* 0 with a pointer to the next key; -2 if the set was changed; -3 at the end. */
int numba_set_iter_next(numba_table_iterator *iterator, const char **key)
{
    int status;
    int64_t entry = table_advance(iterator, &status);
    if (status == DONE)
        *key = table_key(iterator->table, entry);
    return status;
}
