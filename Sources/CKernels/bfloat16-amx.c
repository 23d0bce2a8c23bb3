// Products in bfloat16 by AMX's tiles of 16 × 16 sums over 32 elements.
//
// TDPBF16PS adds the products of the elements with even and with odd k, from zero, in two chains of fused
// additions over the 16 pairs, then both sums, and then that to c:
//
//   c ← c + (Σ_{even k} a b + Σ_{odd k} a b)
//
// All additions round to nearest, ties to even, and flush subnormals as VDPBF16PS does. The last tile over k
// is filled with zeros. Source: Intel's manual, "TDPBF16PS".
#if defined(__x86_64__) && defined(__linux__)
#if __has_include(<amxintrin.h>)
#include <immintrin.h>
#include <string.h>
#include "ckernels.h"
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"
#define FEATURES "avx512f,avx512vl,avx512bw,avx512dq,avx512bf16,avx2,fma,amx-tile,amx-bf16"
#pragma clang attribute push(__attribute__((target(FEATURES))), apply_to = function)
#define HAS_FMA 1
#include "lanes.h"
#include "pairs.h"

// SIDE: rows and columns of a tile, and its pairs. TILE: its dwords. DEPTH: the block of k, in tiles, for
// which two panels of b fit the first-level cache. ROWS: the rows of a that fit the second-level one.
enum { SIDE = 16, TILE = SIDE * SIDE, DEPTH = 12, ROWS = 512 };

static long tiles_of(long elements, long side) { return (elements + side - 1) / side; }

static long packed_bytes(long k, long n) { return tiles_of(n, SIDE) * tiles_of(k, 2 * SIDE) * TILE * 4; }

static void pack(long k, long n, const float *b, long bRow, long bColumn, void *panels) {
    pack_pairs(k, n, b, 0, bRow, bColumn, SIDE, SIDE, panels);
}

static void pack_bfloat16(long k, long n, const unsigned short *b, long bRow, long bColumn, void *panels) {
    pack_pairs(k, n, b, 1, bRow, bColumn, SIDE, SIDE, panels);
}

static long scratch_bytes(long m, long k) {
    long rows = tiles_of(m < ROWS ? m : ROWS, SIDE), depth = tiles_of(k, 2 * SIDE);
    return rows * (depth < DEPTH ? depth : DEPTH) * TILE * 4;
}

typedef struct {
    unsigned char palette, start, reserved[14];
    unsigned short bytes[16];
    unsigned char rows[16];
} tile_shapes;

static void configure(void) {
    tile_shapes shapes = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        shapes.bytes[i] = 4 * SIDE;
        shapes.rows[i] = SIDE;
    }
    _tile_loadconfig(&shapes);
}

// Rounds m rows of k elements into tiles, [row tile][k tile][16 rows][16 pairs]. Missing rows are zeros.
static void round_tiles(long m, long k, const float *a, long aRow, unsigned *to) {
    long depth = tiles_of(k, 2 * SIDE), full = k / (2 * SIDE);
    for (long row = 0; row < m; row += SIDE, to += depth * TILE) {
        long rows = m - row < SIDE ? m - row : SIDE;
        for (long r = 0; r < SIDE; r++) {
            unsigned *line = to + r * SIDE;
            if (r >= rows) {
                for (long t = 0; t < depth; t++) memset(line + t * TILE, 0, 4 * SIDE);
                continue;
            }
            const float *from = a + (row + r) * aRow;
            for (long t = 0; t < full; t++, from += 2 * SIDE) {
                __m512bh pairs = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + SIDE), _mm512_loadu_ps(from));
                _mm512_storeu_si512(line + t * TILE, (__m512i)pairs);
            }
            if (full < depth) {
                round_row(k - full * 2 * SIDE, 2 * SIDE, from, (unsigned short *)(line + full * TILE));
            }
        }
    }
}

// Up to 2 × 2 tiles of c.
typedef struct {
    float *c;
    long cRow;
    long rows, columns;
    int accumulate;
    const float *bias;
} sums_place;

// A tile of c, or a copy of it where it is not whole.
typedef struct {
    float *base;
    long bytes;
    int isCopy;
} sums_tile;

INLINE sums_tile begin(const sums_place *p, long row, long column, float *copy) {
    long rows = p->rows - row < SIDE ? p->rows - row : SIDE;
    long columns = p->columns - column < SIDE ? p->columns - column : SIDE;
    float *c = p->c + row * p->cRow + column;
    sums_tile tile = {c, p->cRow * 4, rows < SIDE || columns < SIDE};
    if (tile.isCopy) {
        tile.base = copy;
        tile.bytes = 4 * SIDE;
        if (p->accumulate) {
            for (long r = 0; r < rows; r++) {
                for (long j = 0; j < columns; j++) copy[r * SIDE + j] = c[r * p->cRow + j];
            }
        }
    }
    return tile;
}

// Loads sums: those of c, the bias in every row, or zeros. The number of a tile is part of the instruction.
#define LOAD_SUMS(number, tile, column)                                     \
    if (p->accumulate) {                                                    \
        _tile_loadd(number, (tile).base, (tile).bytes);                     \
    } else if (p->bias) {                                                   \
        _tile_loadd(number, p->bias + (column), 0);                         \
    } else {                                                                \
        _tile_zero(number);                                                 \
    }

