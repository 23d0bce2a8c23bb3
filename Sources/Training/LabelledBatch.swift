package import Encoders
package import Tasks

/// The examples of one task that one forward computes, with their targets.
package struct LabelledBatch {
    /// The task's name, for the method's hooks.
    let task: String?
    let tokens: PackedBatch
    /// One for each sequence.
    let targets: [Target]
    /// Cached activations of the examples, from which the forward starts; nil to start from the tokens.
    let start: (any CachedStart)?

    package init(
        _ tokens: PackedBatch, _ targets: [Target], task: String? = nil, start: (any CachedStart)? = nil
    ) {
        (self.tokens, self.targets, self.task, self.start) = (tokens, targets, task, start)
    }
}
