import Diagnostics
package import Runs

/// How much pairs of tasks have in common: over all adapter parameters, by kind and by layer.
package struct TaskAffinity: Sendable, Equatable {
    /// The affinity on a part of the parameters.
    package struct Part: Encodable, Sendable, Equatable {
        /// `all`, a kind such as `weight`, or a layer such as `layer.3`.
        package let name: String
        /// Row i, column j: the affinity of task i to task j; nil if unknown, and on the diagonal.
        package let values: [[Double?]]

        package init(name: String, values: [[Double?]]) { (self.name, self.values) = (name, values) }
    }

    package let tasks: [String]
    package let measure: AffinityMeasure
    /// `all` first.
    package let parts: [Part]
    /// Row i, column j: whether a number that is missing over all parameters is one below its noise.
    private let isNoise: [[Bool]]

    package init(
        tasks: [String], measure: AffinityMeasure, parts: [Part], isNoise: [[Bool]]? = nil
    ) {
        (self.tasks, self.measure, self.parts) = (tasks, measure, parts)
        self.isNoise = isNoise ?? tasks.map { _ in tasks.map { _ in false } }
    }

    /// The means over runs of one of the measures of gradients; nil if no run has measured any.
    package init?(_ measure: AffinityMeasure, measured agreements: [TaskAgreement]) {
        guard !agreements.isEmpty else { return nil }
        let tasks = agreements.flatMap(\.tasks).distinct
        let names = agreements.flatMap { $0.whole.parts.map(\.name) }.distinct
        func means(_ measure: AffinityMeasure, _ name: String) -> [[Double?]] {
            tasks.map { first in
                tasks.map { second in
                    first == second
                        ? nil
                        : agreements.compactMap { Self.value(measure, name, first, second, in: $0) }.mean
                }
            }
        }
        // A pair with a cosine has gradients on shared parameters; if no corrected one, they are noise.
        let measured = measure == .corrected ? names.first.map { means(.cosine, $0) } : nil
        self.init(
            tasks: tasks, measure: measure, parts: names.map { Part(name: $0, values: means(measure, $0)) },
            isNoise: measured?.map { $0.map { $0 != nil } })
    }

    private static func value(
        _ measure: AffinityMeasure, _ part: String, _ first: String, _ second: String,
        in agreement: TaskAgreement
    ) -> Double? {
        guard let i = agreement.tasks.firstIndex(of: first), let j = agreement.tasks.firstIndex(of: second),
            let part = agreement.whole.parts.first(where: { $0.name == part })
        else { return nil }
        let matrix =
            switch measure {
            case .affinity: part.affinity
            case .cosine: part.cosine
            case .corrected: part.correctedCosine
            case .adapters: [[Double?]]()
            }
        return matrix.indices.contains(i) && matrix[i].indices.contains(j) ? matrix[i][j] : nil
    }

    /// Whether some pair has no number.
    package var hasUnknown: Bool {
        (parts.first?.values ?? []).enumerated().contains { i, row in
            row.enumerated().contains { j, value in i != j && value == nil }
        }
    }

    /// The affinities over all parameters, for a search of groups.
    ///
    /// A pair whose gradients are below their noise counts as 0: it gives no reason to share.
    ///
    /// - Throws: a failure that names a pair without one, or says that all are below their noise
    package func complete() throws -> [[Double]] {
        let values = parts.first?.values ?? []
        for (i, row) in values.enumerated() {
            for (j, value) in row.enumerated() where i != j && value == nil && !isNoise[i][j] {
                throw Failure.usage(
                    measure.isOfGradients
                        ? "\(tasks[i]) and \(tasks[j]) have no \(measure.rawValue) in these runs"
                        : "\(tasks[i]) and \(tasks[j]) share their adapter, or theirs did not change",
                    at: "--measure",
                    remedy: measure.isOfGradients
                        ? "name a run in which they share parameters and take steps together, or use "
                            + "--measure adapters"
                        : "name runs in which each has an adapter of its own, or another --measure")
            }
        }
        if measure == .corrected, values.joined().allSatisfy({ $0 == nil }) {
            throw Failure.usage(
                "the gradients of all pairs of tasks are below their noise", at: "--measure",
                remedy: "train more steps or with a smaller batch.microBatch, or use --measure cosine")
        }
        return values.map { $0.map { $0 ?? 0 } }
    }
}
