package import Diagnostics

/// The samplers; a test compares the table with the files in `Samplers/`.
package enum SamplerTable {
    package static let all: [any Sampler.Type] = [
        Uniform.self, RoundRobin.self, Proportional.self, Temperature.self, Annealed.self, Weighted.self,
        Gap.self, StopAndGo.self, Bandit.self, ReferenceLoss.self,
    ]

    package static let methods = MethodTable("sampler", all)

    package static func sampler(named name: String) -> (any Sampler.Type)? { all.first { $0.name == name } }

    /// The sampler of a study that names none.
    package static let proportional: any Sampler = Proportional()
}
