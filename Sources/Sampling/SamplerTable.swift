/// The samplers; a test compares the table with the files in `Samplers/`.
package enum SamplerTable {
    package static let all: [any Sampler.Type] = [
        Uniform.self, RoundRobin.self, Proportional.self, Temperature.self, Annealed.self, Weighted.self,
        Gap.self, StopAndGo.self, Bandit.self, ReferenceLoss.self,
    ]

    package static func sampler(named name: String) -> (any Sampler.Type)? { all.first { $0.name == name } }

    /// The sampler of a study that names none.
    package static let proportional: any Sampler = Proportional()

    /// The keys of all samplers.
    package static var allKeys: [String] { all.flatMap { $0.keyNames } }

    /// The keys that only other samplers have, with a message for each that names them.
    static func keysOfOthers(than name: String) -> [String: String] {
        var owners: [String: [String]] = [:]
        for sampler in all where sampler.name != name {
            for key in sampler.keyNames { owners[key, default: []].append(sampler.name) }
        }
        return owners.reduce(into: [:]) { messages, entry in
            messages[entry.key] =
                "'\(entry.key)' is a key of \(entry.value.joined(separator: " and ")), not of \(name)"
        }
    }
}
