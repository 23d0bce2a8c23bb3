/// The adapter methods; a test compares the table with the files in `Methods/`.
package enum AdapterTable {
    /// The five methods that the program was made for, then the baselines.
    package static let all: [any AdapterMethod.Type] = [
        Hadamard.self, HUT.self, TinyAttention.self, AdapterBias.self, Sparse.self,
        FullFineTuning.self, HeadOnly.self, BitFit.self, LayerNormTuning.self, IA3.self, LoRA.self,
        Houlsby.self, Pfeiffer.self, Parallel.self, PrefixTuning.self, MAM.self, Fusion.self,
    ]

    package static func method(named name: String) -> (any AdapterMethod.Type)? {
        all.first { $0.name == name }
    }

    /// The keys that other methods than this one have, with a message for each that names them.
    static func keysOfOthers(than name: String) -> [String: String] {
        var owners: [String: [String]] = [:]
        for method in all where method.name != name {
            for setting in method.settings { owners[setting.key, default: []].append(method.name) }
        }
        return owners.reduce(into: [:]) { messages, key in
            let methods = key.value.count > 4 ? "other methods" : key.value.joined(separator: ", ")
            messages[key.key] = "'\(key.key)' is a key of \(methods), not of \(name)"
        }
    }
}
