import Diagnostics
import Formats
import Runs
import Tasks

/// A finished run with whose scores or losses a sampler compares tasks.
struct ReferenceRun {
    private let path: String
    /// The study's key that names it.
    private let key: String
    private let directory: RunDirectory
    private let stage: StageResult

    init(_ path: String, key: String) throws {
        (self.path, self.key) = (path, key)
        do {
            directory = try RunDirectory.open(at: path)
            let results = try RunResults.ofFinished(directory)
            // Finished results have a stage.
            stage = results.stages[results.stages.count - 1]
        } catch let failure as Failure {
            throw Self.located(failure, at: key)
        }
    }

    private static func located(_ failure: Failure, at key: String) -> Failure {
        Failure(
            failure.kind, at: key, (failure.location.map { "\($0): " } ?? "") + failure.message,
            remedy: failure.remedy)
    }

    /// The score of a task, by the metrics and on the splits that a study scores it with.
    func score(of task: any LanguageTask, on splits: [Split]) throws -> Double {
        guard let kept = stage.tasks[task.name] ?? nil else { throw missing(task, "score") }
        let metrics = task.metrics.map(\.rawValue)
        let found = kept.splits
        let isSame =
            Set(found.names) == Set(splits.map(\.rawValue))
            && found.values.allSatisfy { Set($0.names) == Set(metrics) }
        if !isSame {
            func words(_ metrics: [String], _ splits: [String]) -> String {
                let labels = splits.map(EvaluationReport.label(ofSplit:))
                return "\(metrics.joined(separator: " and ")) on \(labels.joined(separator: " and "))"
            }
            throw Failure.usage(
                "\(path) scored \(task.name) by \(words(found.values.first?.names ?? [], found.names)), but "
                    + "this study scores it by \(words(metrics, splits.map(\.rawValue)))", at: key,
                remedy: "name a run with these scores, or give the score as a number")
        }
        return kept.score
    }

    /// A task's mean loss over the last examples that the run trained on, as many as the task has.
    func loss(of task: any LanguageTask) throws -> Double {
        guard stage.tasks.names.contains(task.name) else { throw missing(task, "loss") }
        let history: RunHistory?
        do { history = try RunHistory(directory) } catch let failure as Failure {
            throw Self.located(failure, at: key)
        }
        guard let history else {
            throw Failure.usage(
                "\(path) has no journal, and so no losses", at: key,
                remedy: "name a run that was trained, not merged, or give the losses as numbers")
        }
        let size = history.facts?.tasks.first { $0.name == task.name }?.train ?? 1
        var (sum, count) = (0.0, 0)
        for step in history.steps.reversed() {
            if step.stage != stage.stage || count >= size { break }
            let examples = step.microBatches.reduce(0) {
                $0 + ($1.task == task.name ? $1.examples.count : 0)
            }
            guard examples > 0, let loss = step.losses[task.name] else { continue }
            sum += Double(examples) * loss
            count += examples
        }
        if count == 0 { throw missing(task, "loss") }
        return sum / Double(count)
    }

    private func missing(_ task: any LanguageTask, _ kind: String) -> Failure {
        .usage(
            "\(path) has no \(kind) of '\(task.name)'; its tasks are "
                + stage.tasks.names.joined(separator: ", "), at: key,
            remedy: "name a run that trained it, or give its \(kind) as a number")
    }
}
