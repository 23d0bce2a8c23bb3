// The part of MPI this package uses, in a form Swift can import.
//
// MPI_COMM_WORLD, MPI_FLOAT, MPI_SUM, MPI_IN_PLACE and MPI_STATUS_IGNORE are macros that expand to pointer
// casts, which Swift's Clang importer cannot import.  This header never includes <mpi.h>: it uses integers,
// closed enums and word-sized handles, so every type here is Sendable in Swift and fits any MPI's ABI.
//
// Functions returning int return an MPI error code; 0 is success.
#ifndef CMPI_H
#define CMPI_H

#include <stddef.h>
#include <stdint.h>

#define CMPI_ENUM __attribute__((enum_extensibility(closed)))
#define CMPI_SWIFT(name) __attribute__((swift_name(#name)))

typedef struct cmpi_comm { uint64_t raw; } cmpi_comm;        // an MPI_Comm
typedef struct cmpi_request { uint64_t raw; } cmpi_request;  // an MPI_Request
typedef struct cmpi_status { int32_t source, tag, count; } cmpi_status;

typedef enum CMPI_ENUM cmpi_type {
    CMPI_U8 CMPI_SWIFT(u8),
    CMPI_I32 CMPI_SWIFT(i32),
    CMPI_I64 CMPI_SWIFT(i64),
    CMPI_F32 CMPI_SWIFT(f32),
    CMPI_F64 CMPI_SWIFT(f64),
} cmpi_type;

typedef enum CMPI_ENUM cmpi_op {
    CMPI_SUM CMPI_SWIFT(sum),
    CMPI_MAX CMPI_SWIFT(max),
    CMPI_MIN CMPI_SWIFT(min),
} cmpi_op;

typedef enum CMPI_ENUM cmpi_thread {
    CMPI_SINGLE CMPI_SWIFT(single),
    CMPI_FUNNELED CMPI_SWIFT(funneled),
    CMPI_SERIALIZED CMPI_SWIFT(serialized),
    CMPI_MULTIPLE CMPI_SWIFT(multiple),
} cmpi_thread;

extern const int32_t cmpi_any_source;

// Lifecycle.  cmpi_init also sets MPI_ERRORS_RETURN, so that errors are returned as codes.
int cmpi_init(cmpi_thread wanted, cmpi_thread *provided);
int cmpi_finalize(void);
_Noreturn void cmpi_abort(cmpi_comm comm, int code);
void cmpi_error_string(int code, char *buffer, size_t capacity);
void cmpi_library_version(char *buffer, size_t capacity);

// Communicators.  A caller with a negative color joins no new group.
cmpi_comm cmpi_world(void);
int cmpi_comm_rank(cmpi_comm comm, int32_t *rank);
int cmpi_comm_size(cmpi_comm comm, int32_t *size);
int cmpi_comm_dup(cmpi_comm comm, cmpi_comm *out);
int cmpi_comm_split(cmpi_comm comm, int32_t color, int32_t key, cmpi_comm *out);
int cmpi_comm_split_node(cmpi_comm comm, int32_t key, cmpi_comm *out);
int cmpi_comm_free(cmpi_comm *comm);

// Collectives.  Counts are 64-bit; messages above INT_MAX elements are sent in pieces.
int cmpi_barrier(cmpi_comm comm);
int cmpi_bcast(void *data, int64_t count, cmpi_type type, int32_t root, cmpi_comm comm);
int cmpi_allreduce(void *data, int64_t count, cmpi_type type, cmpi_op op, cmpi_comm comm);
int cmpi_allgather(const void *send, int32_t count, cmpi_type type, void *receive, cmpi_comm comm);
int cmpi_ibarrier(cmpi_comm comm, cmpi_request *request);
int cmpi_wait(cmpi_request *request);
int cmpi_test(cmpi_request *request, int32_t *done);

// Point to point.  cmpi_iprobe sets `found` and, when found, `status`.
int cmpi_send(const void *data, int32_t count, cmpi_type type, int32_t to, int32_t tag, cmpi_comm comm);
int cmpi_isend(const void *data, int32_t count, cmpi_type type, int32_t to, int32_t tag, cmpi_comm comm,
               cmpi_request *request);
int cmpi_iprobe(int32_t from, int32_t tag, cmpi_type type, cmpi_comm comm, int32_t *found,
                cmpi_status *status);
int cmpi_receive(void *data, int32_t count, cmpi_type type, int32_t from, int32_t tag, cmpi_comm comm,
                 cmpi_status *status);

#endif
