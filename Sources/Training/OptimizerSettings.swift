import Diagnostics

/// The `optimizer` section of a study.
package struct OptimizerSettings: Sendable, Codable, Equatable {
    /// β₁.
    package let beta1: Double
    /// β₂.
    package let beta2: Double
    /// ε.
    package let epsilon: Double
    /// λ, on weights and head matrices.
    package let weightDecay: Double
    /// Whether λ applies to biases and norms too.
    package let decayBiasAndNorm: Bool
    /// The bound on the norm of a step's whole gradient; 0 for no clipping.
    package let clip: Double
    /// The owner of the moments of shared parameters.
    package var moments: MomentsOwner

    enum CodingKeys: String, CodingKey, CaseIterable {
        case beta1, beta2, epsilon, weightDecay, decayBiasAndNorm, clip, moments
    }

    package init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
        decayBiasAndNorm: Bool = false, clip: Double = 1, moments: MomentsOwner = .shared
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decayBiasAndNorm = decayBiasAndNorm
        self.clip = clip
        self.moments = moments
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let standard = OptimizerSettings()
        beta1 = try section.value(.beta1, default: standard.beta1)
        beta2 = try section.value(.beta2, default: standard.beta2)
        epsilon = try section.value(.epsilon, default: standard.epsilon)
        weightDecay = try section.value(.weightDecay, default: standard.weightDecay)
        decayBiasAndNorm = try section.value(.decayBiasAndNorm, default: standard.decayBiasAndNorm)
        clip = try section.value(.clip, default: standard.clip)
        moments = try section.value(.moments, default: standard.moments)
        try section.require((0..<1).contains(beta1), .beta1, "is \(beta1), expected 0 or more and below 1")
        try section.require((0..<1).contains(beta2), .beta2, "is \(beta2), expected 0 or more and below 1")
        try section.require(epsilon > 0, .epsilon, "is \(epsilon), expected a positive number")
        try section.require(weightDecay >= 0, .weightDecay, "is \(weightDecay), expected 0 or more")
        try section.require(clip >= 0, .clip, "is \(clip), expected 0 (off) or a positive norm")
    }

    /// Whose moments the update of a shared parameter comes from.
    package enum MomentsOwner: String, NamedChoice {
        /// Those of the parameter, which all its tasks share.
        case shared
        /// Those of each task; the updates of the tasks are added (AdaTask).
        case perTask
    }
}
