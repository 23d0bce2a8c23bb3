/// γ and β [d] of an adapter's own input norm.
struct BoundNorm {
    let scale, shift: BoundTensor

    /// Finds the tensors by the name of each part; nil if they are not among the parameters.
    init?(_ tensor: (_ part: String) -> BoundTensor?) {
        guard let scale = tensor("norm.weight"), let shift = tensor("norm.bias") else { return nil }
        (self.scale, self.shift) = (scale, shift)
    }
}
