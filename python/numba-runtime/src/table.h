/* Hash tables that keep the order in which entries were added: what typed dictionaries and sets are. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Where an entry is, if it is there. */
enum { NOT_FOUND = -1, NOT_COMPARED = -3 };

/* What functions of dictionaries and sets return. */
enum {
    DONE = 0,
    WAS_THERE = 1,
    NO_MEMORY = -1,
    CHANGED = -2,
    AT_END = -3,
    IS_EMPTY = -4,
    COMPARISON_FAILED = -5,
};

/* The functions of a type, which compiled code gives: all may be null. `equal` gives 1, 0, or less if an
 * exception was raised. */
typedef struct numba_table_methods {
    int (*equal)(const char *one, const char *other);
    void (*incref_key)(const void *key);
    void (*decref_key)(const void *key);
    void (*incref_value)(const void *value);
    void (*decref_value)(const void *value);
} numba_table_methods;

/* An iteration. Compiled code has room for four words. */
typedef struct numba_table_iterator {
    struct numba_table *table;
    /* What the table was when it began. */
    int64_t generation, used;
    int64_t next;
} numba_table_iterator;

typedef struct numba_table {
    /* How many entries there are. */
    int64_t used;
    /* How many places of `entries` were filled, those of entries that were removed included. */
    int64_t filled;
    /* How many more can be added before the table has to grow. */
    int64_t left;
    /* Counted up when entries move. */
    int64_t generation;
    int64_t key_size, value_size;
    /* Of an entry: hash, key, value. */
    int64_t value_at, entry_size;
    numba_table_methods methods;
    char *entries;
    /* By hash: the number of an entry, or one of the marks of `table.c`; `mask` is their number less 1. */
    int64_t *slots;
    uint64_t mask;
} numba_table;

#pragma GCC visibility push(hidden)

/* A table with room for some entries; null if there is no memory. */
numba_table *table_new(int64_t room, int64_t key_size, int64_t value_size);
void table_free(numba_table *table);

/* The number of the entry of that key, NOT_FOUND or NOT_COMPARED. */
int64_t table_find(numba_table *table, const char *key, int64_t hash);
/* Adds an entry whose key is not there; 0, or NO_MEMORY. */
int table_add(numba_table *table, const char *key, int64_t hash, const char *value);
/* Removes an entry; what it held is the caller's. */
void table_remove(numba_table *table, int64_t entry);
/* Makes room for a number of entries; 0, or NO_MEMORY. */
int table_grow(numba_table *table, int64_t room);

int64_t table_hash(const numba_table *table, int64_t entry);
char *table_key(const numba_table *table, int64_t entry);
char *table_value(const numba_table *table, int64_t entry);
/* The first entry at or after a number; -1 if there is none. */
int64_t table_next(const numba_table *table, int64_t from);

void table_iterate(numba_table_iterator *iterator, numba_table *table);
/* The number of the next entry, CHANGED or AT_END in `status`. */
int64_t table_advance(numba_table_iterator *iterator, int *status);

/* Calls a function of the type, if it has it. */
void table_count(void (*function)(const void *), const void *item);

#pragma GCC visibility pop

#endif
