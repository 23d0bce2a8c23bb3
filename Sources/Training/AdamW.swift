import Diagnostics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019), as torch.optim.AdamW computes it:
//
//   θ ← θ − η λ θ
//   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
//   θ ← θ − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)

/// The `optimizer` section of a study.
public struct OptimizerSettings: Sendable, Codable, Equatable {
    /// β₁.
    public let beta1: Double
    /// β₂.
    public let beta2: Double
    /// ε.
    public let epsilon: Double
    /// λ, on weights and head matrices; biases and norms are not decayed unless told.
    public let weightDecay: Double
    /// Whether biases and norms are decayed too.
    public let decayBiasAndNorm: Bool
    /// The largest norm of a step's whole gradient; 0 for no clipping.
    public let clip: Double

    enum CodingKeys: String, CodingKey, CaseIterable {
        case beta1, beta2, epsilon, weightDecay, decayBiasAndNorm, clip
    }

    /// Makes settings in code.
    public init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
        decayBiasAndNorm: Bool = false, clip: Double = 1
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.decayBiasAndNorm = decayBiasAndNorm
        self.clip = clip
    }

    /// Reads the section.
    public init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let standard = OptimizerSettings()
        beta1 = try section.value(.beta1, default: standard.beta1)
        beta2 = try section.value(.beta2, default: standard.beta2)
        epsilon = try section.value(.epsilon, default: standard.epsilon)
        weightDecay = try section.value(.weightDecay, default: standard.weightDecay)
        decayBiasAndNorm = try section.value(.decayBiasAndNorm, default: standard.decayBiasAndNorm)
        clip = try section.value(.clip, default: standard.clip)
        try section.require((0..<1).contains(beta1), .beta1, "is \(beta1), expected 0 or more and below 1")
        try section.require((0..<1).contains(beta2), .beta2, "is \(beta2), expected 0 or more and below 1")
        try section.require(epsilon > 0, .epsilon, "is \(epsilon), expected a positive number")
        try section.require(weightDecay >= 0, .weightDecay, "is \(weightDecay), expected 0 or more")
        try section.require(clip >= 0, .clip, "is \(clip), expected 0 (off) or a positive norm")
    }
}

/// The moments of one flat vector of parameters.
public struct AdamW: Sendable, Equatable {
    /// m.
    public private(set) var first: [Float]
    /// v.
    public private(set) var second: [Float]

    /// Moments of zero for `count` parameters.
    public init(count: Int) {
        first = [Float](repeating: 0, count: count)
        second = first
    }

    /// Moments as they were saved; both have a number for each parameter.
    public init(first: [Float], second: [Float]) {
        precondition(first.count == second.count, "both moments belong to the same parameters")
        self.first = first
        self.second = second
    }

    /// Steps the parameters of a range for the `time`-th time, counted from 1.
    public mutating func step(
        _ values: inout [Float], gradient: [Float], _ range: Range<Int>, time: Int, learningRate: Double,
        decay: Double, _ settings: OptimizerSettings
    ) {
        let (b1, b2) = (Float(settings.beta1), Float(settings.beta2))
        let rate = Float(learningRate / (1 - pow(settings.beta1, Double(time))))
        let root = Float(1 / (1 - pow(settings.beta2, Double(time))).squareRoot())
        let epsilon = Float(settings.epsilon)
        let kept = Float(1 - learningRate * decay)
        for i in range {
            let g = gradient[i]
            first[i] = b1 * first[i] + (1 - b1) * g
            second[i] = b2 * second[i] + (1 - b2) * g * g
            values[i] = values[i] * kept - rate * first[i] / (second[i].squareRoot() * root + epsilon)
        }
    }
}

/// Scales a whole gradient so that its norm is at most `limit`, as torch.nn.utils.clip_grad_norm_ does.
///
/// Returns the norm before clipping. A limit of 0 clips nothing.
public func clipGlobalNorm(_ gradient: inout [Float], limit: Double) -> Double {
    var squares = 0.0
    for value in gradient { squares += Double(value) * Double(value) }
    let norm = squares.squareRoot()
    let factor = limit / (norm + 1e-6)
    if limit > 0, factor < 1 {
        let scale = Float(factor)
        for i in gradient.indices { gradient[i] *= scale }
    }
    return norm
}
