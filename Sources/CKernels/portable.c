// The kernels for any processor: with FMA where every processor of the architecture has it (ARM), without on x86.
#define TABLE ckernels_portable
#define NAME "portable"
#define LANES 4
#if defined(__x86_64__)
#define BITS "sse2"
#define TILE_ROWS 4
#define HAS_FMA 0
#else
#define BITS "fma"
#define TILE_ROWS 6
#define HAS_FMA 1
#endif
#include "table.h"
