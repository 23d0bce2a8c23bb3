// One table of kernels; the includer has set TABLE, NAME, BITS, LANES, how many VECTORS wide tiles are
// and how many registers hold their SUMS, and HAS_FMA.
//
// Additions and multiplications are contracted only where MULTIPLY_ADD says so: tables must agree on the bits.
#pragma clang fp contract(off)
// Functions that take vectors are all inlined, so how they would be passed doesn't matter.
#pragma clang diagnostic ignored "-Wpsabi"

#include "ckernels.h"

#include "lanes.h"
#include "passes.h"
#include "product.h"

const ckernels TABLE = {
    .name = NAME, .bits = BITS, .product = product, .lay_out = lay_out, .panel = PANEL, .gelu = gelu,
    .softmax = softmax, .softmax_backward = softmax_backward, .layer_norm = layer_norm, .layer_norm_backward = layer_norm_backward,
    .add = add, .multiply = multiply, .add_scaled = add_scaled, .scale_and_shift = scale_and_shift,
    .add_products = add_products, .dot = dot,
};
