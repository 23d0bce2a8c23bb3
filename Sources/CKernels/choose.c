// Chooses a table of kernels by the processor's features.
#include "ckernels.h"

#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

extern const ckernels ckernels_portable;
extern const ckernels_bfloat16 ckernels_bfloat16_portable;
#if defined(__x86_64__)
extern const ckernels ckernels_avx512, ckernels_avx2;

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static int has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

extern const ckernels_bfloat16 ckernels_bfloat16_native, ckernels_bfloat16_avx512, ckernels_bfloat16_avx2;

// A register of CPUID's leaf 7, where compilers may not know a feature's name.
enum { EAX, EDX };
static int has_bit(int part, int number, int bit) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, (unsigned)part, &a, &b, &c, &d)) return 0;
    return ((number == EAX ? a : d) >> bit) & 1;
}

static int has_avx512bf16(void) {
    return has_avx512() && ckernels_bfloat16_native.name && has_bit(1, EAX, 5);
}

#if defined(__linux__)
extern const ckernels_bfloat16 ckernels_bfloat16_amx;

// Linux refuses the tiles' 8 kB of state to a process that did not ask for them.
static int has_amx(void) {
    const long request = 0x1023, tile_data = 18;
    return has_avx512bf16() && ckernels_bfloat16_amx.name && has_bit(0, EDX, 22) && has_bit(0, EDX, 24)
        && syscall(SYS_arch_prctl, request, tile_data) == 0;
}
#endif
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

const ckernels_bfloat16 *ckernels_bfloat16_named(const char *name) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#if defined(__linux__)
    if (strcmp(name, "amx") == 0) return has_amx() ? &ckernels_bfloat16_amx : 0;
#endif
    if (strcmp(name, "avx512bf16") == 0) return has_avx512bf16() ? &ckernels_bfloat16_native : 0;
    if (strcmp(name, "avx512") == 0) return has_avx512() ? &ckernels_bfloat16_avx512 : 0;
    if (strcmp(name, "avx2") == 0) return has_avx2() ? &ckernels_bfloat16_avx2 : 0;
#endif
    return strcmp(name, "portable") == 0 ? &ckernels_bfloat16_portable : 0;
}

const ckernels_bfloat16 *ckernels_bfloat16_best(void) {
    const char *names[] = {"amx", "avx512bf16", "avx512", "avx2"};
#if defined(__x86_64__)
    __builtin_cpu_init();
    // An Intel core starts one VDPBF16PS in four cycles, so the emulation takes less time: 0.7 of it,
    // measured on Emerald Rapids.
    if (__builtin_cpu_is("intel")) {
        names[1] = "avx512";
        names[2] = "avx512bf16";
    }
#endif
    for (int i = 0; i < 4; i++) {
        const ckernels_bfloat16 *table = ckernels_bfloat16_named(names[i]);
        if (table) return table;
    }
    return &ckernels_bfloat16_portable;
}
