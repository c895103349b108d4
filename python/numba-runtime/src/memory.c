/* Blocks of memory from the C library, or from an allocator that the program gives.
 *
 * Counting is off until it is asked for, as it is in Numba; a number is then what was counted while it
 * was on. */
#include "memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* What a count reads as while counting is off: Numba's own mark. */
static const size_t NOT_COUNTED = 0x41414141;

static atomic_bool counting;
static atomic_size_t blocks_made, blocks_gone, owners_made, owners_gone;

static void count(atomic_size_t *counter)
{
    if (atomic_load_explicit(&counting, memory_order_relaxed))
        atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static size_t counted(atomic_size_t *counter)
{
    return atomic_load(&counting) ? atomic_load(counter) : NOT_COUNTED;
}

void *NRT_Allocate(size_t size)
{
    return NRT_Allocate_External(size, NULL);
}

void *NRT_Allocate_External(size_t size, NRT_ExternalAllocator *allocator)
{
    void *block = allocator ? allocator->malloc(size, allocator->opaque_data) : malloc(size);
    count(&blocks_made);
    return block;
}

void *NRT_Reallocate(void *block, size_t size)
{
    return realloc(block, size);
}

void NRT_Free(void *block)
{
    memory_free(block, NULL);
}

void memory_free(void *block, NRT_ExternalAllocator *allocator)
{
    if (allocator)
        allocator->free(block, allocator->opaque_data);
    else
        free(block);
    count(&blocks_gone);
}

void memory_owner_made(void)
{
    count(&owners_made);
}

void memory_owner_gone(void)
{
    count(&owners_gone);
}

void memory_fault(const char *what)
{
    fprintf(stderr, "numba-runtime: %s\n", what);
    fflush(stderr);
    abort();
}

void NRT_MemSys_enable_stats(void)
{
    atomic_store(&counting, true);
}

void NRT_MemSys_disable_stats(void)
{
    atomic_store(&counting, false);
}

size_t NRT_MemSys_stats_enabled(void)
{
    return atomic_load(&counting);
}

size_t NRT_MemSys_get_stats_alloc(void)
{
    return counted(&blocks_made);
}

size_t NRT_MemSys_get_stats_free(void)
{
    return counted(&blocks_gone);
}

size_t NRT_MemSys_get_stats_mi_alloc(void)
{
    return counted(&owners_made);
}

size_t NRT_MemSys_get_stats_mi_free(void)
{
    return counted(&owners_gone);
}
