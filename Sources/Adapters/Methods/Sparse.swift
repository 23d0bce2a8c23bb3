import Diagnostics
package import Encoders

// SparseAdapter (He et al., "SparseAdapter: An Easy Approach for Improving the Parameter-Efficiency of Adapters", Findings
// of EMNLP 2022, arXiv 2210.04284): another method, whose prunable matrices are thinned out once, before they are trained:
//
//   θ ← m ⊙ θ, and every gradient of θ ← m ⊙ it, with m 0 for the share s of the entries of the smallest scores, else 1
//
// The mask m is chosen and kept by whoever trains (see `Pruning`); forward and backward are the base's own, on matrices
// that have zeros. So no step is dearer than the base's but for one pass over the flat vector, and none is cheaper.
// Parameters are counted as the base's: what is left of them is known when they have been pruned.
//
// The base that is the default starts at N(0, 0.02²) in both matrices, and so is the identity only nearly: where a matrix
// starts at 0, the gradients of the one that feeds it are 0, and there is nothing to score by.
//
// Large-Sparse: k times the base's width at sparsity 1 − 1/k, so as many parameters as the base unpruned.

/// Another method with its projection matrices pruned before training.
package struct Sparse: AdapterMethod {
    package static let name = "sparse"
    package static let source = "He et al., Findings of EMNLP 2022, arXiv 2210.04284"
    package static let summary = "another method whose projection matrices are pruned before they are trained"
    package static let settings = [
        MethodSetting(
            "base", "an adapter section",
            "the method that is pruned: pfeiffer with activation relu, start normal and inputNorm"),
        MethodSetting(
            "score", "random, magnitude, snip, grasp, erdos-renyi",
            "what an entry is worth: the smallest scores are removed"),
        MethodSetting(
            "threshold", "global, local", "whether entries of all matrices are compared, or of each one"),
        MethodSetting("sparsity", "0 or more and below 1", "the share of the entries that is removed"),
        MethodSetting(
            "largeSparse", "1-1024", "k: the base k times as wide at sparsity 1 − 1/k, instead of sparsity"
        ),
        MethodSetting("examples", "1-1000000", "how many training examples are read for the scores"),
    ]

    /// The method that is pruned, as it was named.
    package let base: any AdapterMethod
    /// How many times as wide it is made.
    package let largeSparse: Int
    private let spec: Pruning
    private let wide: any AdapterMethod

    /// A bottleneck with matrices N(0, 0.02²), ReLU and a LayerNorm on its input: at start nearly the identity, with
    /// gradients for every matrix.
    private static var publishedBase: Pfeiffer {
        Pfeiffer(BottleneckSettings(activation: .relu, start: .normal, inputNorm: true))
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case base, score, threshold, sparsity, largeSparse, examples
    }

    /// Reads the settings of a study's `adapter` section.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder, also: ["method"])
        let base = try section.value(.base, default: AdapterSettings(Self.publishedBase)).method
        let score: PruningScore = try section.value(.score, default: .snip)
        let threshold: PruningThreshold = try section.value(.threshold, default: .global)
        largeSparse = try section.value(.largeSparse, default: 1)
        let given = try section.optional(.sparsity, Double.self)
        let examples = try section.value(.examples, default: 320)
        if base.pruning != nil {
            throw section.failure(
                .base, "is pruned itself", remedy: "name the method to prune, once, and its sparsity here")
        }
        try section.require(
            (1...1024).contains(largeSparse), .largeSparse, "is \(largeSparse), expected 1 to 1024")
        if let given {
            try section.require(
                (0..<1).contains(given), .sparsity,
                "is \(given), expected the share that is removed, 0 or more and below 1")
        }
        let implied = 1 - 1 / Double(largeSparse)
        // Settings that were filled in name both, and agree.
        if largeSparse > 1, let given, abs(given - implied) > 1e-9 {
            throw section.failure(
                .sparsity, "is \(given), but largeSparse: \(largeSparse) means sparsity \(implied)",
                remedy: "give either sparsity or largeSparse")
        }
        try section.require(
            (1...1_000_000).contains(examples), .examples, "is \(examples), expected 1 to 1000000")
        if score == .erdosRenyi, threshold == .local {
            throw section.failure(
                .threshold, "is local, but erdos-renyi itself decides how much of each matrix is removed",
                remedy: "use global, or score: random")
        }
        guard let wide = largeSparse == 1 ? base : base.widened(by: largeSparse) else {
            throw section.failure(
                .largeSparse, "is \(largeSparse), but \(type(of: base).name) has no width that could grow",
                remedy: "use sparsity instead")
        }
        self.base = base
        self.wide = wide
        spec = Pruning(
            score: score, threshold: threshold, sparsity: largeSparse > 1 ? implied : given ?? 0.4,
            examples: examples)
    }

    /// Writes every setting.
    package func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(AdapterSettings(base), forKey: .base)
        try container.encode(spec.score, forKey: .score)
        try container.encode(spec.threshold, forKey: .threshold)
        try container.encode(spec.sparsity, forKey: .sparsity)
        try container.encode(largeSparse, forKey: .largeSparse)
        try container.encode(spec.examples, forKey: .examples)
    }

    package var pruning: Pruning? { spec }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        let slices = try atBase { try wide.slices(on: weights, seed: seed) }
        guard slices.contains(where: \.isPrunable) else {
            throw Failure.usage(
                "\(type(of: base).name) has no matrices that could be pruned", at: "adapter.base",
                remedy: "name a method with projection matrices, such as pfeiffer or lora")
        }
        return slices
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        wide.adaptation(parameters, on: weights)
    }

    package var isIdentityAtStart: Bool { wide.isIdentityAtStart }

    package var mergeability: Mergeability { wide.mergeability }
    package var mergedMaps: Set<Site> { wide.mergedMaps }
    package var replacedMaps: Set<Site> { wide.replacedMaps }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        wide.merge(parameters, into: merged)
    }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        try atBase { try wide.addedOperations(on: weights, tokens: tokens) }
    }

    package func penalty(_ parameters: BoundParameters, times factor: Double) -> Double {
        wide.penalty(parameters, times: factor)
    }

    package var filesOfOtherRuns: [String] { wide.filesOfOtherRuns }

    /// The base's failures are about keys of its own section.
    private func atBase<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let failure as Failure {
            guard let place = failure.place, place.hasPrefix("adapter.") else { throw failure }
            throw Failure(
                failure.kind, at: "adapter.base." + place.dropFirst("adapter.".count), failure.what,
                remedy: failure.remedy)
        }
    }
}
