import Diagnostics

/// The `evaluation` section.
package struct EvaluationSettings: Sendable, Codable, Equatable {
    /// Steps between evaluations; 0 evaluates only at the end of each stage.
    package private(set) var every = 0
    /// Evaluations without a better score after which a task is no longer drawn; 0 never stops.
    package private(set) var patience = 0
    /// The state that is the result.
    package private(set) var keep = KeptState.best
    /// The share of training examples to hold out and score on; 0 scores on the dev split.
    package private(set) var heldOut = 0.0

    enum CodingKeys: String, CodingKey, CaseIterable { case every, patience, keep, heldOut }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        every = try section.value(.every, default: every)
        patience = try section.value(.patience, default: patience)
        keep = try section.value(.keep, default: keep)
        heldOut = try section.value(.heldOut, default: heldOut)
        let most = StageSettings.mostSteps
        try section.require(
            (0...most).contains(every), .every,
            "is \(every), expected 0 (at the end of a stage) to \(most) steps")
        try section.require(
            (0...most).contains(patience), .patience,
            "is \(patience), expected 0 (never stop) to \(most) evaluations")
        try section.require(
            patience == 0 || every > 0, .patience,
            "is \(patience), but every is 0, so a task is first scored when its stage ends; set every, or "
                + "leave patience out")
        try section.require(
            (0..<0.9).contains(heldOut), .heldOut, "is \(heldOut), expected 0 (off) to below 0.9")
    }

    /// The state of a run that is its result.
    package enum KeptState: String, NamedChoice {
        /// For each task, the state with its best score.
        case best
        /// For all tasks, the state with the best mean score.
        case mean
        /// For all tasks, the state after the last step.
        case last
    }
}
