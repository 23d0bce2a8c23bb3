import Diagnostics
import Formats
import Foundation
import Runs

/// A finished run with all that a report shows of it.
struct RunRecord: Sendable {
    let name: String
    /// The run in a comparison.
    let run: FinishedRun
    let directory: RunDirectory
    let results: RunResults
    let curves: RunCurves
    /// The trace of each start; empty for a merged adapter.
    let strips: [RankStrip]
    let keys: StudyKeys
    let starts: [RunStart]
    /// The resolved study, in YAML.
    let study: String
    /// The papers of its methods, in BibTeX; empty for a run without them.
    let citations: String

    init(_ path: String, name: String) throws {
        self.name = name
        directory = try RunDirectory.open(at: path)
        results = try RunResults.ofFinished(directory)
        let history = try RunHistory(directory)
        curves = RunCurves(history)
        let manifest = try Manifest.read(directory)
        run = try FinishedRun(path, directory, results, manifest, history)
        keys = try StudyKeys(manifest?.identity())
        starts = manifest?.starts ?? []
        func text(_ path: String) -> String {
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        (study, citations) = (text(directory.studyFile), text(directory.citationsFile))
        var strips: [RankStrip] = []
        while let strip = try RankStrip(
            directory.timelineFile(start: strips.count + 1), title: "Ranks over start \(strips.count + 1)")
        {
            strips.append(strip)
        }
        self.strips = strips
    }

    /// One line for the terminal and the top of a page.
    var summary: String {
        let last = results.stages.last
        let names = (last?.tasks.names ?? []).joined(separator: ", ")
        let splits = Set(
            (last?.tasks.entries ?? []).flatMap { $0.value?.splits.names ?? [] })
        let method = results.parameters?.method ?? "no adapter"
        let share = results.parameters.map {
            ", \(TextTable.number(100 * $0.shareOfBackbone, digits: 3)) % "
                + "of the backbone's parameters per task"
        }
        return "\(method) on \(names): mean \(TextTable.number(results.scores.values.mean, digits: 4)) on "
            + "\(EvaluationReport.label(ofSplits: splits.sorted()))\(share ?? "")"
    }
}
