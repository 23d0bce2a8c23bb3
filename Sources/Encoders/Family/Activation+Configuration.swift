package import Kernels

extension Activation {
    /// Names of a feed-forward layer's nonlinearity in config.json, and the one that `transformers` computes.
    private static let names: KeyValuePairs<String, Activation> = [
        "gelu": .gelu, "gelu_python": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
        "gelu_fast": .geluTanh, "relu": .relu, "silu": .swish, "swish": .swish,
    ]

    /// The names of config.json that an encoder may have.
    package static var configurationNames: [String] { names.map { $0.key } }

    /// The nonlinearity of a name in config.json; nil for an unknown one.
    init?(configurationName name: String) {
        guard let found = Self.names.first(where: { $0.key == name }) else { return nil }
        self = found.value
    }
}
