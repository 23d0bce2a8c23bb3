// The inner loops of Kernels, compiled once for each instruction set: Swift can't compile one function for
// several of them and choose at run time, so the default build would use SSE2. Only CMPI is in C as well.
//
// Rows of a matrix are `stride` floats apart. All tables with FMA give the same bits: sums have the same
// order for every register width. Nothing allocates.
#ifndef CKERNELS_H
#define CKERNELS_H

typedef struct ckernels_product {
    // c [m, n] = scale · a b + bias, or c += scale · a b. Each element is one chain of additions over k = 0,
    // 1, …, so its bits depend on its row of a and its column of b alone, not on m, n or its position in c.
    long m, n, k;
    float scale;
    const float *a;      // a(i, k) = a[i · aRow + k · aColumn]
    long aRow, aColumn;
    const float *b;      // b(k, j) = b[k · bRow + j · bColumn]
    long bRow, bColumn;
    const float *panels; // b as packed by `pack`, read instead of b, for a scale of 1; or null
    float *c;
    long cRow;
    long room;           // ≥ n floats of each row of c that may be overwritten; those past n are undefined
    int accumulate;
    const float *bias;   // [n], or null; not read when accumulating
} ckernels_product;

typedef struct ckernels {
    // `avx512`, `avx2` or `portable`.
    const char *name;
    // The class of tables with the same bits: `fma`, or `sse2`.
    const char *bits;

    void (*product)(const ckernels_product *p);
    // Packs b [k, n] into panels of `panel` columns, k · panel floats each; the last panel is padded.
    void (*pack)(long k, long n, const float *b, long bRow, long bColumn, float *panels);
    long panel;

    // u = f(z) for n floats; with `save`, overwrites z with f'(z). f is GELU, its tanh form, ReLU, or swish.
    void (*gelu)(long n, float *z, float *u, int save);
    void (*gelu_tanh)(long n, float *z, float *u, int save);
    void (*relu)(long n, float *z, float *u, int save);
    void (*swish)(long n, float *z, float *u, int save);

    // p = softmax(s) in place, for `rows` rows of n; up to `whole` ≥ n floats of a row may be written, those
    // past n as 0.
    void (*softmax)(long rows, long n, long whole, float *s, long stride);
    // Overwrites dp with scale · p ⊙ (dp − Σ dp ⊙ p).
    void (*softmax_backward)(long rows, long n, float scale, float *dp, long dpStride, const float *p,
                             long pStride);

    // y = γ ⊙ x̂ + β with x̂ the normalised x + residual; saves x̂ in `saved` and each row's 1 / √(var + ε)
    // in `reciprocal`. residual, saved and reciprocal may be null; saved may be x, and so may y if nothing is
    // saved.
    void (*layer_norm)(long rows, long d, const float *x, long xStride, const float *residual,
                       long residualStride, const float *gamma, const float *beta, float epsilon,
                       float *y, long yStride, float *saved, long savedStride, float *reciprocal);
    // Overwrites dy with dx.
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

typedef struct ckernels_bfloat16_product {
    // c [m, n] = a b + bias, or c += a b, with k > 0. The elements of a and b are rounded to bfloat16, to
    // nearest with ties to even, and added in floats. An element's bits depend on its row of a and its column
    // of b alone.
    long m, n, k;
    const float *a;      // a(i, k) = a[i · aRow + k]
    long aRow;
    const void *panels;  // b as packed by `pack`
    float *c;
    long cRow;
    int accumulate;
    const float *bias;   // [n], or null; not read when accumulating
    void *scratch;       // `scratch_bytes` for the rounded rows of a, 64-byte aligned
} ckernels_bfloat16_product;

typedef struct ckernels_bfloat16 {
    // `amx`, `avx512bf16`, or `avx512`, `avx2` and `portable`, which emulate avx512bf16.
    const char *name;
    // The class of tables with the same bits: `tiles`, in the order of AMX, or `pairs`, in that of
    // AVX512_BF16. A NaN is a NaN; its bits are not part of this.
    const char *bits;

    void (*product)(const ckernels_bfloat16_product *p);
    // Rounds and packs b [k, n] into `packed_bytes`, 64-byte aligned.
    void (*pack)(long k, long n, const float *b, long bRow, long bColumn, void *panels);
    // Packs b [k, n] of numbers in bfloat16, the high halves of floats.
    void (*pack_bfloat16)(
        long k, long n, const unsigned short *b, long bRow, long bColumn, void *panels);
    long (*packed_bytes)(long k, long n);
    long (*scratch_bytes)(long m, long k);
    // Tables with the same layout read the same panels.
    long layout;
} ckernels_bfloat16;

// The fastest table that this processor supports.
const ckernels *ckernels_best(void);
// A table by name; null if the processor or this build does not support it.
const ckernels *ckernels_named(const char *name);

// A table of products in bfloat16 by name; null if the processor, the system or this build does not support
// it. For `amx` the process asks the system for permission.
const ckernels_bfloat16 *ckernels_bfloat16_named(const char *name);
// The fastest of them.
const ckernels_bfloat16 *ckernels_bfloat16_best(void);

#endif
