// Emulates VDPBF16PS by two fused multiplications and additions; the processor flushes subnormals.

#if defined(__x86_64__)
#include <immintrin.h>

// All exceptions masked, to nearest, subnormal operands and results are zero.
#define FLUSHING 0x9fc0
#define BEFORE                              \
    const unsigned mode = _mm_getcsr();     \
    _mm_setcsr(FLUSHING);
#define AFTER _mm_setcsr(mode);

typedef unsigned dwords __attribute__((ext_vector_type(LANES)));
#define LOW(x) ((vector)((dwords)(x) << 16))
#define HIGH(x) ((vector)((dwords)(x) & 0xffff0000))
#define STEP(x, y, z) MULTIPLY_ADD(LOW(x), LOW(y), MULTIPLY_ADD(HIGH(x), HIGH(y), z))
#endif
