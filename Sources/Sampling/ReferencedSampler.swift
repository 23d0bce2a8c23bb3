import Diagnostics

/// A sampler that compares each task with a reference.
package protocol ReferencedSampler: Sampler {
    static var reference: TaskReferences.Kind { get }
    var reference: TaskReferences { get set }
}

extension ReferencedSampler {
    static var references: MethodKey<Self> {
        MethodKey(
            "reference", \Self.reference, allowed: "a run, or a number or run for each task",
            "each task's \(reference.rawValue) alone")
    }

    package func check(tasks: [String]) throws {
        try reference.check(Self.name, tasks: tasks, Self.reference)
    }

    /// A copy with other references.
    package func with(_ references: TaskReferences) -> Self {
        with { $0.reference = references }
    }
}
