/// The cost of a run's adapters in parameters and operations.
///
/// Counts are as papers count: adapters and norms of one task, its share of the backbone; heads apart. A study of
/// heads alone trains no adapter, whatever method it names.
package struct ParameterCounts: Codable, Sendable, Equatable {
    /// Floating-point operations of the forward for each token of a sequence.
    package struct Operations: Codable, Sendable, Equatable {
        /// The sequence's tokens: as many as the training examples have in the mean.
        package let tokens: Int
        /// The frozen backbone's operations, and those that the method adds.
        package let frozen, added: Double

        package init(tokens: Int, frozen: Double, added: Double) {
            self.tokens = tokens
            self.frozen = frozen
            self.added = added
        }
    }

    package let method: String
    /// Parameters of the backbone.
    package let backbone: Int
    /// Parameters of a task's adapter, the largest.
    package let adapterPerTask: Int
    package let shareOfBackbone: Double
    /// Parameters over all tasks, each shared one once.
    package let adapterAllTasks, headsAllTasks: Int
    package let operationsPerToken: Operations?
    /// Parameters that pruning kept; nil where nothing is pruned.
    package let keptPerTask, keptAllTasks: Int?

    package init(
        method: String, backbone: Int, adapterPerTask: Int, adapterAllTasks: Int, headsAllTasks: Int,
        operationsPerToken: Operations? = nil, keptPerTask: Int? = nil, keptAllTasks: Int? = nil
    ) {
        self.method = method
        self.backbone = backbone
        self.adapterPerTask = adapterPerTask
        shareOfBackbone = Double(adapterPerTask) / Double(backbone)
        self.adapterAllTasks = adapterAllTasks
        self.headsAllTasks = headsAllTasks
        self.operationsPerToken = operationsPerToken
        self.keptPerTask = keptPerTask
        self.keptAllTasks = keptAllTasks
    }
}
