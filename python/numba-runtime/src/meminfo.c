/* Blocks with a reference count and a destructor: what owns the data of arrays, lists and closures.
 *
 * Compiled code counts references itself, in the first word of an owner, and reads the pointer to the data
 * in the fourth. It calls NRT_MemInfo_call_dtor when the last reference is gone. */
#include <stdatomic.h>
#include <string.h>

#include "memory.h"

/* Called with the data, its size, and what was kept for it. */
typedef void (*NRT_dtor_function)(void *data, size_t size, void *info);
/* Called with the data of memory that somebody else manages. */
typedef void (*NRT_managed_dtor)(void *data);

/* The layout is Numba's, and compiled into packages. */
typedef struct NRT_MemInfo {
    atomic_size_t references;
    NRT_dtor_function destructor;
    void *info;
    void *data;
    size_t size;
    NRT_ExternalAllocator *allocator;
} NRT_MemInfo;

/* What marks memory in "safe" blocks that was not written yet, and that is not owned any more. */
enum { FRESH = 0xCB, STALE = 0xDE };

void NRT_MemInfo_init(NRT_MemInfo *owner, void *data, size_t size, NRT_dtor_function destructor,
                      void *info, NRT_ExternalAllocator *allocator)
{
    atomic_init(&owner->references, 1);
    owner->destructor = destructor;
    owner->info = info;
    owner->data = data;
    owner->size = size;
    owner->allocator = allocator;
    memory_owner_made();
}

/* An owner of memory that is there already. */
NRT_MemInfo *NRT_MemInfo_new(void *data, size_t size, NRT_dtor_function destructor, void *info)
{
    NRT_MemInfo *owner = NRT_Allocate(sizeof *owner);
    if (owner)
        NRT_MemInfo_init(owner, data, size, destructor, info, NULL);
    return owner;
}

/* An owner with its data behind it, in one block, at a multiple of `align` if that is not 0. */
static NRT_MemInfo *with_data(size_t size, unsigned align, NRT_dtor_function destructor, void *info,
                              NRT_ExternalAllocator *allocator)
{
    size_t room;
    NRT_MemInfo *owner;
    char *data;
    if (__builtin_add_overflow(size, sizeof *owner + 2 * (size_t)align, &room))
        return NULL;
    owner = NRT_Allocate_External(room, allocator);
    if (!owner)
        return NULL;
    data = (char *)(owner + 1);
    if (align) {
        size_t over = (uintptr_t)data % align;
        if (over)
            data += align - over;
    }
    NRT_MemInfo_init(owner, data, size, destructor, info, allocator);
    return owner;
}

/* The same, marked as fresh. */
static NRT_MemInfo *fresh(NRT_MemInfo *owner)
{
    if (owner)
        memset(owner->data, FRESH, owner->size);
    return owner;
}

static void mark_stale(void *data, size_t size, void *info)
{
    (void)info;
    memset(data, STALE, size);
}

/* `info` is the destructor that compiled code gave. */
static void call_given(void *data, size_t size, void *info)
{
    if (info)
        ((NRT_dtor_function)info)(data, size, NULL);
}

static void call_given_and_mark(void *data, size_t size, void *info)
{
    call_given(data, size, info);
    mark_stale(data, size, NULL);
}

NRT_MemInfo *NRT_MemInfo_alloc(size_t size)
{
    return with_data(size, 0, NULL, NULL, NULL);
}

NRT_MemInfo *NRT_MemInfo_alloc_external(size_t size, NRT_ExternalAllocator *allocator)
{
    return with_data(size, 0, NULL, NULL, allocator);
}

NRT_MemInfo *NRT_MemInfo_alloc_dtor(size_t size, NRT_dtor_function destructor)
{
    return with_data(size, 0, call_given, (void *)destructor, NULL);
}

NRT_MemInfo *NRT_MemInfo_alloc_dtor_safe(size_t size, NRT_dtor_function destructor)
{
    return fresh(with_data(size, 0, call_given_and_mark, (void *)destructor, NULL));
}

NRT_MemInfo *NRT_MemInfo_alloc_safe(size_t size)
{
    return NRT_MemInfo_alloc_dtor_safe(size, NULL);
}

NRT_MemInfo *NRT_MemInfo_alloc_aligned(size_t size, unsigned align)
{
    return with_data(size, align, NULL, NULL, NULL);
}

NRT_MemInfo *NRT_MemInfo_alloc_safe_aligned(size_t size, unsigned align)
{
    return fresh(with_data(size, align, mark_stale, NULL, NULL));
}

NRT_MemInfo *NRT_MemInfo_alloc_safe_aligned_external(size_t size, unsigned align,
                                                     NRT_ExternalAllocator *allocator)
{
    return fresh(with_data(size, align, mark_stale, NULL, allocator));
}

