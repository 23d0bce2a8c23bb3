// The inner loops of Kernels, once for each instruction set: Swift can't compile one function for several of them and
// choose at run time, so that the default build would use none newer than SSE2. These loops are all that is in C.
//
// Rows of a matrix lie `stride` floats apart. All tables with FMA give the same bits: sums run in the same order
// whatever the width of the registers. Nothing allocates.
#ifndef CKERNELS_H
#define CKERNELS_H

typedef struct ckernels_product {
    // c [m, n] = scale · a b + bias, or c += scale · a b. Each element is one chain of additions over k = 0, 1, …, so
    // its bits depend on its row of a and its column of b alone, not on m, n or its place in c.
    long m, n, k;
    float scale;
    const float *a;      // a(i, k) = a[i · aRow + k · aColumn]
    long aRow, aColumn;
    const float *b;      // b(k, j) = b[k · bRow + j · bColumn]
    long bRow, bColumn;
    const float *panels; // b as lay_out puts it, which is then read in its place, with a scale of 1; or null
    float *c;
    long cRow;
    long room;           // how many floats of each row of c may be written, n or more; what those past n get has no meaning
    int accumulate;
    const float *bias;   // [n], or null; not read when accumulating
} ckernels_product;

typedef struct ckernels {
    // `avx512`, `avx2` or `portable`.
    const char *name;
    // What its bits have in common with other tables': `fma`, or `sse2`.
    const char *bits;

    void (*product)(const ckernels_product *p);
    // b [k, n] in the order in which products read it: `panel` columns after another, k · panel floats each, the last
    // filled up with numbers that no one reads.
    void (*lay_out)(long k, long n, const float *b, long bRow, long bColumn, float *panels);
    long panel;

    // u = GELU(z) with n floats each; with `keep`, z becomes GELU'(z).
    void (*gelu)(long n, float *z, float *u, int keep);

    // p = softmax(s) in place, for `rows` rows of n; `whole` ≥ n floats of each row may be written, those past n as zeros.
    void (*softmax)(long rows, long n, long whole, float *s, long stride);
    // dp becomes scale · p ⊙ (dp − Σ dp ⊙ p).
    void (*softmax_backward)(long rows, long n, float scale, float *dp, long dpStride, const float *p, long pStride);

    // y = γ ⊙ x̂ + β with x̂ the normalised x + residual; `kept` receives x̂ and `reciprocal` each row's 1 / √(var + ε).
    // Residual, kept and reciprocal may be null; kept may be x, and y too where nothing is kept.
    void (*layer_norm)(long rows, long d, const float *x, long xStride, const float *residual, long residualStride,
                       const float *gamma, const float *beta, float epsilon, float *y, long yStride, float *kept,
                       long keptStride, float *reciprocal);
    // dy becomes dx.
    void (*layer_norm_backward)(long rows, long d, float *dy, long dyStride, const float *gamma,
                                const float *normalized, long normalizedStride, const float *reciprocal);

    // y += x; y ⊙= x; over n floats.
    void (*add)(long n, const float *x, float *y);
    void (*multiply)(long n, const float *x, float *y);
    // y += factor · x.
    void (*add_scaled)(long n, float factor, const float *x, float *y);
    // y = w ⊙ y + b; b may be null.
    void (*scale_and_shift)(long n, const float *w, const float *b, float *y);
    // sums += x ⊙ y.
    void (*add_products)(long n, const float *x, const float *y, float *sums);
    // Σ x ⊙ y.
    float (*dot)(long n, const float *x, const float *y);
} ckernels;

// The fastest table that this processor has the instructions for.
const ckernels *ckernels_best(void);
// A table by name; null where the processor, or this build, doesn't have it.
const ckernels *ckernels_named(const char *name);

#endif
