// The kernels with AVX2 and FMA; 6 × 2 of the 16 registers hold a tile's sums.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define TABLE ckernels_avx2
#define NAME "avx2"
#define BITS "fma"
#define LANES 8
#define VECTORS 2
#define SUMS 12
#define HAS_FMA 1
#include "table.h"
#pragma clang attribute pop
#endif
