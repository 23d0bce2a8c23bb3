// Products in bfloat16 with AVX2 and FMA, emulated.
#if defined(__x86_64__)
#define TABLE ckernels_bfloat16_avx2
#define NAME "avx2"
#define LANES 8
#define VECTORS 2
#define SUMS 8
#define HAS_FMA 1
#include "bfloat16-fma.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "lanes.h"
#include "bfloat16.h"
#pragma clang attribute pop
#endif
