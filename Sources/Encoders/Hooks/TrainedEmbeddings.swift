package import Kernels

/// Embedding tables that replace the frozen ones.
///
/// Gradients are added, where there is memory for them.
package struct TrainedEmbeddings {
    package let tables: EmbeddingTables<FrozenMatrix>
    package let gradients: EmbeddingTables<Matrix>?

    package init(_ tables: EmbeddingTables<FrozenMatrix>, gradients: EmbeddingTables<Matrix>? = nil) {
        self.tables = tables
        self.gradients = gradients
    }
}
