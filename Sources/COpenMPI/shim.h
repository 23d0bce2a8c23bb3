// OpenMPI found through pkg-config; CMPI is the only target that includes it.
#include <mpi.h>
