// Tiles of c = a b: a few rows × VECTORS vectors, whose sums stay in registers over k. Columns of b are
// packed into panels, [k][VECTORS vectors], which a tile reads sequentially; a is read by broadcast. The
// includer defines STEP(x, y, z), the sum z with the product of x and y.
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
        UNROLL for (int v = 0; v < vectors; v++) sums[r][v] = STEP(x, columns[v], sums[r][v]);
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