#define STORE_SUMS(number, tile, row, column)                                      \
    _tile_stored(number, (tile).base, (tile).bytes);                               \
    if ((tile).isCopy) {                                                           \
        for (long r = 0; r < SIDE && (row) + r < p->rows; r++) {                   \
            for (long j = 0; j < SIDE && (column) + j < p->columns; j++) {         \
                p->c[((row) + r) * p->cRow + (column) + j] = (tile).base[r * SIDE + j]; \
            }                                                                      \
        }                                                                          \
    }

// c of `high` × `broad` tiles; a's second row of tiles is `aNext` dwords on, b's second panel `bNext`.
INLINE void block(const int high, const int broad, const sums_place *p, long depth, const unsigned *a,
                  long aNext, const unsigned *b, long bNext) {
    float copies[4][TILE] __attribute__((aligned(64)));
    sums_tile s00 = begin(p, 0, 0, copies[0]), s01, s10, s11;
    LOAD_SUMS(0, s00, 0)
    if (broad > 1) {
        s01 = begin(p, 0, SIDE, copies[1]);
        LOAD_SUMS(1, s01, SIDE)
    }
    if (high > 1) {
        s10 = begin(p, SIDE, 0, copies[2]);
        LOAD_SUMS(2, s10, 0)
    }
    if (high > 1 && broad > 1) {
        s11 = begin(p, SIDE, SIDE, copies[3]);
        LOAD_SUMS(3, s11, SIDE)
    }
    for (long t = 0; t < depth; t++, a += TILE, b += TILE) {
        _tile_loadd(6, b, 4 * SIDE);
        _tile_loadd(4, a, 4 * SIDE);
        _tile_dpbf16ps(0, 4, 6);
        if (broad > 1) {
            _tile_loadd(7, b + bNext, 4 * SIDE);
            _tile_dpbf16ps(1, 4, 7);
        }
        if (high > 1) {
            _tile_loadd(5, a + aNext, 4 * SIDE);
            _tile_dpbf16ps(2, 5, 6);
            if (broad > 1) _tile_dpbf16ps(3, 5, 7);
        }
    }
    STORE_SUMS(0, s00, 0, 0)
    if (broad > 1) { STORE_SUMS(1, s01, 0, SIDE) }
    if (high > 1) { STORE_SUMS(2, s10, SIDE, 0) }
    if (high > 1 && broad > 1) { STORE_SUMS(3, s11, SIDE, SIDE) }
}

static void product(const ckernels_bfloat16_product *p) {
    const unsigned *panels = p->panels;
    unsigned *a = p->scratch;
    long whole = tiles_of(p->k, 2 * SIDE), panel = whole * TILE;
    configure();
    for (long first = 0; first < p->m; first += ROWS) {
        long m = p->m - first < ROWS ? p->m - first : ROWS;
        for (long start = 0; start < whole; start += DEPTH) {
            long depth = whole - start < DEPTH ? whole - start : DEPTH;
            long left = p->k - start * 2 * SIDE, k = left < depth * 2 * SIDE ? left : depth * 2 * SIDE;
            round_tiles(m, k, p->a + first * p->aRow + start * 2 * SIDE, p->aRow, a);
            for (long column = 0; column < p->n; column += 2 * SIDE) {
                long columns = p->n - column < 2 * SIDE ? p->n - column : 2 * SIDE;
                const unsigned *b = panels + column / SIDE * panel + start * TILE;
                float bias[2 * SIDE] = {0};
                if (p->bias) memcpy(bias, p->bias + column, columns * sizeof(float));
                for (long row = 0; row < m; row += 2 * SIDE) {
                    sums_place place = {
                        .c = p->c + (first + row) * p->cRow + column, .cRow = p->cRow,
                        .rows = m - row < 2 * SIDE ? m - row : 2 * SIDE, .columns = columns,
                        .accumulate = p->accumulate || start > 0, .bias = p->bias ? bias : 0,
                    };
                    const unsigned *rows = a + row / SIDE * depth * TILE;
                    long next = depth * TILE;
                    if (place.rows > SIDE && columns > SIDE) {
                        block(2, 2, &place, depth, rows, next, b, panel);
                    } else if (place.rows > SIDE) {
                        block(2, 1, &place, depth, rows, next, b, panel);
                    } else if (columns > SIDE) {
                        block(1, 2, &place, depth, rows, next, b, panel);
                    } else {
                        block(1, 1, &place, depth, rows, next, b, panel);
                    }
                }
            }
        }
    }
    _tile_release();
}

const ckernels_bfloat16 ckernels_bfloat16_amx = {
    .name = "amx", .bits = "tiles", .product = product, .pack = pack,
    .pack_bfloat16 = pack_bfloat16, .packed_bytes = packed_bytes, .scratch_bytes = scratch_bytes,
    .layout = TILE,
};
#pragma clang attribute pop
#else
#include "ckernels.h"
const ckernels_bfloat16 ckernels_bfloat16_amx = {0};
#endif
#endif
