/* Typed dictionaries: `numba.typed.Dict`. */
#include <stdio.h>
#include <string.h>

#include "table.h"

int numba_dict_new_sized(numba_table **dict, int64_t room, int64_t key_size, int64_t value_size)
{
    *dict = table_new(room, key_size, value_size);
    return *dict ? DONE : NO_MEMORY;
}

void numba_dict_free(numba_table *dict)
{
    table_free(dict);
}

void numba_dict_set_method_table(numba_table *dict, numba_table_methods *methods)
{
    dict->methods = *methods;
}

int64_t numba_dict_length(numba_table *dict)
{
    return dict->used;
}

/* The number of the key's entry, with its value; -1 if it is not there; -3 if keys could not be
 * compared. */
int64_t numba_dict_lookup(numba_table *dict, const char *key, int64_t hash, char *value)
{
    int64_t entry = table_find(dict, key, hash);
    if (entry >= 0)
        memcpy(value, table_value(dict, entry), (size_t)dict->value_size);
    else
        memset(value, 0, (size_t)dict->value_size);
    return entry;
}

int numba_dict_resize(numba_table *dict, int64_t room)
{
    return table_grow(dict, room);
}

static void replace(numba_table *dict, int64_t entry, const char *value)
{
    char *old = table_value(dict, entry);
    table_count(dict->methods.decref_value, old);
    memcpy(old, value, (size_t)dict->value_size);
    table_count(dict->methods.incref_value, old);
}

/* Sets the value of a key that was looked up: 0, or 1 if it was there; less than 0 is an error. */
static int set(numba_table *dict, int64_t entry, const char *key, int64_t hash, const char *value)
{
    if (entry == NOT_COMPARED)
        return COMPARISON_FAILED;
    if (entry >= 0) {
        replace(dict, entry, value);
        return WAS_THERE;
    }
    if (table_add(dict, key, hash, value) != DONE)
        return NO_MEMORY;
    table_count(dict->methods.incref_key, key);
    table_count(dict->methods.incref_value, value);
    return DONE;
}

/* As `set`; what was there is then in `old`. */
int numba_dict_insert(numba_table *dict, const char *key, int64_t hash, const char *value, char *old)
{
    return set(dict, numba_dict_lookup(dict, key, hash, old), key, hash, value);
}

/* The same for who does not ask what was there. */
int numba_dict_insert_ez(numba_table *dict, const char *key, int64_t hash, const char *value)
{
    return set(dict, table_find(dict, key, hash), key, hash, value);
}

/* Removes an entry that was looked up. */
int numba_dict_delitem(numba_table *dict, int64_t hash, int64_t entry)
{
    (void)hash;
    table_count(dict->methods.decref_key, table_key(dict, entry));
    table_count(dict->methods.decref_value, table_value(dict, entry));
    table_remove(dict, entry);
    return DONE;
}

/* Removes the entry that was added last. Its references become the caller's. */
int numba_dict_popitem(numba_table *dict, char *key, char *value)
{
    int64_t entry = dict->filled - 1;
    if (dict->used == 0)
        return IS_EMPTY;
    while (table_next(dict, entry) < 0)
        entry--;
    memcpy(key, table_key(dict, entry), (size_t)dict->key_size);
    memcpy(value, table_value(dict, entry), (size_t)dict->value_size);
    table_remove(dict, entry);
    /* The place can be used again, but not the slot: `left` stays. */
    dict->filled = entry;
    return DONE;
}

static void print_bytes(const char *bytes, int64_t size)
{
    for (int64_t at = 0; at < size; at++)
        printf("%02x ", (unsigned)bytes[at] & 0xff);
}

/* Prints what there is, for whoever debugs. */
void numba_dict_dump(numba_table *dict)
{
    printf("%lld entries\n", (long long)dict->used);
    for (int64_t at = 0; (at = table_next(dict, at)) >= 0; at++) {
        printf("  key ");
        print_bytes(table_key(dict, at), dict->key_size);
        printf("hash %llx value ", (unsigned long long)table_hash(dict, at));
        print_bytes(table_value(dict, at), dict->value_size);
        printf("\n");
    }
}

size_t numba_dict_iter_sizeof(void)
{
    return sizeof(numba_table_iterator);
}

void numba_dict_iter(numba_table_iterator *iterator, numba_table *dict)
{
    table_iterate(iterator, dict);
}

/* 0 with pointers to the next key and value; -2 if the dictionary was changed; -3 at the end. */
int numba_dict_iter_next(numba_table_iterator *iterator, const char **key, const char **value)
{
    int status;
    int64_t entry = table_advance(iterator, &status);
    if (status == DONE) {
        *key = table_key(iterator->table, entry);
        *value = table_value(iterator->table, entry);
    }
    return status;
}
