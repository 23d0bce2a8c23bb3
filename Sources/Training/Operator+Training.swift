import Kernels

extension Operator {
    /// Pooling, the linear map on top and the loss.
    static let head = Operator("head and loss")
}
