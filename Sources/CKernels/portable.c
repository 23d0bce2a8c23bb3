// The kernels for any processor: with FMA on ARM, where every processor has it, without on x86.
#define TABLE ckernels_portable
#define NAME "portable"
#define LANES 4
#define VECTORS 2
#if defined(__x86_64__)
#define BITS "sse2"
#define SUMS 8
#define HAS_FMA 0
#else
#define BITS "fma"
#define SUMS 12
#define HAS_FMA 1
#endif
#include "table.h"
