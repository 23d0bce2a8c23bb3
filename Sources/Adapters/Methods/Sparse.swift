package import Diagnostics
package import Encoders
import Kernels

// SparseAdapter (He et al., "SparseAdapter: An Easy Approach for Improving the Parameter-Efficiency of
// Adapters", Findings of EMNLP 2022, arXiv 2210.04284): another method whose prunable matrices are pruned
// once, before they are trained:
//
//   θ ← m ⊙ θ, and every gradient of θ ← m ⊙ it, with m = 0 for the share s of the entries with
//                                                    the smallest scores, else 1
//
// The trainer computes and applies the mask m (see `Pruning`); forward and backward are the base's, on
// matrices with zeros. A step costs one more pass over the flat vector and saves nothing. The parameters are
// counted as the base's, since the number that remains is known only after pruning.
//
// The default base starts both matrices at N(0, 0.02²), so it is the identity only nearly: if a matrix starts
// at 0, the gradient of the matrix before it is 0, and its entries have no scores.
//
// Large-Sparse: k times the base's width at sparsity 1 − 1/k, which leaves as many parameters as the unpruned
// base has.

/// Another method, with its projection matrices pruned before training.
package struct Sparse: CompositeMethod, PrunedMethod {
    package static let name = "sparse"
    package static let source = "He et al., Findings of EMNLP 2022, arXiv 2210.04284"
    package static let summary = "another method whose projection matrices are pruned before they are trained"
    package static let keys: [MethodKey<Self>] = [
        MethodKey(
            "base", \.section, allowed: "an adapter section",
            "the method that is pruned: pfeiffer with activation relu, start normal and inputNorm"),
        MethodKey("score", \.score, "score of an entry; entries with the lowest are removed"),
        MethodKey("threshold", \.threshold, "compare the entries of all matrices, or of each matrix alone"),
        MethodKey(
            "sparsity", \.sparsity, allowed: "0 or more and below 1",
            "the share of the entries that is removed"
        ) {
            (0..<1).contains($0)
                ? nil : "is \($0), expected the share that is removed, 0 or more and below 1"
        },
        MethodKey(
            "largeSparse", \.largeSparse, allowed: "1-1024",
            "k: the base k times as wide at sparsity 1 − 1/k, instead of sparsity"
        ) { (1...1024).contains($0) ? nil : "is \($0), expected 1 to 1024" },
        MethodKey(
            "examples", \.examples, allowed: "1-1000000", "number of training examples for the scores"
        ) { (1...1_000_000).contains($0) ? nil : "is \($0), expected 1 to 1000000" },
    ]

    /// The method that is pruned, before it is widened.
    package var base: any AdapterMethod { section.method }
    // A bottleneck with matrices N(0, 0.02²), ReLU and an input LayerNorm has gradients for every matrix at
    // start.
    private var section = AdapterSettings(
        Pfeiffer(BottleneckSettings(activation: .relu, start: .normal, inputNorm: true)))
    private var score = PruningScore.snip
    private var threshold = PruningThreshold.global
    private var largeSparse = 1
    private var examples = 320
    private var givenSparsity: Double?

    private var sparsity: Double {
        get { givenSparsity ?? (largeSparse > 1 ? impliedSparsity : 0.4) }
        set { givenSparsity = newValue }
    }
    private var impliedSparsity: Double { 1 - 1 / Double(largeSparse) }

    /// The base `largeSparse` times as wide; nil if it cannot be widened.
    private var widened: (any AdapterMethod)? {
        largeSparse == 1 ? base : (base as? any WidenableMethod)?.widened(by: largeSparse)
    }

    package init() {}

    package mutating func check(_ section: SettingsSection<NameKey>) throws {
        if !base.members((any PrunedMethod).self).isEmpty {
            throw section.failure(
                NameKey("base"), "is pruned itself",
                remedy: "name the method to prune, once, and its sparsity here")
        }
        if largeSparse > 1, let given = givenSparsity {
            // Settings with all defaults filled in have both keys, and they agree.
            if abs(given - impliedSparsity) > 1e-9 {
                throw section.failure(
                    NameKey("sparsity"),
                    "is \(given), but largeSparse: \(largeSparse) means sparsity \(impliedSparsity)",
                    remedy: "give either sparsity or largeSparse")
            }
            givenSparsity = nil
        }
        if score == .erdosRenyi, threshold == .local {
            throw section.failure(
                NameKey("threshold"),
                "is local, but erdos-renyi itself decides how much of each matrix is removed",
                remedy: "use global, or score: random")
        }
        if widened == nil {
            throw section.failure(
                NameKey("largeSparse"),
                "is \(largeSparse), but \(type(of: base).name) has no width, or none that may grow so much",
                remedy: "use sparsity, or a smaller largeSparse")
        }
    }

    package var parts: [any AdapterMethod] { [widened ?? base] }

    package var pruning: Pruning {
        Pruning(score: score, threshold: threshold, sparsity: sparsity, examples: examples)
    }

    package var isIdentityAtStart: Bool { parts[0].isIdentityAtStart }
    package var mergeability: Mergeability { parts[0].mergeability }

    /// The widened base on a backbone; its failures name keys of the base's section.
    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        let bound: any BoundMethod
        do { bound = try parts[0].bind(to: weights) } catch let failure as Failure {
            guard let place = failure.location, place.hasPrefix("adapter.") else { throw failure }
            throw failure.at("adapter.base." + place.dropFirst("adapter.".count))
        }
        guard bound.slices(seed: 0).contains(where: \.isPrunable) else {
            throw Failure.usage(
                "\(type(of: base).name) has no matrices to prune", at: "adapter.base",
                remedy: "name a method with projection matrices, such as pfeiffer or lora")
        }
        return bound
    }
}
