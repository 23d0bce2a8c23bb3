/// A run at its beginning: ranks, data and parameters.
package struct RunFacts: Codable, Sendable, Equatable {
    package struct TaskFacts: Codable, Sendable, Equatable {
        package let name: String
        /// The numbers of training examples and of evaluated examples.
        package let train, evaluated: Int
        package let dropped: [SkippedLines]

        package init(name: String, train: Int, evaluated: Int, dropped: [SkippedLines]) {
            (self.name, self.train, self.evaluated, self.dropped) = (name, train, evaluated, dropped)
        }
    }

    /// Lines of a data file that are skipped for having too few columns.
    package struct SkippedLines: Codable, Sendable, Equatable {
        package let file: String
        package let lines: [Int]

        package init(file: String, lines: [Int]) { (self.file, self.lines) = (file, lines) }
    }

    /// The activation memory of the largest micro-batch.
    package struct Activations: Codable, Sendable, Equatable {
        package let tokens, bytes: Int

        package init(tokens: Int, bytes: Int) { (self.tokens, self.bytes) = (tokens, bytes) }
    }

    package let ranks: Int
    /// The coordinator's role.
    package let coordinator: String
    package let tasks: [TaskFacts]
    package let parameters: ParameterCounts
    package let activations: Activations
    /// How the gradients of shared parameters travel; nil if no tasks share a trained parameter.
    package let sharedGradients: SharedGradients?
    /// The owner of the moments of shared parameters, and the bytes of all moments on each rank.
    package let moments: String?, momentBytes: Int?

    package init(
        ranks: Int, coordinator: String, tasks: [TaskFacts], parameters: ParameterCounts,
        activations: Activations, sharedGradients: SharedGradients?, moments: String? = nil,
        momentBytes: Int? = nil
    ) {
        (self.ranks, self.coordinator, self.tasks) = (ranks, coordinator, tasks)
        (self.parameters, self.activations) = (parameters, activations)
        self.sharedGradients = sharedGradients
        (self.moments, self.momentBytes) = (moments, momentBytes)
    }
}
