// OpenBLAS found through pkg-config; Kernels is the only target that imports it.
#include <cblas.h>
