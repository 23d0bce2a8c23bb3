/// The frozen tensors of one layer.
package struct LayerWeights {
    /// x W_Q + b_Q.
    package let query: LinearWeights
    /// x W_K + b_K.
    package let key: LinearWeights
    /// x W_V + b_V.
    package let value: LinearWeights
    /// a W_O + b_O.
    package let projection: LinearWeights
    /// LN1.
    package let attentionNorm: NormWeights
    /// h1 W_1 + b_1.
    package let intermediate: LinearWeights
    /// u W_2 + b_2.
    package let output: LinearWeights
    /// LN2.
    package let outputNorm: NormWeights
}
