/* Blocks of memory, and counts of them. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Where memory comes from that is not the C library's: as the program gives it. */
typedef struct NRT_ExternalAllocator {
    void *(*malloc)(size_t size, void *opaque_data);
    void *(*realloc)(void *block, size_t size, void *opaque_data);
    void (*free)(void *block, void *opaque_data);
    void *opaque_data;
} NRT_ExternalAllocator;

void *NRT_Allocate(size_t size);
void *NRT_Allocate_External(size_t size, NRT_ExternalAllocator *allocator);
void *NRT_Reallocate(void *block, size_t size);
void NRT_Free(void *block);

/* Gives a block back to where it came from: the C library if that is null. */
__attribute__((visibility("hidden"))) void memory_free(void *block, NRT_ExternalAllocator *allocator);

/* Counts an owner that was made, or one that is gone. */
__attribute__((visibility("hidden"))) void memory_owner_made(void);
__attribute__((visibility("hidden"))) void memory_owner_gone(void);

/* Ends the process: the program's memory is not what it should be. */
__attribute__((visibility("hidden"), noreturn)) void memory_fault(const char *what);

#endif
