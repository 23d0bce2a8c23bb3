// A thin layer over <mpi.h>; cmpi.h explains why Swift needs it.
#include "cmpi.h"

#include <limits.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(MPI_Comm) <= sizeof(uint64_t), "an MPI_Comm must fit cmpi_comm");
_Static_assert(sizeof(MPI_Request) <= sizeof(uint64_t), "an MPI_Request must fit cmpi_request");

const int32_t cmpi_any_source = MPI_ANY_SOURCE;

// Handles are pointers in Open MPI and ints in MPICH; both fit a 64-bit word.
static MPI_Comm comm_of(cmpi_comm c) { MPI_Comm m; memcpy(&m, &c.raw, sizeof m); return m; }
static cmpi_comm to_comm(MPI_Comm m) { cmpi_comm c = {0}; memcpy(&c.raw, &m, sizeof m); return c; }
static MPI_Request request_of(cmpi_request r) { MPI_Request m; memcpy(&m, &r.raw, sizeof m); return m; }
static cmpi_request to_request(MPI_Request m) {
    cmpi_request r = {0};
    memcpy(&r.raw, &m, sizeof m);
    return r;
}

static MPI_Datatype type_of(cmpi_type t) {
    switch (t) {
    case CMPI_U8: return MPI_UINT8_T;
    case CMPI_I32: return MPI_INT32_T;
    case CMPI_I64: return MPI_INT64_T;
    case CMPI_F32: return MPI_FLOAT;
    case CMPI_F64: return MPI_DOUBLE;
    }
    return MPI_DATATYPE_NULL;
}

static size_t size_of(cmpi_type t) {
    switch (t) {
    case CMPI_U8: return 1;
    case CMPI_I32: case CMPI_F32: return 4;
    case CMPI_I64: case CMPI_F64: return 8;
    }
    return 0;
}

static MPI_Op op_of(cmpi_op o) {
    switch (o) {
    case CMPI_SUM: return MPI_SUM;
    case CMPI_MAX: return MPI_MAX;
    case CMPI_MIN: return MPI_MIN;
    }
    return MPI_OP_NULL;
}

int cmpi_init(cmpi_thread wanted, cmpi_thread *provided) {
    static const int levels[] = {MPI_THREAD_SINGLE, MPI_THREAD_FUNNELED, MPI_THREAD_SERIALIZED,
                                 MPI_THREAD_MULTIPLE};
    int got = 0;
    int rc = MPI_Init_thread(NULL, NULL, levels[wanted], &got);
    if (rc != MPI_SUCCESS) return rc;
    for (int i = 0; i < 4; i++)
        if (levels[i] == got) *provided = (cmpi_thread)i;
    return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

int cmpi_finalize(void) { return MPI_Finalize(); }
void cmpi_abort(cmpi_comm comm, int code) { MPI_Abort(comm_of(comm), code); abort(); }

void cmpi_error_string(int code, char *buffer, size_t capacity) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    snprintf(buffer, capacity, "%s", text);
}

void cmpi_library_version(char *buffer, size_t capacity) {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    MPI_Get_library_version(text, &length);
    snprintf(buffer, capacity, "%s", text);
}

cmpi_comm cmpi_world(void) { return to_comm(MPI_COMM_WORLD); }
int cmpi_comm_rank(cmpi_comm comm, int32_t *rank) { return MPI_Comm_rank(comm_of(comm), rank); }
int cmpi_comm_size(cmpi_comm comm, int32_t *size) { return MPI_Comm_size(comm_of(comm), size); }

int cmpi_comm_dup(cmpi_comm comm, cmpi_comm *out) {
    MPI_Comm made = MPI_COMM_NULL;
    int rc = MPI_Comm_dup(comm_of(comm), &made);
    *out = to_comm(made);
    return rc;
}

int cmpi_comm_split(cmpi_comm comm, int32_t color, int32_t key, cmpi_comm *out) {
    MPI_Comm made = MPI_COMM_NULL;
    int rc = MPI_Comm_split(comm_of(comm), color < 0 ? MPI_UNDEFINED : color, key, &made);
    *out = to_comm(made);
    return rc;
}

