import Diagnostics
package import Formats

/// The results of a run: `results.json`.
///
/// Fields absent from the file are nil.
package struct RunResults: Codable, Sendable, Equatable {
    /// The rule that selects the kept state.
    package let keep: String?
    /// Steps of all stages.
    package let steps: Int?
    package let stages: [StageResult]
    package let parameters: ParameterCounts?
    /// How the gradients of shared parameters travelled; nil if no tasks share a trained parameter.
    package let sharedGradients: SharedGradients?
    /// The versions and kernels that computed parts of the result, in order.
    package let arithmetic: [Arithmetic]?
    /// Whether the result mixes kernels or versions whose bits differ: no single one of them reproduces it.
    package let mixed: Bool?
    /// How far the adapters moved; nil for a study that trains none.
    package let adapterChanges: AdapterChanges?
    package var study: RunStudy?
    /// The largest number of bytes that a rank sent in one step.
    package var bytesPerStep: Int?
    package var examplesPerSecond: Double?
    /// Seconds of all starts.
    package var seconds: Double?
    package var balance: RankBalance?

    package init(
        keep: String? = nil, steps: Int? = nil, stages: [StageResult], parameters: ParameterCounts? = nil,
        sharedGradients: SharedGradients? = nil, arithmetic: [Arithmetic]? = nil, mixed: Bool? = nil,
        adapterChanges: AdapterChanges? = nil
    ) {
        self.adapterChanges = adapterChanges
        (self.keep, self.steps, self.stages) = (keep, steps, stages)
        self.sharedGradients = sharedGradients
        (self.parameters, self.arithmetic, self.mixed) = (parameters, arithmetic, mixed)
    }

    /// A copy without times, and without what depends on the ranks or names files.
    package var reproducible: RunResults {
        var copy = self
        copy.study = nil
        (copy.bytesPerStep, copy.examplesPerSecond, copy.seconds, copy.balance) = (nil, nil, nil, nil)
        return copy
    }

    /// The score of each task that was scored in the last stage, with the kept state.
    package var scores: NamedValues<Double> {
        NamedValues(
            (stages.last?.tasks.entries ?? []).compactMap { task in
                task.value.map { (task.name, $0.score) }
            })
    }

    /// The splits that these scores are of.
    package var splits: [String] {
        (stages.last?.tasks.values ?? []).flatMap { $0?.splits.names ?? [] }.distinct
    }

    /// Writes `results.json` atomically.
    package func write(to directory: RunDirectory) throws {
        try JSONFile.write(self, to: directory.resultsFile)
    }

    /// Reads the results of a run; nil if it has none yet.
    package static func read(_ directory: RunDirectory) throws -> RunResults? {
        do { return try JSONFile.read(directory.resultsFile) } catch let failure as Failure {
            throw failure.with(remedy: "write it again with \(directory.resumption)")
        }
    }

    /// Reads the results of a run; an unfinished run is refused.
    package static func ofFinished(_ directory: RunDirectory) throws -> RunResults {
        guard let results = try read(directory) else {
            if directory.isImported {
                throw Failure.usage(
                    "holds an imported adapter, which has no results", at: directory.path,
                    remedy: "score it with hadamesh evaluate")
            }
            throw Failure.usage(
                "the run has no results yet", at: directory.path,
                remedy: "finish it with \(directory.resumption)")
        }
        if results.stages.isEmpty {
            throw Failure.data(
                "holds no stage, expected one or two", at: directory.resultsFile,
                remedy: "write it again with \(directory.resumption)")
        }
        return results
    }
}
