/// How far training moved a run's adapters from their start, and how alike the changes are.
package struct AdapterChanges: Codable, Sendable, Equatable {
    /// The changes of a part of the adapters, by task.
    package struct Part: Codable, Sendable, Equatable {
        /// `all`, a kind such as `weight`, or a layer such as `layer.3`.
        package let name: String
        /// The Euclidean norm of each task's change.
        package let norms: [Double]
        /// The cosine of two tasks' changes; nil if they share all of the part, or if one did not change.
        package let cosines: [[Double?]]

        package init(name: String, norms: [Double], cosines: [[Double?]]) {
            (self.name, self.norms, self.cosines) = (name, norms, cosines)
        }
    }

    /// The study's tasks, in its order.
    package let tasks: [String]
    /// All tensors first, then each kind, then each layer.
    package let parts: [Part]

    package init(tasks: [String], parts: [Part]) { (self.tasks, self.parts) = (tasks, parts) }
}
