import Diagnostics
import Kernels

/// A merge rule with its settings, checked.
package struct MergeSettings: Sendable {
    package let rule: any MergeRule
    /// The adapters' names, by which random numbers are drawn.
    package let names: [String]
    /// The weight of each adapter; nil for a rule that takes none.
    package let weights: [Double]?

    /// Whether the result depends on the adapters' common start.
    package var readsStart: Bool { type(of: rule).readsStart }

    /// Nil for a rule that keeps all entries.
    package var density: Double? { (rule as? any ThinningRule)?.density }
    /// Nil for a rule that draws no random numbers.
    package var seed: UInt64? { (rule as? any RandomRule)?.seed }

    /// The settings of the command line.
    ///
    /// - Parameters:
    ///   - name: the rule's name
    ///   - names: the names of the adapters, which must differ
    ///   - weights: a weight for all adapters, or one for each; 1 by default
    ///   - density: the share of entries that each adapter keeps; the rule's own by default
    ///   - seed: that of the random numbers
    /// - Throws: a failure that names the option
    package init(
        rule name: String, of names: [String], weights: [Double]? = nil, density: Double? = nil,
        seed: UInt64? = nil
    ) throws {
        guard let type = MergeTable.rule(named: name) else {
            throw Failure.usage(
                "unknown rule '\(name)'", at: "--rule",
                remedy: didYouMean(name, among: MergeTable.methods.names))
        }
        func rules(where takes: (any MergeRule.Type) -> Bool) -> String {
            "leave it out; it is for \(MergeTable.all.filter(takes).map { $0.name }.joined(separator: ", "))"
        }
        var rule: any MergeRule = type.init()
        if weights != nil, !type.takesWeights {
            throw Failure.usage(
                "\(name) takes no weights", at: "--weights", remedy: rules { $0.takesWeights })
        }
        if let density {
            guard var thinning = rule as? any ThinningRule else {
                throw Failure.usage(
                    "\(name) keeps every entry", at: "--density",
                    remedy: rules { $0 is any ThinningRule.Type })
            }
            thinning.density = density
            rule = thinning
        }
        if let seed {
            guard var random = rule as? any RandomRule else {
                throw Failure.usage(
                    "\(name) draws no random numbers", at: "--seed",
                    remedy: rules { $0 is any RandomRule.Type })
            }
            random.seed = seed
            rule = random
        }
        if let invalid = rule.invalidSetting {
            throw Failure.usage(invalid.problem, at: "--\(invalid.key)")
        }
        if let weights, weights.count != 1, weights.count != names.count {
            throw Failure.usage(
                "has \(weights.count) numbers for \(names.count) adapters", at: "--weights",
                remedy: "give one number, or one for each of \(names.joined(separator: ", "))")
        }
        if let weights, let problem = type.problem(with: weights) {
            throw Failure.usage(
                "is \(weights.map { "\($0)" }.joined(separator: ",")), expected \(problem)", at: "--weights")
        }
        let given = weights.map { $0.count == 1 ? [Double](repeating: $0[0], count: names.count) : $0 }
        self.weights = type.takesWeights ? given ?? [Double](repeating: 1, count: names.count) : nil
        (self.rule, self.names) = (rule, names)
    }

    /// The merged offset of a tensor, from the distinct ones of its adapters.
    ///
    /// `members` are the adapters that have each offset, as indices of ``names``; by default one each, in
    /// their order. Random numbers depend on the seed and the names of tensor and adapters, and not on the
    /// adapters' order.
    package func merged(_ tensor: String, _ offsets: [[Float]], of members: [[Int]]? = nil) -> [Float] {
        if offsets.first?.isEmpty != false { return [] }
        let members = members ?? names.indices.map { [$0] }
        return rule.merged(
            TensorOffsets(
                offsets, weights: members.map(weight),
                choice: RandomChoice(
                    randoms: members.map { members in
                        let name = members.map { names[$0] }.sorted().joined(separator: "+")
                        return CounterRandom(seed: seed ?? 0, .merging, FNV1a.hash(tensor), FNV1a.hash(name))
                    }, density: density ?? 1)))
    }

    /// The weight of an offset that several adapters have: in a mean the sum of theirs, else their mean.
    private func weight(of members: [Int]) -> Double {
        let own = members.map { weights?[$0] ?? 1 }
        if type(of: rule).addsWeights { return own.reduce(0, +) }
        // The mean of equal weights, without rounding.
        return own[0] + own.reduce(0) { $0 + ($1 - own[0]) } / Double(own.count)
    }

    /// Keeps each entry with the probability `density`.
    private struct RandomChoice: EntryChoice {
        /// By adapter.
        let randoms: [CounterRandom]
        let density: Double

        func keeps(_ entry: Int, of adapter: Int) -> Bool {
            randoms[adapter].uniform(UInt64(entry)) < density
        }
    }
}
