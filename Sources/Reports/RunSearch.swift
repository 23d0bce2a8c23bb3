import Diagnostics
import Foundation
import Runs

/// The run directories that paths name: a folder that is no run stands for the finished runs below it.
package struct RunSearch: Sendable {
    package private(set) var runs: [String] = []
    /// Runs below a folder that have no results yet, and are left out.
    package private(set) var unfinished: [String] = []

    /// Three levels hold `methods/lora/seed-1`.
    private static let depth = 3

    /// A path without any run is a failure.
    package init(_ paths: [String]) throws {
        for path in paths {
            let directory = RunDirectory(path: path)
            let found =
                directory.hasBegun ? [] : Self.runs(below: directory.path, depth: Self.depth)
            if found.isEmpty {
                runs.append(try RunDirectory.open(at: path).path)
                continue
            }
            let finished = found.filter {
                FileManager.default.fileExists(atPath: RunDirectory(path: $0).resultsFile)
            }
            if finished.isEmpty {
                throw Failure.usage(
                    "none of the runs in it has results yet", at: path,
                    remedy: "finish them with train --resume")
            }
            runs += finished
            unfinished += found.filter { !finished.contains($0) }
        }
    }

    private static func runs(below folder: String, depth: Int) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted { $0.localizedStandardCompare($1) == .orderedAscending }.flatMap { name in
            let path = "\(folder)/\(name)"
            if RunDirectory(path: path).hasBegun { return [path] }
            return depth > 1 ? runs(below: path, depth: depth - 1) : []
        }
    }
}
