// c = a b, by tiles of a few rows × VECTORS vectors whose sums stay in registers over k. Columns of b are
// packed into panels, [k][VECTORS vectors], which a tile reads sequentially; a is not packed.
//
// The loops are ordered as in Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication",
// 2008, but without packing a, whose rows are few and read by broadcast. Of the tiles that fit the registers
// we take those with the fewest instructions per multiplication: a core shared by two busy hardware threads
// issues about three instructions of each per cycle, two of which should multiply.

typedef float vector __attribute__((ext_vector_type(LANES)));
typedef float vector_loose __attribute__((ext_vector_type(LANES), aligned(4)));
INLINE vector take(const float *p) { return *(const vector_loose *)p; }
INLINE void put(float *p, vector v) { *(vector_loose *)p = v; }

// PANEL: columns of a panel. DEPTH: the block of k whose panel fits the second-level cache. ROWS,
// PACKED_ROWS: rows of a that fit beside it, without and with prepacked b. FEW_ROWS: up to so many rows,
// packing does not pay. WORTH_PREFETCHING: the smallest k for which a tile takes long enough to prefetch.
enum {
    PANEL = VECTORS * LANES, DEPTH = 384, ROWS = 504, PACKED_ROWS = 224, FEW_ROWS = 42, WORTH_PREFETCHING = 32
};

// The number of vectors for some columns.
INLINE long vectors_of(long columns) { return (columns + LANES - 1) / LANES; }

// The most rows of a tile of some vectors, limited by the registers for its sums.
#define MOST_ROWS 14
#define ROWS_OF(vectors) (SUMS / (vectors) < MOST_ROWS ? SUMS / (vectors) : MOST_ROWS)

// The memory of the next panel, prefetched a few cache lines at a time while tiles are computed: runs of
// `length` floats, `step` floats apart.
typedef struct {
    const float *next;
    long left, length, step, runs, each;
} prefetch_lines;

INLINE void prefetch(prefetch_lines *ahead) {
    for (long i = 0; i < ahead->each && ahead->runs > 0; i++) {
        __builtin_prefetch(ahead->next, 0, 2);
        ahead->next += 16;
        ahead->left -= 16;
        if (ahead->left <= 0) {
            ahead->next += ahead->step - ahead->length;
            ahead->left = ahead->length;
            ahead->runs--;
        }
    }
}

// One multiplication for each sum. Row r of a is odd · 2ⁿ rows after the first; the processor's addressing
// computes that from `odds`, the first odd multiples of a's stride in bytes.
INLINE void step(const int rows, const int vectors, const float *a, const long *odds, const float *b,
                 vector sums[MOST_ROWS][VECTORS]) {
    vector columns[VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) columns[v] = take(b + v * LANES);
    UNROLL for (int r = 0; r < rows; r++) {
        const int power = r & -r;
        const long distance = r ? odds[r / (power ? power : 1) / 2] * power : 0;
        vector x = (vector)*(const float *)((const char *)a + distance);
        UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = MULTIPLY_ADD(x, columns[v], sums[r][v]);
    }
}

// `plain`: b is a panel and the elements of a are contiguous, so four steps share one address computation.
INLINE void tile(const int rows, const int vectors, const int plain, long k, const float *a, long aRow,
                 long aColumn, const float *b, long bRow, float *c, long cRow, int accumulate,
                 const float *bias, prefetch_lines *ahead) {
    vector sums[MOST_ROWS][VECTORS];
    if (k >= WORTH_PREFETCHING) {
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < vectors; v++) __builtin_prefetch(c + r * cRow + v * LANES, 1, 3);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) {
            sums[r][v] = accumulate ? take(c + r * cRow + v * LANES)
                         : bias     ? take(bias + v * LANES)
                                    : (vector)0.f;
        }
    }
    long odds[MOST_ROWS / 2];
    UNROLL for (int i = 0; i < MOST_ROWS / 2; i++) {
        odds[i] = (2 * i + 1) * aRow * (long)sizeof(float);
        // The empty asm hides the value from the compiler, which would otherwise replace the multiples by
        // additions.
        __asm__("" : "+r"(odds[i]));
    }
    for (long block = 0; block < k; block += 16) {
        prefetch(ahead);
        long end = k - block < 16 ? k : block + 16, i = block;
        if (plain) {
            for (; i + 4 <= end; i += 4, a += 4, b += 4 * PANEL) {
                UNROLL for (int u = 0; u < 4; u++) step(rows, vectors, a + u, odds, b + u * PANEL, sums);
            }
        }
        for (; i < end; i++, a += aColumn, b += bRow) step(rows, vectors, a, odds, b, sums);
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < vectors; v++) put(c + r * cRow + v * LANES, sums[r][v]);
    }
}