int cmpi_comm_split_node(cmpi_comm comm, int32_t key, cmpi_comm *out) {
    MPI_Comm made = MPI_COMM_NULL;
    int rc = MPI_Comm_split_type(comm_of(comm), MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &made);
    *out = to_comm(made);
    return rc;
}

int cmpi_comm_free(cmpi_comm *comm) {
    MPI_Comm m = comm_of(*comm);
    if (m == MPI_COMM_NULL || m == MPI_COMM_WORLD) return MPI_SUCCESS;
    int rc = MPI_Comm_free(&m);
    *comm = to_comm(m);
    return rc;
}

int cmpi_barrier(cmpi_comm comm) { return MPI_Barrier(comm_of(comm)); }

// MPI-3 counts are int: split longer buffers into pieces of at most INT_MAX elements.
#define IN_PIECES(data, count, type, call)                          \
    for (int64_t at = 0; at < (count); at += INT_MAX) {             \
        int n = (count) - at > INT_MAX ? INT_MAX : (int)((count) - at); \
        void *p = (char *)(data) + (size_t)at * size_of(type);      \
        int rc = (call);                                            \
        if (rc != MPI_SUCCESS) return rc;                           \
    }                                                               \
    return MPI_SUCCESS

int cmpi_bcast(void *data, int64_t count, cmpi_type type, int32_t root, cmpi_comm comm) {
    IN_PIECES(data, count, type, MPI_Bcast(p, n, type_of(type), root, comm_of(comm)));
}

int cmpi_allreduce(void *data, int64_t count, cmpi_type type, cmpi_op op, cmpi_comm comm) {
    IN_PIECES(data, count, type,
              MPI_Allreduce(MPI_IN_PLACE, p, n, type_of(type), op_of(op), comm_of(comm)));
}

int cmpi_allgather(const void *send, int32_t count, cmpi_type type, void *receive, cmpi_comm comm) {
    return MPI_Allgather(send, count, type_of(type), receive, count, type_of(type), comm_of(comm));
}

int cmpi_ibarrier(cmpi_comm comm, cmpi_request *request) {
    MPI_Request r = MPI_REQUEST_NULL;
    int rc = MPI_Ibarrier(comm_of(comm), &r);
    *request = to_request(r);
    return rc;
}

int cmpi_wait(cmpi_request *request) {
    MPI_Request r = request_of(*request);
    int rc = MPI_Wait(&r, MPI_STATUS_IGNORE);
    *request = to_request(r);
    return rc;
}

int cmpi_test(cmpi_request *request, int32_t *done) {
    MPI_Request r = request_of(*request);
    int rc = MPI_Test(&r, done, MPI_STATUS_IGNORE);
    *request = to_request(r);
    return rc;
}

static int fill(const MPI_Status *s, cmpi_type type, cmpi_status *out) {
    int count = 0;
    int rc = MPI_Get_count(s, type_of(type), &count);
    *out = (cmpi_status){.source = s->MPI_SOURCE, .tag = s->MPI_TAG, .count = count};
    return rc;
}

int cmpi_send(const void *data, int32_t count, cmpi_type type, int32_t to, int32_t tag, cmpi_comm comm) {
    return MPI_Send(data, count, type_of(type), to, tag, comm_of(comm));
}

int cmpi_isend(const void *data, int32_t count, cmpi_type type, int32_t to, int32_t tag, cmpi_comm comm,
               cmpi_request *request) {
    MPI_Request r = MPI_REQUEST_NULL;
    int rc = MPI_Isend(data, count, type_of(type), to, tag, comm_of(comm), &r);
    *request = to_request(r);
    return rc;
}

int cmpi_iprobe(int32_t from, int32_t tag, cmpi_type type, cmpi_comm comm, int32_t *found,
                cmpi_status *status) {
    MPI_Status s;
    int rc = MPI_Iprobe(from, tag, comm_of(comm), found, &s);
    return rc != MPI_SUCCESS || !*found ? rc : fill(&s, type, status);
}

int cmpi_receive(void *data, int32_t count, cmpi_type type, int32_t from, int32_t tag, cmpi_comm comm,
                 cmpi_status *status) {
    MPI_Status s;
    int rc = MPI_Recv(data, count, type_of(type), from, tag, comm_of(comm), &s);
    return rc != MPI_SUCCESS ? rc : fill(&s, type, status);
}
