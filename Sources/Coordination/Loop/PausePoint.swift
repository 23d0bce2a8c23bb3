import Training

/// A point at which a run pauses with a checkpoint; continued later, it has the same result as without.
package enum PausePoint: Sendable, Equatable {
    /// Before the first step that trains adapters, with the activations of the head stage computed.
    case beforeAdapters
    /// After the evaluation that follows this many steps of the adapter stage.
    case adapterSteps(Int)

    /// Whether a state is at the point or beyond.
    func isReached(_ state: TrainingState, _ schedule: StageSchedule) -> Bool {
        if schedule.stage == .head { return false }
        switch self {
        case .beforeAdapters: return true
        case .adapterSteps(let steps): return state.stageStep >= steps && state.evaluatedAt == state.step
        }
    }
}
