package import Diagnostics

/// The adapter methods; a test compares the table with the files in `Methods/`.
package enum AdapterTable {
    /// The five methods that the program was made for, then the baselines.
    package static let all: [any AdapterMethod.Type] = [
        Hadamard.self, HUT.self, TinyAttention.self, AdapterBias.self, Sparse.self,
        FullFineTuning.self, HeadOnly.self, BitFit.self, LayerNormTuning.self, IA3.self, LoRA.self,
        Houlsby.self, Pfeiffer.self, Parallel.self, PrefixTuning.self, MAM.self, Fusion.self,
    ]

    package static let methods = MethodTable("method", all)

    package static func method(named name: String) -> (any AdapterMethod.Type)? {
        all.first { $0.name == name }
    }
}
