import Kernels

extension Operator {
    static let embedding = Operator("embedding")
    /// The adapters' hooks.
    static let adapter = Operator("adapter")
    static let adapterBackward = Operator("adapter backward")
}