static void tile_of(int rows, int vectors, long k, const float *a, long aRow, long aColumn, const float *b,
                    long bRow, float *c, long cRow, int accumulate, const float *bias,
                    prefetch_lines *ahead) {
    int plain = aColumn == 1 && bRow == PANEL;
#define ARGUMENTS k, a, aRow, aColumn, b, bRow, c, cRow, accumulate, bias, ahead
#define TILE(r, v)                                                                   \
    case (v) * 16 + (r):                                                             \
        if ((r) <= ROWS_OF(v) && (v) == VECTORS && plain) tile(r, v, 1, ARGUMENTS);  \
        else if ((r) <= ROWS_OF(v) && (v) <= VECTORS) tile(r, v, 0, ARGUMENTS);      \
        break;
#define TILES(v)                                                                  \
    TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v) TILE(5, v) TILE(6, v) TILE(7, v)  \
    TILE(8, v) TILE(9, v) TILE(10, v) TILE(11, v) TILE(12, v) TILE(13, v) TILE(14, v)
    switch (vectors * 16 + rows) { TILES(1) TILES(2) TILES(3) TILES(4) }
#undef TILES
#undef TILE
#undef ARGUMENTS
}

typedef float eight __attribute__((ext_vector_type(8)));
typedef float eight_loose __attribute__((ext_vector_type(8), aligned(4)));

