// Products in bfloat16 with AVX512_BF16.
#if defined(__x86_64__)
#if __has_include(<avx512bf16intrin.h>)
#include <immintrin.h>
#define FEATURES "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma"
#pragma clang attribute push(__attribute__((target(FEATURES))), apply_to = function)
#define TABLE ckernels_bfloat16_native
#define NAME "avx512bf16"
#define LANES 16
#define VECTORS 4
#define SUMS 27
#define HAS_ROUNDING 1
#define STEP(x, y, z) \
    ((vector)_mm512_dpbf16_ps((__m512)(z), (__m512bh)(x), (__m512bh)(y)))
#include "lanes.h"
#include "bfloat16.h"
#pragma clang attribute pop
#else
#include "ckernels.h"
const ckernels_bfloat16 ckernels_bfloat16_native = {0};
#endif
#endif
