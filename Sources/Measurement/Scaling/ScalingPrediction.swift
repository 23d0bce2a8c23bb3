/// The predicted step on a number of ranks.
package struct ScalingPrediction: Codable, Sendable, Equatable {
    package let ranks, nodes: Int
    package let examples: Int
    /// Seconds of the most loaded rank's micro-batches, and of the parts that do not shrink with the number
    /// of ranks.
    package let compute, replicated: Double
    /// Seconds of the barriers before collective calls, and of the calls' messages.
    package let barriers, transfers: Double

    /// Seconds of collective calls.
    package var communication: Double { barriers + transfers }
    /// Seconds of the step.
    package var seconds: Double { compute + replicated + communication }
    package var communicationShare: Double { seconds > 0 ? communication / seconds : 0 }

    /// Examples per second relative to one rank.
    package func speedup(alone: ScalingPrediction) -> Double {
        guard seconds > 0, alone.examples > 0 else { return 1 }
        return alone.seconds / seconds * Double(examples) / Double(alone.examples)
    }

    /// Speed-up per rank.
    package func efficiency(alone: ScalingPrediction) -> Double { speedup(alone: alone) / Double(ranks) }
}
