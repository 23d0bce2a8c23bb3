public import Kernels

/// γ and β [d] that stand in for a frozen LayerNorm's, and where their gradients are added.
public struct TrainedNorm {
    /// γ.
    public let scale: UnsafePointer<Float>
    /// β.
    public let shift: UnsafePointer<Float>
    /// dγ and dβ, added to; nil where no gradient is wanted.
    public let gradient: (scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>)?

    /// Names the four vectors.
    public init(
        scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
        gradient: (scale: UnsafeMutablePointer<Float>, shift: UnsafeMutablePointer<Float>)?
    ) {
        self.scale = scale
        self.shift = shift
        self.gradient = gradient
    }
}

/// What acts on a frozen encoder while it computes one unit of work.
///
/// This is all that the encoder knows of adapters: at a value site it hands over the activation, to be changed
/// in place, and on the way back the gradient, to be changed in place; at a norm site it asks for other γ and β.
public protocol EncoderAdaptation: AnyObject {
    /// The lowest place that needs a gradient; backward goes no further. Nil when nothing is trained.
    var lowestTrained: Place? { get }

    /// Whether the value at the place is changed.
    func acts(at place: Place) -> Bool

    /// Changes the activation [T, d] in place, keeping from the workspace whatever backward needs.
    func forward(_ value: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace)

    /// Turns the gradient of the changed value into that of the unchanged one, in place, and adds parameter gradients.
    func backward(_ gradient: Matrix, at place: Place, _ batch: PackedBatch, _ workspace: Workspace)

    /// The γ and β to use at a norm site; nil for the frozen ones.
    func norm(at place: Place) -> TrainedNorm?
}
