// The kernels with AVX-512; up to 27 of the 32 registers hold a tile's sums, 6 × 4 for the widest tiles.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#define TABLE ckernels_avx512
#define NAME "avx512"
#define BITS "fma"
#define LANES 16
#define VECTORS 4
#define SUMS 27
#define HAS_FMA 1
#define HAS_MASKS 1
#include "table.h"
#pragma clang attribute pop
#endif
