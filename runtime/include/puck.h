/* puck.h: call the functions of installed packages by name and type.
 *
 *     #include <puck.h>
 *     #include <stdio.h>
 *
 *     int main(void) {
 *         puck_environment *environment;
 *         double (*dot)(uint64_t, const double *, const double *);
 *         if (puck_open(".", &environment) != PUCK_OK
 *             || PUCK_FUNCTION(environment, "linalg::dot",
 *                    "fn(u64, *const f64, *const f64) -> f64", &dot) != PUCK_OK) {
 *             fprintf(stderr, "%s\n", puck_error_message());
 *             return 1;
 *         }
 *         const double x[] = {1, 2, 3}, y[] = {4, 5, 6};
 *         printf("%g\n", dot(3, x, y));
 *         puck_close(environment);
 *         return 0;
 *     }
 *
 *     cc example.c -lpuck
 *
 * The signature says what the function pointer's type is. It is compared with the function's own:
 * asking for another type is an error whose message shows both. That signature and pointer fit each
 * other is the caller's promise, which C cannot check.
 *
 * A program that knows its packages when it is compiled needs none of this: it can include
 * `.puck/include/linalg.h` and link `.puck/lib/linalg.v1.so` like any other library.
 *
 * All of this is the same in every link mode of an environment.
 *
 * Threads: every function may be called from any thread at any time, except that an environment must
 * not be used during or after its `puck_close`. The error message belongs to the calling thread.
 * Texts are UTF-8 and end with a zero byte. No function is slow but the first use of a package,
 * which loads its library. PUCK_TARGET and PUCK_HOME are read from the process's environment.
 */
#ifndef PUCK_H
#define PUCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. The values are never changed; there may be more of them later. */
typedef enum puck_status {
    PUCK_OK = 0,
    /* A null pointer, a text that is not UTF-8, a name or signature that does not parse. */
    PUCK_INVALID_ARGUMENT = 1,
    /* There is no environment at the path, or its link leads nowhere. */
    PUCK_NO_ENVIRONMENT = 2,
    /* A file of the environment is missing, damaged, or cannot be read. */
    PUCK_DAMAGED = 3,
    /* The environment is of a format, or linked in a way, that is newer than this library. */
    PUCK_NEWER_FORMAT = 4,
    /* PUCK_TARGET names what this processor cannot run, or a package, or the one library of an
       environment, is not compiled for it. */
    PUCK_UNSUPPORTED_TARGET = 5,
    /* The environment has no such package, or not in that series. */
    PUCK_NO_PACKAGE = 6,
    /* The package has no such function, or it was left out of an environment whose link mode is lto;
       the message says how to keep it. */
    PUCK_NO_FUNCTION = 7,
    /* The function has another type; the message shows it. */
    PUCK_WRONG_TYPE = 8,
    /* The process already uses another version of a library. */
    PUCK_CONFLICT = 9,
    /* The dynamic linker refused a library. */
    PUCK_LOAD = 10,
    /* A fault of this library. */
    PUCK_INTERNAL = 11,
    /* The package, or the function, uses what nothing in this process provides; the message names it,
       and says what to do. */
    PUCK_NOT_PROVIDED = 12,
    /* The package does not say what the exception is. */
    PUCK_UNKNOWN_EXCEPTION = 13
} puck_status;

/* An open environment. */
typedef struct puck_environment puck_environment;

/* Opens the environment of a project (the folder that `.puck` is in), or an environment's own
 * folder. `*environment` is set on success only. What is open stays as it is when `puck install`
 * replaces the project's `.puck`. */
puck_status puck_open(const char *path, puck_environment **environment);

/* Opens the user's own environment, where `puck install NAME` puts packages. */
puck_status puck_open_user(puck_environment **environment);

/* Lets go of an environment; null does nothing. Functions that were found stay valid: libraries are
 * never unloaded. */
void puck_close(puck_environment *environment);

/* Finds a function by name ("linalg::dot", or "linalg.v2::dot" for one series) and signature
 * ("fn(n: u64, x: *const f64) -> f64"; parameter names may be left out), loading its library if need
 * be. The signature chooses among overloads. `*pointer` is set on success only. */
puck_status puck_function(const puck_environment *environment, const char *name,
                          const char *signature, void **pointer);

/* The same, for `&function` where `function` is a function pointer of whatever type. */
#define PUCK_FUNCTION(environment, name, signature, function) \
    puck_function((environment), (name), (signature), (void **)(function))

/* Finds a function by its link name ("linalg.v1.dot.5c0e9a41"), as package.json lists it. */
puck_status puck_symbol(const puck_environment *environment, const char *link_name, void **pointer);

/* Some packages use what the process itself has to provide: functions of a Python interpreter, say.
 * `provider` is called with a symbol and the name of who is known to have it ("python"), and gives its
 * address, or null; the texts are valid during the call only. It is called when such a package is
 * loaded, from whatever thread that is, and before those that were added earlier; the package
 * "numba-runtime", where it is installed, needs no provider. Add it before the first function is asked
 * for. The environment keeps it, and `context`, until the process ends. */
typedef void *(*puck_provider)(void *context, const char *symbol, const char *provider);
puck_status puck_provide(const puck_environment *environment, puck_provider provider, void *context);

/* What is called with an exception: its class ("builtins.ValueError"), what it says, and where it was
 * raised: function and file, which are null if that is not known, and line. The texts are valid during
 * the call only. */
typedef void (*puck_exception_visitor)(void *context, const char *class_name, const char *message,
                                       const char *function, const char *file, uint64_t line);

/* Says what a function of a package ("kernels", "kernels.v2") has raised that Numba compiled: `status`
 * is what it returned, `exception` what it left in its second argument. The visitor is not called, and
 * the result is PUCK_OK, if it has raised nothing (0, and -2 for None). */
puck_status puck_numba_exception(const puck_environment *environment, const char *package, int status,
                                 const void *exception, puck_exception_visitor visitor, void *context);

/* What is called for each item of a listing. The texts are valid during the call only. A result
 * other than 0 ends the listing, which is no error. */
typedef int (*puck_package_visitor)(void *context, const char *name, const char *version,
                                    const char *series, int direct);
typedef int (*puck_function_visitor)(void *context, const char *name, const char *signature,
                                     const char *link_name, const char *doc);

/* Lists the packages of an environment. `direct` is 1 for what the project itself depends on. */
puck_status puck_packages(const puck_environment *environment, puck_package_visitor visitor,
                          void *context);

/* Lists the functions of a package ("linalg", "linalg.v2"). `doc` is null where there is none. */
puck_status puck_functions(const puck_environment *environment, const char *package,
                           puck_function_visitor visitor, void *context);

/* Why the last call of this thread that was not PUCK_OK failed, and what to do about it; "" before
 * any has. Valid until the thread's next failure. */
const char *puck_error_message(void);

/* The version of this library: "0.1.0". */
const char *puck_version(void);

#ifdef __cplusplus
}
#endif

#endif
