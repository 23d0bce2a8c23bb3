/// The cost of a run's adapters in parameters and operations.
///
/// Counted as papers do: the adapter of one task with its norms, as a share of the backbone; heads are
/// separate. A study without an adapter stage trains no adapter, whatever method it names.
package struct ParameterCounts: Codable, Sendable, Equatable {
    /// Floating-point operations of the forward per token.
    package struct Operations: Codable, Sendable, Equatable {
        /// The length of the sequence: the mean of the training examples.
        package let tokens: Int
        /// Operations of the frozen backbone, and those that the method adds.
        package let frozen, added: Double

        package init(tokens: Int, frozen: Double, added: Double) {
            (self.tokens, self.frozen, self.added) = (tokens, frozen, added)
        }
    }

    package let method: String
    package let backbone: Int
    /// Parameters of the largest task's adapter.
    package let adapterPerTask: Int
    package let shareOfBackbone: Double
    /// Parameters of all tasks; shared ones count once.
    package let adapterAllTasks, headsAllTasks: Int
    package let operationsPerToken: Operations?
    /// Parameters left by pruning; nil if nothing is pruned.
    package let keptPerTask, keptAllTasks: Int?

    package init(
        method: String, backbone: Int, adapterPerTask: Int, adapterAllTasks: Int, headsAllTasks: Int,
        operationsPerToken: Operations? = nil, keptPerTask: Int? = nil, keptAllTasks: Int? = nil
    ) {
        (self.method, self.backbone, self.adapterPerTask) = (method, backbone, adapterPerTask)
        shareOfBackbone = Double(adapterPerTask) / Double(backbone)
        (self.adapterAllTasks, self.headsAllTasks) = (adapterAllTasks, headsAllTasks)
        self.operationsPerToken = operationsPerToken
        (self.keptPerTask, self.keptAllTasks) = (keptPerTask, keptAllTasks)
    }
}