// to[i][0 ..< 8] = scale · element i of each of eight rows, for eight i; the last of `rows` rows is repeated.
INLINE void transpose_eight(const float *from, long stride, int rows, float scale, float *to) {
    eight r[8], t[8];
    UNROLL for (int i = 0; i < 8; i++) {
        r[i] = *(const eight_loose *)(from + (i < rows ? i : rows - 1) * stride) * scale;
    }
    UNROLL for (int i = 0; i < 4; i++) {
        t[2 * i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[2 * i + 1] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLL for (int i = 0; i < 2; i++) {
        r[4 * i] = __builtin_shufflevector(t[4 * i], t[4 * i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        r[4 * i + 1] = __builtin_shufflevector(t[4 * i], t[4 * i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        r[4 * i + 2] = __builtin_shufflevector(t[4 * i + 1], t[4 * i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        r[4 * i + 3] = __builtin_shufflevector(t[4 * i + 1], t[4 * i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        eight_loose *low = (eight_loose *)(to + i * PANEL), *high = (eight_loose *)(to + (i + 4) * PANEL);
        *low = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *high = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

// Packs k rows of up to PANEL columns, times scale; columns past n are padding.
static void pack_panel(long k, long n, const float *b, long bRow, long bColumn, float scale, float *panel) {
    if (bColumn == 1) {
        long full = n / LANES * LANES;
        for (long i = 0; i < k; i++) {
            for (long j = 0; j < full; j += LANES) put(panel + i * PANEL + j, take(b + i * bRow + j) * scale);
            for (long j = full; j < n; j++) panel[i * PANEL + j] = b[i * bRow + j] * scale;
        }
        return;
    }
    long eights = bRow == 1 ? k / 8 * 8 : 0, whole = n / 8 * 8, used = vectors_of(n) * LANES;
    for (long i = 0; i < eights; i += 8) {
        const float *from = b + i;
        float *to = panel + i * PANEL;
        for (long j = 0; j < whole; j += 8) transpose_eight(from + j * bColumn, bColumn, 8, scale, to + j);
        if (whole < n) transpose_eight(from + whole * bColumn, bColumn, (int)(n - whole), scale, to + whole);
        for (long j = (n + 7) / 8 * 8; j < used; j += 8) {
            UNROLL for (int r = 0; r < 8; r++) *(eight_loose *)(to + r * PANEL + j) = (eight)0.f;
        }
    }
    for (long i = eights; i < k; i++) {
        for (long j = 0; j < used; j++) panel[i * PANEL + j] = j < n ? b[i * bRow + j * bColumn] * scale : 0;
    }
}

// Computes one tile of up to PANEL columns, in a temporary if c has no room for whole vectors. Sums past b's
// columns are ignored.
INLINE void tile_at(const ckernels_product *p, long row, int rows, long column, long columns, long depth,
                    long k, const float *panel, long panelRow, prefetch_lines *ahead) {
    const float *a = p->a + row * p->aRow + depth * p->aColumn;
    float *c = p->c + row * p->cRow + column;
    int accumulate = p->accumulate || depth > 0, vectors = (int)vectors_of(columns);
    const float *bias = p->bias ? p->bias + column : 0;
    if (columns == vectors * LANES || (column + vectors * LANES <= p->room && !bias && !accumulate)) {
        tile_of(rows, vectors, k, a, p->aRow, p->aColumn, panel, panelRow, c, p->cRow, accumulate, bias,
                ahead);
        return;
    }
    float temporary[MOST_ROWS * PANEL], start[PANEL];
    for (long j = 0; j < PANEL; j++) start[j] = bias && j < columns ? bias[j] : 0;
    if (accumulate) {
        for (long r = 0; r < rows; r++) {
            for (long j = 0; j < PANEL; j++) temporary[r * PANEL + j] = j < columns ? c[r * p->cRow + j] : 0;
        }
    }
    tile_of(rows, vectors, k, a, p->aRow, p->aColumn, panel, panelRow, temporary, PANEL, accumulate, start,
            ahead);
    for (long r = 0; r < rows; r++) {
        for (long j = 0; j < columns; j++) c[r * p->cRow + j] = temporary[r * PANEL + j];
    }
}

// Packs all panels of b.
static void pack(long k, long n, const float *b, long bRow, long bColumn, float *panels) {
    for (long column = 0; column < n; column += PANEL) {
        long columns = n - column < PANEL ? n - column : PANEL;
        pack_panel(k, columns, b + column * bColumn, bRow, bColumn, 1, panels + column * k);
    }
}

// The memory of the next panel, or of b where it is packed from.
INLINE prefetch_lines lines_after(const ckernels_product *p, long column, long depth, long k, long tiles) {
    prefetch_lines ahead = {0, 0, 0, 0, 0, 0};
    if (k < WORTH_PREFETCHING) return ahead;
    if (p->panels) {
        // After the last panel of this block comes the first one of the next.
        if (column + PANEL < p->n) {
            ahead.next = p->panels + (column + PANEL) * p->k + depth * PANEL;
        } else if (depth + DEPTH < p->k) {
            ahead.next = p->panels + (depth + DEPTH) * PANEL;
            k = p->k - depth - DEPTH < DEPTH ? p->k - depth - DEPTH : DEPTH;
        } else {
            return ahead;
        }
        ahead.length = k * PANEL;
        ahead.runs = 1;
    } else {
        if (column + 2 * PANEL > p->n) return ahead;
        ahead.next = p->b + depth * p->bRow + (column + PANEL) * p->bColumn;
        ahead.length = p->bColumn == 1 ? PANEL : k;
        ahead.step = p->bColumn == 1 ? p->bRow : p->bColumn;
        ahead.runs = p->bColumn == 1 ? k : PANEL;
    }
    ahead.left = ahead.length;
    long lines = ahead.runs * ((ahead.length + 15) / 16), asks = tiles * ((k + 15) / 16);
    ahead.each = (lines + asks - 1) / asks;
    return ahead;
}

static void product(const ckernels_product *p) {
    static _Thread_local float panel[DEPTH * PANEL] __attribute__((aligned(64)));
    long rows = p->panels ? PACKED_ROWS : ROWS, blocks = (p->m + rows - 1) / rows;
    for (long block = 0; block < blocks; block++) {
        long first = p->m * block / blocks, m = p->m * (block + 1) / blocks - first;
        for (long depth = 0; depth < p->k; depth += DEPTH) {
            long k = p->k - depth < DEPTH ? p->k - depth : DEPTH;
            for (long column = 0; column < p->n; column += PANEL) {
                long columns = p->n - column < PANEL ? p->n - column : PANEL, step = PANEL;
                // Tiles of a block are of even heights, since a low tile takes as long as a higher one.
                long most = ROWS_OF(vectors_of(columns)), tiles = (m + most - 1) / most;
                const float *b = panel;
                if (p->panels) {
                    b = p->panels + column * p->k + depth * PANEL;
                } else {
                    const float *from = p->b + depth * p->bRow + column * p->bColumn;
                    if (columns % LANES == 0 && p->bColumn == 1 && p->scale == 1 && m <= FEW_ROWS) {
                        b = from;
                        step = p->bRow;
                    } else {
                        pack_panel(k, columns, from, p->bRow, p->bColumn, p->scale, panel);
                    }
                }
                prefetch_lines ahead = lines_after(p, column, depth, k, tiles);
                for (long t = 0; t < tiles; t++) {
                    long row = m * t / tiles, next = m * (t + 1) / tiles;
                    tile_at(p, first + row, (int)(next - row), column, columns, depth, k, b, step, &ahead);
                }
            }
        }
    }
    // An empty sum over k.
    if (p->k == 0 && !p->accumulate) {
        for (long r = 0; r < p->m; r++) {
            for (long j = 0; j < p->n; j++) p->c[r * p->cRow + j] = p->bias ? p->bias[j] : 0;
        }
    }
}
