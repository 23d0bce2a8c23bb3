// One table of kernels. The includer sets TABLE, NAME, BITS, LANES, the width of a tile in VECTORS, the
// number of registers for a tile's SUMS, and HAS_FMA.
//
// Multiplications and additions are fused only by MULTIPLY_ADD, since tables must agree in their bits.
#pragma clang fp contract(off)
// All functions with vector arguments are inlined, so their calling convention does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

#include "ckernels.h"

#include "lanes.h"
#include "passes.h"
#define STEP MULTIPLY_ADD
#include "tiles.h"
#include "product.h"

const ckernels TABLE = {
    .name = NAME, .bits = BITS, .product = product, .pack = pack, .panel = PANEL,
    .gelu = gelu, .gelu_tanh = gelu_tanh, .relu = relu, .swish = swish,
    .softmax = softmax, .softmax_backward = softmax_backward, .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward,
    .add = add, .multiply = multiply, .add_scaled = add_scaled, .scale_and_shift = scale_and_shift,
    .add_products = add_products, .dot = dot,
};
