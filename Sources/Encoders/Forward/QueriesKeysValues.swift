import Kernels

/// The queries, keys and values of a layer [T, d], or their gradients.
struct QueriesKeysValues {
    let q, k, v: Matrix
}
