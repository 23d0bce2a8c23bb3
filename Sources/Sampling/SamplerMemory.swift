/// The numbers that a sampler keeps of what it has heard in a stage.
///
/// The next draw depends on it, so it is part of checkpoints.
package struct SamplerMemory: Codable, Equatable, Sendable {
    /// The times that the sampler has listened.
    package var updates = 0
    /// Rows of a number for each task, which begin at 0; the sampler gives them their meaning.
    package var rows: [[Double]]

    package init(rows: Int, tasks: Int) {
        self.rows = [[Double]](repeating: [Double](repeating: 0, count: tasks), count: rows)
    }

    /// Whether it has the form that a sampler needs, with finite numbers.
    package func fits(_ sampler: any Sampler, tasks: Int) -> Bool {
        updates >= 0 && rows.count == type(of: sampler).remembered
            && rows.allSatisfy { $0.count == tasks && $0.allSatisfy(\.isFinite) }
    }
}
