// c = a b, by the tiles of tiles.h; columns of b that are not prepacked are packed panel by panel.

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
