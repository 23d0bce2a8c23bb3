// A table of products in bfloat16 with sums by pairs, as VDPBF16PS adds them. The includer sets TABLE, NAME,
// LANES, VECTORS, SUMS and STEP, the instruction or its emulation on dwords in vectors of floats:
//
//   z ← z + x₁ y₁,  z ← z + x₀ y₀
//
// Each is one fused multiplication and addition, rounded to nearest, ties to even. Subnormal operands are
// zero, and so is a result that is subnormal after rounding. BEFORE and AFTER, if defined, surround a product
// and set the processor's mode. Source: Intel's manual, "VDPBF16PS"; the tests compare emulations with it.
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"

#include "ckernels.h"

#include "tiles.h"
#include "pairs.h"

static long packed_bytes(long k, long n) {
    return (n + PANEL - 1) / PANEL * PANEL * pairs_of(k, 1) * 4;
}

static void pack(long k, long n, const float *b, long bRow, long bColumn, void *panels) {
    pack_pairs(k, n, b, 0, bRow, bColumn, PANEL, 1, panels);
}

static void pack_bfloat16(long k, long n, const unsigned short *b, long bRow, long bColumn, void *panels) {
    pack_pairs(k, n, b, 1, bRow, bColumn, PANEL, 1, panels);
}

static long scratch_bytes(long m, long k) {
    long rows = m < PACKED_ROWS ? m : PACKED_ROWS, pairs = pairs_of(k, 1);
    return rows * (pairs < DEPTH ? pairs : DEPTH) * 4;
}

// Not inlined, so that no arithmetic leaves the processor's mode.
static __attribute__((noinline)) void add_products_of(const ckernels_bfloat16_product *p) {
    long pairs = pairs_of(p->k, 1), blocks = (p->m + PACKED_ROWS - 1) / PACKED_ROWS;
    for (long block = 0; block < blocks; block++) {
        long first = p->m * block / blocks, m = p->m * (block + 1) / blocks - first;
        for (long depth = 0; depth < pairs; depth += DEPTH) {
            long k = pairs - depth < DEPTH ? pairs - depth : DEPTH;
            long given = p->k - 2 * depth < 2 * k ? p->k - 2 * depth : 2 * k;
            for (long r = 0; r < m; r++) {
                round_row(given, 2 * k, p->a + (first + r) * p->aRow + 2 * depth,
                          (unsigned short *)p->scratch + r * 2 * k);
            }
            ckernels_product part = {
                .m = m, .n = p->n, .k = k, .scale = 1, .a = p->scratch, .aRow = k, .aColumn = 1,
                .c = p->c + first * p->cRow, .cRow = p->cRow, .room = p->n,
                .accumulate = p->accumulate || depth > 0, .bias = p->bias,
            };
            for (long column = 0; column < p->n; column += PANEL) {
                long columns = p->n - column < PANEL ? p->n - column : PANEL;
                long most = ROWS_OF(vectors_of(columns)), tiles = (m + most - 1) / most;
                const float *panel = (const float *)p->panels + column * pairs + depth * PANEL;
                prefetch_lines ahead = {0, 0, 0, 0, 0, 0};
                if (column + PANEL < p->n && k >= WORTH_PREFETCHING) {
                    long length = k * PANEL, asks = tiles * ((k + 15) / 16);
                    ahead = (prefetch_lines){
                        panel + pairs * PANEL, length, length, 0, 1, (length / 16 + asks - 1) / asks};
                }
                for (long t = 0; t < tiles; t++) {
                    long row = m * t / tiles, next = m * (t + 1) / tiles;
                    tile_at(&part, row, (int)(next - row), column, columns, 0, k, panel, PANEL, &ahead);
                }
            }
        }
    }
}

static void product(const ckernels_bfloat16_product *p) {
#ifdef BEFORE
    BEFORE
#endif
    add_products_of(p);
#ifdef AFTER
    AFTER
#endif
}

const ckernels_bfloat16 TABLE = {
    .name = NAME, .bits = "pairs", .product = product, .pack = pack,
    .pack_bfloat16 = pack_bfloat16, .packed_bytes = packed_bytes, .scratch_bytes = scratch_bytes,
    .layout = PANEL,
};
