/// Every adapter method there is.
///
/// A test holds the table to the files in `Methods/`.
public enum AdapterTable {
    /// The methods, by name.
    public static let all: [any AdapterMethod.Type] = [
        Hadamard.self,
        LoRA.self,
        AdapterBias.self,
        IA3.self,
        LayerNormTuning.self,
        BitFit.self,
        FullFineTuning.self,
        HeadOnly.self,
        HUT.self,
        Houlsby.self,
        Pfeiffer.self,
        Parallel.self,
        Prefix.self,
        MAM.self,
        TinyAttention.self,
        Sparse.self,
    ]

    /// The method of that name.
    public static func method(named name: String) -> (any AdapterMethod.Type)? {
        all.first { $0.name == name }
    }
}
