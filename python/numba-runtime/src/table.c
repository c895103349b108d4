/* Hash tables that keep the order in which entries were added.
 *
 * Entries lie one after the other; beside them, an open hash table of their numbers. An entry that is
 * removed leaves its place empty until the table grows, which closes the gaps. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

/* A slot that never held an entry, and one whose entry was removed: a search goes on there. */
enum { FREE = -1, REMOVED = -2 };
/* The hash of no key: marks a place whose entry was removed. */
enum { NO_HASH = -1 };
enum { LEAST_ROOM = 5, WORD = 8, PERTURB = 5 };
/* More could not be addressed with any size of entries. */
static const int64_t MOST_ROOM = INT64_C(1) << 40;

static int64_t whole_words(int64_t size)
{
    return (size + WORD - 1) / WORD * WORD;
}

static char *place(const numba_table *table, int64_t entry)
{
    return table->entries + entry * table->entry_size;
}

int64_t table_hash(const numba_table *table, int64_t entry)
{
    int64_t hash;
    memcpy(&hash, place(table, entry), sizeof hash);
    return hash;
}

static void set_hash(numba_table *table, int64_t entry, int64_t hash)
{
    memcpy(place(table, entry), &hash, sizeof hash);
}

char *table_key(const numba_table *table, int64_t entry)
{
    return place(table, entry) + WORD;
}

char *table_value(const numba_table *table, int64_t entry)
{
    return place(table, entry) + table->value_at;
}

void table_count(void (*function)(const void *), const void *item)
{
    if (function)
        function(item);
}

/* Gives a table new memory with a number of places; 0, or NO_MEMORY with nothing changed. */
static int make_room(numba_table *table, int64_t room)
{
    uint64_t slots = WORD;
    if (room > MOST_ROOM)
        return NO_MEMORY;
    /* At most two thirds are full. */
    while (slots / 3 * 2 < (uint64_t)room)
        slots *= 2;
    char *entries = calloc((size_t)room, (size_t)table->entry_size);
    int64_t *numbers = malloc(slots * sizeof *numbers);
    if (!entries || !numbers) {
        free(entries);
        free(numbers);
        return NO_MEMORY;
    }
    memset(numbers, 0xff, slots * sizeof *numbers);
    table->entries = entries;
    table->slots = numbers;
    table->mask = slots - 1;
    table->left = room;
    table->filled = 0;
    return DONE;
}

numba_table *table_new(int64_t room, int64_t key_size, int64_t value_size)
{
    numba_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->key_size = key_size;
    table->value_size = value_size;
    table->value_at = WORD + whole_words(key_size);
    table->entry_size = table->value_at + whole_words(value_size);
    if (make_room(table, room < LEAST_ROOM ? LEAST_ROOM : room) != DONE) {
        free(table);
        return NULL;
    }
    return table;
}

void table_free(numba_table *table)
{
    for (int64_t at = 0; (at = table_next(table, at)) >= 0; at++) {
        table_count(table->methods.decref_key, table_key(table, at));
        table_count(table->methods.decref_value, table_value(table, at));
    }
    free(table->entries);
    free(table->slots);
    free(table);
}

/* The next slot to look at. All bits of a hash decide in the end. */
static uint64_t next_slot(const numba_table *table, uint64_t slot, uint64_t *perturb)
{
    *perturb >>= PERTURB;
    return (slot * 5 + *perturb + 1) & table->mask;
}

static int is_equal(const numba_table *table, const char *one, const char *other)
{
    if (table->methods.equal)
        return table->methods.equal(one, other);
    return memcmp(one, other, (size_t)table->key_size) == 0;
}

int64_t table_find(numba_table *table, const char *key, int64_t hash)
{
    uint64_t perturb = (uint64_t)hash;
    uint64_t slot = perturb & table->mask;
    for (;; slot = next_slot(table, slot, &perturb)) {
        int64_t entry = table->slots[slot];
        if (entry == FREE)
            return NOT_FOUND;
        if (entry == REMOVED || table_hash(table, entry) != hash)
            continue;
        int equal = is_equal(table, table_key(table, entry), key);
        if (equal < 0)
            return NOT_COMPARED;
        if (equal > 0)
            return entry;
    }
}

/* The first slot on the way of a hash that holds a number. */
static uint64_t slot_with(const numba_table *table, int64_t hash, int64_t number)
{
    uint64_t perturb = (uint64_t)hash;
    uint64_t slot = perturb & table->mask;
    while (table->slots[slot] != number)
        slot = next_slot(table, slot, &perturb);
    return slot;
}

int table_grow(numba_table *table, int64_t room)
{
    numba_table old = *table;
    if (room < table->used + 1)
        room = table->used + 1;
    if (make_room(table, room < LEAST_ROOM ? LEAST_ROOM : room) != DONE)
        return NO_MEMORY;
    for (int64_t at = 0; (at = table_next(&old, at)) >= 0; at++) {
        memcpy(place(table, table->filled), place(&old, at), (size_t)table->entry_size);
        int64_t hash = table_hash(table, table->filled);
        table->slots[slot_with(table, hash, FREE)] = table->filled++;
        table->left--;
    }
    table->generation++;
    free(old.entries);
    free(old.slots);
    return DONE;
}

int table_add(numba_table *table, const char *key, int64_t hash, const char *value)
{
    if (table->left == 0 && table_grow(table, table->used * 2 + 1) != DONE)
        return NO_MEMORY;
    int64_t entry = table->filled++;
    set_hash(table, entry, hash);
    memcpy(table_key(table, entry), key, (size_t)table->key_size);
    if (table->value_size)
        memcpy(table_value(table, entry), value, (size_t)table->value_size);
    table->slots[slot_with(table, hash, FREE)] = entry;
    table->left--;
    table->used++;
    return DONE;
}

void table_remove(numba_table *table, int64_t entry)
{
    table->slots[slot_with(table, table_hash(table, entry), entry)] = REMOVED;
    memset(place(table, entry), 0, (size_t)table->entry_size);
    set_hash(table, entry, NO_HASH);
    table->used--;
}

int64_t table_next(const numba_table *table, int64_t from)
{
    for (int64_t at = from; at < table->filled; at++)
        if (table_hash(table, at) != NO_HASH)
            return at;
    return -1;
}

void table_iterate(numba_table_iterator *iterator, numba_table *table)
{
    *iterator = (numba_table_iterator){table, table->generation, table->used, 0};
}

int64_t table_advance(numba_table_iterator *iterator, int *status)
{
    const numba_table *table = iterator->table;
    *status = CHANGED;
    if (table->generation != iterator->generation || table->used != iterator->used)
        return -1;
    int64_t entry = table_next(table, iterator->next);
    *status = entry < 0 ? AT_END : DONE;
    iterator->next = entry < 0 ? table->filled : entry + 1;
    return entry;
}
