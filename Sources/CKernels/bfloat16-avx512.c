// Products in bfloat16 with AVX-512, emulated.
#if defined(__x86_64__)
#define TABLE ckernels_bfloat16_avx512
#define NAME "avx512"
#define LANES 16
#define VECTORS 4
#define SUMS 16
#define HAS_FMA 1
#include "bfloat16-fma.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"))), \
                             apply_to = function)
#include "lanes.h"
#include "bfloat16.h"
#pragma clang attribute pop
#endif
