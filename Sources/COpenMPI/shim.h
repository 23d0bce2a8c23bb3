// Open MPI, found through pkg-config. Only CMPI includes it.
#include <mpi.h>
