// Operands in bfloat16, the high half of a float. Products read pairs: dword i of a row has elements 2 i and
// 2 i + 1 in its low and its high half.
//
// Numbers are rounded as VCVTNEPS2BF16 rounds them: to nearest, ties to even, subnormals to zero. HAS_ROUNDING
// says that the processor has that instruction.

typedef unsigned wide_dword __attribute__((ext_vector_type(16)));
typedef unsigned short halves __attribute__((ext_vector_type(16)));
typedef unsigned short halves_loose __attribute__((ext_vector_type(16), aligned(2)));

#define ROUNDED(bits)                                                        \
    (((bits) & 0x7f800000) == 0            ? ((bits) >> 16) & 0x8000         \
     : ((bits) & 0x7fffffff) > 0x7f800000  ? ((bits) >> 16) | 0x40           \
                                           : ((bits) + 0x7fff + (((bits) >> 16) & 1)) >> 16)

INLINE unsigned rounded(float x) {
    unsigned bits = __builtin_bit_cast(unsigned, x);
    return ROUNDED(bits);
}

INLINE halves rounded_lanes(wide x) {
#if HAS_ROUNDING
    return __builtin_bit_cast(halves, _mm512_cvtneps_pbh(__builtin_bit_cast(__m512, x)));
#else
    wide_dword bits = __builtin_bit_cast(wide_dword, x);
    return __builtin_convertvector(ROUNDED(bits), halves);
#endif
}

// Rounds a row of k floats, and fills up to `whole` elements with zeros.
INLINE void round_row(long k, long whole, const float *from, unsigned short *to) {
    long i = 0;
    for (; i + 16 <= k; i += 16) *(halves_loose *)(to + i) = rounded_lanes(read(from + i));
    for (; i < k; i++) to[i] = (unsigned short)rounded(from[i]);
    for (; i < whole; i++) to[i] = 0;
}

// The dwords of k elements, in whole groups of `group`.
INLINE long pairs_of(long k, long group) { return (k + 2 * group - 1) / (2 * group) * group; }

// An element of b, in bfloat16. Bits that a file holds are rounded as well: a subnormal is zero.
INLINE unsigned element(const void *b, int is_bfloat16, long index) {
    if (!is_bfloat16) return rounded(((const float *)b)[index]);
    unsigned bits = (unsigned)((const unsigned short *)b)[index] << 16;
    return ROUNDED(bits);
}

// Packs b [k, n], floats or bfloat16, into panels of `panel` columns, [pairs][panel] each; missing elements
// are zeros.
INLINE void pack_pairs(long k, long n, const void *b, int is_bfloat16, long bRow, long bColumn, long panel,
                       long group, unsigned *to) {
    long pairs = pairs_of(k, group);
    for (long column = 0; column < n; column += panel) {
        for (long i = 0; i < pairs; i++) {
            long from = 2 * i * bRow + column * bColumn;
            int low = 2 * i < k, high = 2 * i + 1 < k;
            for (long j = 0; j < panel; j++, from += bColumn, to++) {
                int inside = column + j < n;
                *to = inside && low ? element(b, is_bfloat16, from) : 0;
                if (inside && high) *to |= element(b, is_bfloat16, from + bRow) << 16;
            }
        }
    }
}
