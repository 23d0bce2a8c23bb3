/// A claim about two ways to train: one reaches a share of the other's mean score, or exceeds it.
package struct Claim: Sendable {
    /// A way to train: the best trial of a sweep, chosen on held-out examples, among some of its trials.
    package struct Arm: Sendable {
        /// The sweep's folder.
        package let sweep: String
        /// The parameter of which the sweep repeats the best trial of each value; nil if it repeats the best
        /// of all its trials.
        package let key: String?
        /// The values, as YAML, with which a trial is one of the arm's.
        package let values: [String]

        /// Whether a trial with these parameters belongs to the arm.
        package func has(_ value: (_ key: String) -> String?) -> Bool {
            guard let key else { return true }
            return value(key).map(values.contains) ?? false
        }

        /// The arm for messages: `adapter.method=lora of headline`.
        var name: String {
            guard let key else { return sweep }
            return "\(key)=\(values.joined(separator: "|")) of \(sweep)"
        }
    }

    package let text: String
    /// The paper, or this project.
    package let source: String
    package let arm: Arm
    package let reference: Arm
    /// The required ratio of mean scores; at most 0.99 for an arm that is as good, since no interval of equal
    /// scores lies above 1.
    package let share: Double
    /// Whether the ratio must exceed `share`.
    package let isStrict: Bool
    /// The cost that must be lower than the reference's.
    package let saving: Saving?

    /// A cost of a run.
    package enum Saving: Sendable {
        case parameters, operations
        /// Parameters of all tasks: one part for each of the reference's tasks.
        case sharedParameters
    }

    private init(
        _ text: String, _ source: String, _ arm: Arm, reaches share: Double, of reference: Arm,
        saving: Saving? = nil
    ) {
        (self.text, self.source, self.arm, self.share, self.reference) = (
            text, source, arm, share, reference
        )
        (isStrict, self.saving) = (false, saving)
    }

    private init(_ text: String, _ source: String, _ arm: Arm, beats reference: Arm) {
        (self.text, self.source, self.arm, self.reference) = (text, source, arm, reference)
        (share, isStrict, saving) = (1, true, nil)
    }
}

extension Claim {
    /// The claims of the papers and of this project, which `launch/claims` tests.
    package static let all = [
        Claim(
            "the Hadamard adapter reaches 98 % of full fine-tuning", "Chen et al., 2023",
            .method("hadamard"), reaches: 0.98, of: .method("full")),
        Claim(
            "the Hadamard adapter is no worse than a LayerNorm alone", "Chen et al., 2023",
            .method("hadamard"), reaches: 0.99, of: .method("layernorm")),
        Claim(
            "two thirds of the layers suffice", "Chen et al., 2023",
            .small("{layers: 2-5, method: hadamard}"), reaches: 0.99, of: .small("{method: hadamard}")),
        Claim(
            "one adapter for four tasks reaches 97 % of private ones", "this project",
            .sharing("{bias: all, head: private, norm: all, weight: all}"), reaches: 0.97,
            of: .method("hadamard"), saving: .sharedParameters),
        Claim(
            "tasks can share w alone", "Chen et al., 2023",
            .smallSharing("{bias: private, head: private, norm: private, weight: all}"), reaches: 0.99,
            of: .small("{method: hadamard}")),
        Claim(
            "tasks can share b alone", "Chen et al., 2023",
            .smallSharing("{bias: all, head: private, norm: private, weight: private}"), reaches: 0.99,
            of: .small("{method: hadamard}")),
        Claim(
            "groups of like tasks are better than one group", "this project",
            .sharing(
                "{bias: groups, groups: {pairs: [mrpc, stsb, rte]}, head: private, norm: groups, "
                    + "weight: groups}"),
            beats: .sharing("{bias: all, head: private, norm: all, weight: all}")),
        Claim(
            "UPGrad is better than the sum of gradients", "Quinton and Rey, 2024", .rules(["upgrad"]),
            beats: .rules(["sum"])),
        Claim(
            "PCGrad is better than the sum of gradients", "Yu et al., 2020", .rules(["pcgrad"]),
            beats: .rules(["sum"])),
        Claim(
            "combination rules beat tuned fixed weights", "contested by Xin et al., 2022",
            .rules(["pcgrad", "cagrad", "nash", "upgrad"]), beats: .weights),
        Claim(
            "SparseAdapter at 40 % is comparable with the dense adapter", "He et al., 2022",
            .small("{method: sparse, sparsity: 0.4}"), reaches: 0.99, of: .small("{method: pfeiffer}")),
        Claim(
            "SparseAdapter at 80 % is comparable with the dense adapter", "He et al., 2022",
            .small("{method: sparse, sparsity: 0.8}"), reaches: 0.99, of: .small("{method: pfeiffer}")),
        Claim(
            "Large-Sparse is no worse than full fine-tuning", "He et al., 2022",
            .small("{largeSparse: 4, method: sparse}"), reaches: 0.99, of: .small("{method: full}")),
        Claim(
            "HUT is on par with LoRA, at fewer operations", "Zhang et al., 2024",
            .small("{method: hut}"), reaches: 0.99, of: .small("{method: lora}"), saving: .operations),
        Claim(
            "tiny attention is on par with larger adapters", "Zhao et al., 2022",
            .small("{method: tiny-attention}"), reaches: 0.99, of: .small("{method: pfeiffer}"),
            saving: .parameters),
        Claim(
            "AdapterBias is close to full fine-tuning", "Fu et al., 2022",
            .small("{method: adapter-bias}"), reaches: 0.97, of: .small("{method: full}")),
    ]
}

extension Claim.Arm {
    /// A method with whole epochs, an adapter for each task.
    fileprivate static func method(_ name: String) -> Self {
        Claim.Arm(sweep: "headline", key: "adapter.method", values: [name])
    }

    /// A sharing of the Hadamard adapter, with whole epochs.
    fileprivate static func sharing(_ section: String) -> Self {
        Claim.Arm(sweep: "sharing", key: "sharing", values: [section])
    }

    /// A sharing of the Hadamard adapter under the smaller budget.
    fileprivate static func smallSharing(_ section: String) -> Self {
        Claim.Arm(sweep: "kinds", key: "sharing", values: [section])
    }

    /// The best of combination rules with one adapter for all tasks.
    fileprivate static func rules(_ names: [String]) -> Self {
        Claim.Arm(sweep: "rules", key: "combination.rule", values: names)
    }

    /// The best of fixed weights of the tasks' losses with one adapter for all tasks.
    fileprivate static var weights: Self { Claim.Arm(sweep: "weights", key: nil, values: []) }

    /// A method under the smaller budget.
    fileprivate static func small(_ section: String) -> Self {
        Claim.Arm(sweep: "methods", key: "adapter", values: [section])
    }
}
