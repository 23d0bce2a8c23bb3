package import Diagnostics
package import Encoders

// The linear probe: a head on the frozen encoder. The method has no parameters of its own, so the adapter
// stage of a study must train the heads (`trainHead: true`) or be left out.

/// The head alone: a linear probe of the frozen encoder.
package struct HeadOnly: AdapterMethod {
    package static let name = "head"
    package static let source = "Alain, Bengio, arXiv 1610.01644"
    package static let summary =
        "nothing in the encoder: a linear probe; the adapter stage trains heads or is left out"
    package static let keys: [MethodKey<Self>] = []

    package init() {}

    package var mergeability: Mergeability { .exact }

    package func bind(to weights: EncoderWeights) -> any BoundMethod {
        BoundBackboneTensors(slices: [], weights: weights)
    }
}
