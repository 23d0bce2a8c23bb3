/// The cost of a run up to a step, over all starts; steps lost in a crash and repeated count once.
struct RunCounters: Codable, Sendable, Equatable {
    /// The largest number of bytes that a rank sent in one step.
    var bytesPerStep = 0
    /// Examples of all steps that computed the encoder.
    var examples = 0
    /// Seconds of these steps.
    var stepSeconds = 0.0
    /// Seconds of all starts, each from its beginning.
    var seconds = 0.0

    mutating func count(_ report: StepReport) {
        bytesPerStep = max(bytesPerStep, report.bytes)
        guard report.passesEncoder else { return }
        examples += report.examples
        stepSeconds += report.seconds
    }
}
