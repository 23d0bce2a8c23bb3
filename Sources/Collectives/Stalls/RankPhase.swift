/// The phase of a run that a rank is in, as published to the other ranks of its node.
package enum RankPhase: UInt64, CaseIterable, Sendable {
    /// Loading the study, the backbone, the data and the checkpoint.
    case startUp
    /// Choosing the next directive; rank 0 only.
    case planning
    /// Computing the frozen backbone's pooled vectors.
    case pooling
    /// An optimizer step.
    case step
    case pruning
    case evaluation
    /// Writing a checkpoint, or waiting for rank 0 to write it.
    case checkpoint
    /// Writing results and finalizing MPI.
    case finishing

    /// Whether the phase repeats similar work, so that past rounds predict the next.
    var repeats: Bool {
        switch self {
        case .startUp, .finishing: false
        case .planning, .pooling, .step, .pruning, .evaluation, .checkpoint: true
        }
    }

    /// The phase as text: `step 12, micro-batch 3`.
    ///
    /// - Parameters:
    ///   - step: the number of steps taken before
    ///   - microBatch: the micro-batch, from 1; 0 before the first
    /// - Returns: the text
    func description(step: Int, microBatch: Int) -> String {
        let phase =
            switch self {
            case .startUp: "start-up"
            case .planning: "planning step \(step + 1)"
            case .pooling: "pooled vectors"
            case .step: "step \(step + 1)"
            case .pruning: "pruning"
            case .evaluation: "the evaluation after step \(step)"
            case .checkpoint: "the checkpoint of step \(step)"
            case .finishing: "finishing"
            }
        return microBatch > 0 ? "\(phase), micro-batch \(microBatch)" : phase
    }
}
