// Vectors of floats and functions on them. Passes work on 16 floats for every register width, so that sums
// have the same order with AVX2 and with AVX-512.

typedef float wide __attribute__((ext_vector_type(16)));
typedef float wide_loose __attribute__((ext_vector_type(16), aligned(4)));
typedef int wide_int __attribute__((ext_vector_type(16)));
typedef float half_wide __attribute__((ext_vector_type(8)));
typedef float quarter __attribute__((ext_vector_type(4)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE wide read(const float *p) { return *(const wide_loose *)p; }
INLINE void write(float *p, wide v) { *(wide_loose *)p = v; }

// Fewer than 16 floats; the other lanes hold `filler`, and are not written. HAS_MASKS: AVX-512 loads and
// stores some lanes at once. Elsewhere a vector's load waits for the stores of single floats before it.
#if HAS_MASKS
INLINE wide read_some(const float *p, long count, float filler) {
    __mmask16 some = (__mmask16)((1u << count) - 1);
    return (wide)_mm512_mask_loadu_ps(_mm512_set1_ps(filler), some, p);
}

INLINE void write_some(float *p, wide v, long count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}
#else
INLINE wide read_some(const float *p, long count, float filler) {
    float lanes[16];
    for (long i = 0; i < 16; i++) lanes[i] = i < count ? p[i] : filler;
    return read(lanes);
}

INLINE void write_some(float *p, wide v, long count) {
    for (long i = 0; i < count; i++) p[i] = v[i];
}
#endif

// x y + z.
#if HAS_FMA
#define MULTIPLY_ADD(x, y, z) __builtin_elementwise_fma(x, y, z)
#else
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#endif
INLINE wide multiply_add(wide x, wide y, wide z) { return MULTIPLY_ADD(x, y, z); }

// The sum of the lanes, always in the same order.
INLINE float total(wide v) {
    quarter four = (v.s0123 + v.s89ab) + (v.s4567 + v.scdef);
    return (four.x + four.z) + (four.y + four.w);
}

// The highest lane, NaN excepted.
INLINE float highest(wide v) {
    half_wide eight = v.lo > v.hi ? v.lo : v.hi;
    quarter four = eight.lo > eight.hi ? eight.lo : eight.hi;
    float first = four.x > four.z ? four.x : four.z, second = four.y > four.w ? four.y : four.w;
    return first > second ? first : second;
}

// NaN stays NaN.
INLINE wide limited(wide x, float lower, float upper) {
    x = x < (wide)lower ? (wide)lower : x;
    return x > (wide)upper ? (wide)upper : x;
}

// e^x after Cephes, relative error 8.4e-8.
INLINE wide exponential(wide argument) {
    wide x = limited(argument, -87.33655f, 88.37626f);
    // Adding 1.5 · 2^23 rounds to the nearest integer, which is then in the low bits.
    wide shifted = multiply_add(x, (wide)1.44269504f, (wide)12582912.f);
    wide whole = shifted - 12582912.f;
    wide rest = multiply_add(whole, (wide)2.12194440e-4f, multiply_add(whole, (wide)-0.693359375f, x));
    wide p = multiply_add((wide)1.9875691500e-4f, rest, (wide)1.3981999507e-3f);
    p = multiply_add(p, rest, (wide)8.3334519073e-3f);
    p = multiply_add(p, rest, (wide)4.1665795894e-2f);
    p = multiply_add(p, rest, (wide)1.6666665459e-1f);
    p = multiply_add(p, rest, (wide)5.0000001201e-1f);
    wide mantissa = multiply_add(p, rest * rest, rest + 1.f);
    wide_int bits = __builtin_bit_cast(wide_int, mantissa) + (__builtin_bit_cast(wide_int, shifted) << 23);
    return __builtin_bit_cast(wide, bits);
}

// erf x, the rational approximation of Eigen and XNNPACK, absolute error 3.7e-7.
INLINE wide error_function(wide argument) {
    wide x = limited(argument, -4.f, 4.f);
    wide s = x * x;
    wide p = multiply_add((wide)-2.72614225801306e-10f, s, (wide)2.77068142495902e-08f);
    p = multiply_add(p, s, (wide)-2.10102402082508e-06f);
    p = multiply_add(p, s, (wide)-5.69250639462346e-05f);
    p = multiply_add(p, s, (wide)-7.34990630326855e-04f);
    p = multiply_add(p, s, (wide)-2.95459980854025e-03f);
    p = multiply_add(p, s, (wide)-1.60960333262415e-02f);
    wide q = multiply_add((wide)-1.45660718464996e-05f, s, (wide)-2.13374055278905e-04f);
    q = multiply_add(q, s, (wide)-1.68282697438203e-03f);
    q = multiply_add(q, s, (wide)-7.37332916720468e-03f);
    q = multiply_add(q, s, (wide)-1.42647390514189e-02f);
    return x * p / q;
}
