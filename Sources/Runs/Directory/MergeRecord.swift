/// The adapters that a run's adapter was merged from: `merged` in `manifest.json`.
package struct MergeRecord: Codable, Sendable, Equatable {
    /// A task's adapter, and the run that trained it.
    package struct Source: Codable, Sendable, Equatable {
        package let task, run: String
        /// Nil if the rule takes no weights.
        package let weight: Double?

        package init(task: String, run: String, weight: Double?) {
            (self.task, self.run, self.weight) = (task, run, weight)
        }
    }

    package let rule: String
    /// Nil if the rule keeps all entries.
    package let density: Double?
    /// Nil if the rule draws no random numbers.
    package let seed: UInt64?
    package let from: [Source]

    package init(rule: String, density: Double?, seed: UInt64?, from: [Source]) {
        (self.rule, self.density, self.seed, self.from) = (rule, density, seed, from)
    }
}
