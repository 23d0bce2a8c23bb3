import Diagnostics

/// The trained tensors of one fusion: W_Q, b_Q, W_K, b_K, and W_V if there is one.
struct FusionTensors {
    let query, queryBias, key, keyBias: BoundTensor
    let value: BoundTensor?

    static let (query, queryBias) = ("query.weight", "query.bias")
    static let (key, keyBias) = ("key.weight", "key.bias")
    static let value = "value.weight"

    /// Nil if they are not among the parameters.
    init?(_ parameters: BoundParameters, _ branch: BottleneckBranch, layer: Int) {
        func tensor(_ part: String) -> BoundTensor? {
            parameters[branch.tensor(Fusion.name, layer: layer, part)]
        }
        guard let query = tensor(Self.query), let queryBias = tensor(Self.queryBias),
            let key = tensor(Self.key), let keyBias = tensor(Self.keyBias)
        else { return nil }
        (self.query, self.queryBias, self.key, self.keyBias) = (query, queryBias, key, keyBias)
        value = tensor(Self.value)
    }
}
