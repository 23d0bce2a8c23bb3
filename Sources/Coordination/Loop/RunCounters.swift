import Formats

/// The cost of a run up to a step, over all its starts; steps that a crash lost and a later start repeated count once.
struct RunCounters: Equatable {
    /// The largest number of bytes that a rank sent in one step.
    var bytesPerStep = 0
    /// Examples of all steps.
    var examples = 0
    /// Seconds of all steps.
    var stepSeconds = 0.0
    /// Seconds of all starts, from each one's begin.
    var seconds = 0.0

    /// Nothing yet.
    init() {}

    /// Reads saved counters; anything else counts as none.
    init(_ saved: JSONValue) {
        bytesPerStep = max(0, saved["bytesPerStep"]?.int ?? 0)
        examples = max(0, saved["examples"]?.int ?? 0)
        stepSeconds = max(0, saved["stepSeconds"]?.double ?? 0)
        seconds = max(0, saved["seconds"]?.double ?? 0)
    }

    /// The form that ``init(_:)`` reads.
    var json: JSONValue {
        [
            "bytesPerStep": .integer(bytesPerStep), "examples": .integer(examples),
            "stepSeconds": .number(stepSeconds), "seconds": .number(seconds),
        ]
    }

    /// Adds a step.
    mutating func count(_ report: StepReport) {
        bytesPerStep = max(bytesPerStep, report.bytes)
        examples += report.examples
        stepSeconds += report.seconds
    }
}
