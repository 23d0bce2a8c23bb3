package import Diagnostics
import Foundation
package import Runs

/// The run directories that paths name.
///
/// A run names itself. Any other folder names the finished runs below it; a sweep names its winners' runs
/// with fresh seeds, or all its trials if it has none. Unfinished runs are skipped and listed in ``leftOut``.
package struct RunSearch: Sendable {
    package private(set) var runs: [String] = []
    /// The sweeps among the paths.
    package private(set) var sweeps: [SweepDirectory] = []
    /// For each run that is left out because it has no usable results, the reason.
    package private(set) var leftOut: [Failure] = []

    /// Three levels hold `methods/lora/seed-1`.
    private static let depth = 3

    /// A path without any run is a failure.
    package init(_ paths: [String]) throws {
        for path in paths {
            let sweep = SweepDirectory(path: path)
            if sweep.hasBegun { sweeps.append(sweep) }
            let directory = RunDirectory(path: sweep.hasBegun ? sweep.comparedRuns : path)
            let found =
                directory.hasBegun ? [] : Self.runs(below: directory.path, depth: Self.depth)
            let before = runs.count
            for run in found.isEmpty ? [try RunDirectory.open(at: path).path] : found {
                do {
                    _ = try RunResults.ofFinished(RunDirectory(path: run))
                    runs.append(run)
                } catch let failure as Failure {
                    leftOut.append(failure)
                }
            }
            if runs.count == before, !found.isEmpty {
                throw Failure.usage(
                    "none of the runs in it has results yet", at: path,
                    remedy: "finish them with train --resume")
            }
        }
        if runs.isEmpty, let failure = leftOut.first { throw failure }
    }

    private static func runs(below folder: String, depth: Int) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted { $0.localizedStandardCompare($1) == .orderedAscending }.flatMap { name in
            let path = "\(folder)/\(name)"
            if RunDirectory(path: path).hasBegun { return [path] }
            let sweep = SweepDirectory(path: path)
            if sweep.hasBegun { return runs(below: sweep.comparedRuns, depth: Self.depth) }
            return depth > 1 ? runs(below: path, depth: depth - 1) : []
        }
    }
}
