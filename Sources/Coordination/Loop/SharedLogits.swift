import Collectives

/// Logits of which each rank computes a part.
///
/// They are summed as integer bit patterns, to which all ranks but one contribute 0, so every rank gets the
/// owner's bits.
struct SharedLogits {
    private var patterns: [Int32]

    init(count: Int) { patterns = [Int32](repeating: 0, count: count) }

    /// Sets this rank's logits from an offset on.
    mutating func set(_ logits: [Float], at offset: Int) {
        for (i, logit) in logits.enumerated() { patterns[offset + i] = Int32(bitPattern: logit.bitPattern) }
    }

    /// The logits of all ranks; a collective.
    func gathered(_ communicator: any Communicator) throws -> [Float] {
        var patterns = patterns
        try communicator.allReduce(&patterns, .sum)
        return patterns.map { Float(bitPattern: UInt32(bitPattern: $0)) }
    }
}
