/// The part of a run that a rank is in, as it publishes it to the other ranks of its host.
package enum RankPhase: UInt64, CaseIterable, Sendable {
    /// Loading the study, the backbone and the data, and looking for a checkpoint.
    case startUp
    /// Deciding on the next directive; only rank 0 does.
    case planning
    /// Computing the frozen backbone's pooled vectors.
    case pooling
    /// An optimizer step.
    case step
    /// Pruning adapters.
    case pruning
    /// Scoring tasks.
    case evaluation
    /// Writing a checkpoint; ranks that don't write wait in this phase.
    case checkpoint
    /// Writing results and ending MPI.
    case finishing

    /// Whether the ranks do like work, over and over, so that one round predicts the next.
    var repeats: Bool {
        switch self {
        case .startUp, .finishing: false
        case .planning, .pooling, .step, .pruning, .evaluation, .checkpoint: true
        }
    }

    /// The phase in a sentence: `step 12, unit 3`.
    ///
    /// - Parameters:
    ///   - step: how many steps were taken before
    ///   - unit: the unit of work, from 1; 0 before the first
    /// - Returns: the words
    func words(step: Int, unit: Int) -> String {
        let place =
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
        return unit > 0 ? "\(place), unit \(unit)" : place
    }
}
