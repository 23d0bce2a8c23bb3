import Diagnostics

/// The state of a run that is its result.
package enum KeptState: String, NamedChoice {
    /// For each task, the state with its best score.
    case best
    /// For all tasks, the state with the best mean score.
    case mean
    /// For all tasks, the state after the last step.
    case last
}

/// The `evaluation` section.
package struct EvaluationSettings: Sendable, Codable, Equatable {
    /// Steps between evaluations; 0 evaluates only at the end of each stage.
    package let every: Int
    /// Evaluations without a better score after which a task is no longer drawn; 0 never stops.
    package let patience: Int
    /// The state that is the result.
    package let keep: KeptState
    /// The share of training examples to hold out and score on; 0 scores on the dev split.
    package let heldOut: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case every, patience, keep, heldOut }

    package init() {
        every = 0
        patience = 0
        keep = .best
        heldOut = 0
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        every = try section.value(.every, default: 0)
        patience = try section.value(.patience, default: 0)
        keep = try section.value(.keep, default: .best)
        heldOut = try section.value(.heldOut, default: 0)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(every), .every,
            "is \(every), expected 0 (at the end of a stage) to \(most) steps")
        try section.require(
            (0...most).contains(patience), .patience,
            "is \(patience), expected 0 (never stop) to \(most) evaluations")
        try section.require(
            (0..<0.9).contains(heldOut), .heldOut, "is \(heldOut), expected 0 (off) to below 0.9")
    }
}
