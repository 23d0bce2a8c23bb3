/// The state of an adaptive sampler within a stage.
///
/// Checkpoints include it, since the next draw depends on it.
package struct SamplerMemory: Codable, Equatable, Sendable {
    /// How often the sampler has been updated.
    package var updates = 0
    /// Rows with one number per task, initially 0; each sampler defines their meaning.
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