/* Gives the block back; the destructor has run. */
void NRT_MemInfo_destroy(NRT_MemInfo *owner)
{
    memory_free(owner, owner->allocator);
    memory_owner_gone();
}

/* Called when no reference is left. */
void NRT_MemInfo_call_dtor(NRT_MemInfo *owner)
{
    if (owner->destructor)
        owner->destructor(owner->data, owner->size, owner->info);
    NRT_MemInfo_destroy(owner);
}

void NRT_MemInfo_acquire(NRT_MemInfo *owner)
{
    atomic_fetch_add_explicit(&owner->references, 1, memory_order_relaxed);
}

/* Everything that was done with the data comes before it is destroyed. */
void NRT_MemInfo_release(NRT_MemInfo *owner)
{
    if (atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) == 1)
        NRT_MemInfo_call_dtor(owner);
}

/* The same where there may be no owner. */
void NRT_incref(NRT_MemInfo *owner)
{
    if (owner)
        NRT_MemInfo_acquire(owner);
}

void NRT_decref(NRT_MemInfo *owner)
{
    if (owner)
        NRT_MemInfo_release(owner);
}

/* -1 as an unsigned number if there is no data. */
size_t NRT_MemInfo_refcount(NRT_MemInfo *owner)
{
    return owner && owner->data ? atomic_load(&owner->references) : (size_t)-1;
}

void *NRT_MemInfo_data(NRT_MemInfo *owner)
{
    return owner->data;
}

size_t NRT_MemInfo_size(NRT_MemInfo *owner)
{
    return owner->size;
}

void *NRT_MemInfo_external_allocator(NRT_MemInfo *owner)
{
    return owner->allocator;
}

void *NRT_MemInfo_parent(NRT_MemInfo *owner)
{
    return owner->info;
}

/* Data in a block of its own, which can be replaced. `info` is a destructor of its elements. */
static void free_data(void *data, size_t size, void *info)
{
    (void)size;
    if (info)
        ((void (*)(void *))info)(data);
    NRT_Free(data);
}

NRT_MemInfo *NRT_MemInfo_new_varsize(size_t size)
{
    void *data = NRT_Allocate(size);
    NRT_MemInfo *owner = data ? NRT_MemInfo_new(data, size, free_data, NULL) : NULL;
    if (data && !owner)
        NRT_Free(data);
    return owner;
}

NRT_MemInfo *NRT_MemInfo_new_varsize_dtor(size_t size, NRT_dtor_function destructor)
{
    NRT_MemInfo *owner = NRT_MemInfo_new_varsize(size);
    if (owner)
        owner->info = (void *)destructor;
    return owner;
}

static void check_replaceable(NRT_MemInfo *owner)
{
    if (owner->destructor != free_data)
        memory_fault("the data of a block of fixed size was to be replaced");
}

/* New data in place of what was freed; null if there is no memory. */
void *NRT_MemInfo_varsize_alloc(NRT_MemInfo *owner, size_t size)
{
    check_replaceable(owner);
    owner->data = NRT_Allocate(size);
    if (owner->data)
        owner->size = size;
    return owner->data;
}

/* Null if there is no memory; what was there is then freed with the owner no more, as in Numba, whose
 * code raises MemoryError. */
void *NRT_MemInfo_varsize_realloc(NRT_MemInfo *owner, size_t size)
{
    check_replaceable(owner);
    owner->data = NRT_Reallocate(owner->data, size);
    if (owner->data)
        owner->size = size;
    return owner->data;
}

void NRT_MemInfo_varsize_free(NRT_MemInfo *owner, void *data)
{
    NRT_Free(data);
    if (data == owner->data)
        owner->data = NULL;
}

static void call_managed(void *data, size_t size, void *info)
{
    (void)size;
    ((NRT_managed_dtor)info)(data);
}

static NRT_MemInfo *manage(void *data, NRT_managed_dtor destructor)
{
    return NRT_MemInfo_new(data, 0, call_managed, (void *)destructor);
}

/* What other libraries use of this one, by Numba's list of it. */
typedef struct NRT_api_functions {
    NRT_MemInfo *(*allocate)(size_t size);
    NRT_MemInfo *(*allocate_external)(size_t size, NRT_ExternalAllocator *allocator);
    NRT_MemInfo *(*manage_memory)(void *data, NRT_managed_dtor destructor);
    void (*acquire)(NRT_MemInfo *owner);
    void (*release)(NRT_MemInfo *owner);
    void *(*get_data)(NRT_MemInfo *owner);
} NRT_api_functions;

const NRT_api_functions *NRT_get_api(void)
{
    static const NRT_api_functions functions = {
        NRT_MemInfo_alloc,   NRT_MemInfo_alloc_external, manage,
        NRT_MemInfo_acquire, NRT_MemInfo_release,        NRT_MemInfo_data,
    };
    return &functions;
}
