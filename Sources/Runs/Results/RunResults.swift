import Formats
import Foundation

/// The results of a run, as `results.json` holds them.
///
/// Fields that a run did not write are nil.
package struct RunResults: Codable, Sendable, Equatable {
    /// The rule by which the kept state was chosen.
    package let keep: String?
    /// Steps of all stages.
    package let steps: Int?
    package let stages: [StageResult]
    package let parameters: ParameterCounts?
    /// Everything that computed a part of the result, in the order in which it came to it.
    package let arithmetic: [Arithmetic]?
    /// Whether a result is of several kernels or versions, so that no single one of them would give its bits.
    package let mixed: Bool?
    /// The most bytes that a rank sent in one step.
    package var bytesPerStep: Int?
    package var examplesPerSecond: Double?
    /// Seconds of all starts.
    package var seconds: Double?
    package var balance: RankBalance?

    package init(
        keep: String? = nil, steps: Int? = nil, stages: [StageResult], parameters: ParameterCounts? = nil,
        arithmetic: [Arithmetic]? = nil, mixed: Bool? = nil
    ) {
        self.keep = keep
        self.steps = steps
        self.stages = stages
        self.parameters = parameters
        self.arithmetic = arithmetic
        self.mixed = mixed
    }

    /// Writes `results.json` atomically.
    package func write(to directory: RunDirectory) throws {
        let text = try JSONValue(encoding: self).encodedForReading()
        try AtomicFile.write(Data(text.utf8), to: directory.resultsFile)
    }

    /// Reads the results of a run; nil where it has none yet.
    package static func read(_ directory: RunDirectory) throws -> RunResults? {
        guard let data = FileManager.default.contents(atPath: directory.resultsFile) else { return nil }
        return try JSONValue(parsing: data, at: directory.resultsFile).decoded(from: directory.resultsFile)
    }
}
