/// The facts of a run when it begins.
package struct RunFacts: Encodable, Sendable, Equatable {
    /// A task's data.
    package struct TaskFacts: Encodable, Sendable, Equatable {
        package let name: String
        /// Training examples that are drawn, and examples that are scored.
        package let train, evaluated: Int
        package let dropped: [SkippedLines]

        package init(name: String, train: Int, evaluated: Int, dropped: [SkippedLines]) {
            self.name = name
            self.train = train
            self.evaluated = evaluated
            self.dropped = dropped
        }
    }

    /// Lines of a data file that have too few columns.
    package struct SkippedLines: Encodable, Sendable, Equatable {
        package let file: String
        package let lines: [Int]

        package init(file: String, lines: [Int]) {
            self.file = file
            self.lines = lines
        }
    }

    /// The memory of the largest micro-batch's activations.
    package struct Activations: Encodable, Sendable, Equatable {
        package let tokens, bytes: Int

        package init(tokens: Int, bytes: Int) {
            self.tokens = tokens
            self.bytes = bytes
        }
    }

    package let ranks: Int
    /// The coordinator's role.
    package let coordinator: String
    package let tasks: [TaskFacts]
    package let parameters: ParameterCounts
    package let activations: Activations

    package init(
        ranks: Int, coordinator: String, tasks: [TaskFacts], parameters: ParameterCounts,
        activations: Activations
    ) {
        self.ranks = ranks
        self.coordinator = coordinator
        self.tasks = tasks
        self.parameters = parameters
        self.activations = activations
    }
}
