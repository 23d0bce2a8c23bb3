// Products in bfloat16 for any processor, emulated in double precision.
#define TABLE ckernels_bfloat16_portable
#define NAME "portable"
#define LANES 4
#define VECTORS 2
#define SUMS 8
#define HAS_FMA 0
#define STEP(x, y, z) fused_step(LOW(x), LOW(y), fused_step(HIGH(x), HIGH(y), z))
#pragma clang fp contract(off)
#pragma clang diagnostic ignored "-Wpsabi"
#include "lanes.h"

typedef unsigned quarter_dword __attribute__((ext_vector_type(4)));
typedef double quarter_double __attribute__((ext_vector_type(4)));
typedef long quarter_qword __attribute__((ext_vector_type(4)));
#define LOW(x) ((quarter)((quarter_dword)(x) << 16))
#define HIGH(x) ((quarter)((quarter_dword)(x) & 0xffff0000))

// x y + z, rounded once. The product of two numbers of 8 bits is exact in double. Their sum with z is rounded
// to odd there: if it is inexact, its last bit is 1, so that rounding it again, to float, is correct.
INLINE quarter fused_step(quarter x, quarter y, quarter z) {
    const quarter_dword sign = 0x80000000, exponent = 0x7f800000;
    quarter_dword bits = __builtin_bit_cast(quarter_dword, z);
    bits = (bits & exponent) == 0 ? bits & sign : bits;
    quarter_double p = __builtin_convertvector(x, quarter_double);
    p *= __builtin_convertvector(y, quarter_double);
    quarter_double c = __builtin_convertvector(__builtin_bit_cast(quarter, bits), quarter_double);
    quarter_double sum = p + c, rest = sum - p, error = (p - (sum - rest)) + (c - rest);
    quarter_qword nearest = __builtin_bit_cast(quarter_qword, sum);
    // Comparisons give −1 for true, and false for the error of infinities and NaN.
    quarter_qword above = error > 0.0, below = error < 0.0, positive = sum > 0.0;
    quarter_qword away = (above & positive) | (below & ~positive), even = (nearest & 1) - 1;
    quarter_qword odd = nearest + (even & (above | below) & (away ? (quarter_qword)1 : (quarter_qword)-1));
    quarter_double exact = __builtin_bit_cast(quarter_double, odd);
    quarter_dword result = __builtin_bit_cast(quarter_dword, __builtin_convertvector(exact, quarter));
    // From half a unit below 2^-126 numbers round to it; smaller ones are subnormal after rounding.
    const quarter_double least = 0x1p-126 - 0x1p-151;
    quarter_qword tiny = (exact < least) & (exact > -least);
    result = __builtin_convertvector(tiny, quarter_dword) != 0 ? result & sign : result;
    return __builtin_bit_cast(quarter, result);
}

#include "bfloat16.h"
