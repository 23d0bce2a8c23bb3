// Chooses a table of kernels by the processor's features.
#include "ckernels.h"

#include <string.h>

extern const ckernels ckernels_portable;
#if defined(__x86_64__)
extern const ckernels ckernels_avx512, ckernels_avx2;

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}
#endif

const ckernels *ckernels_named(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(name, "avx512") == 0) return has_avx512() ? &ckernels_avx512 : 0;
    if (strcmp(name, "avx2") == 0) return has_avx2() ? &ckernels_avx2 : 0;
#endif
    return strcmp(name, "portable") == 0 ? &ckernels_portable : 0;
}

const ckernels *ckernels_best(void) {
    const ckernels *best = ckernels_named("avx512");
    if (!best) best = ckernels_named("avx2");
    return best ? best : &ckernels_portable;
}
