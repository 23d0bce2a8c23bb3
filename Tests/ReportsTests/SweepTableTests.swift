import Formats
import Reports
import Runs
import Testing

@Suite("The table of a sweep's trials")
struct SweepTableTests {
    /// Trials of layers, with the scores of each by seed; those without any failed.
    private func table(_ trials: [(String, [Double])]) -> SweepTable {
        let results = trials.enumerated().map { index, trial in
            SweepResults.TrialResult(
                trial: index + 1, parameters: NamedValues([("adapter.layers", trial.0)]),
                state: trial.1.isEmpty ? .failed : .finished,
                score: trial.1.isEmpty ? nil : trial.1.reduce(0, +) / Double(trial.1.count), scores: trial.1,
                steps: nil, failure: trial.1.isEmpty ? "diverged" : nil, runs: [])
        }
        let ranking = results.filter { $0.score != nil }.sorted { ($0.score ?? 0) > ($1.score ?? 0) }
        return SweepTable(
            SweepResults(
                score: "mean", on: "heldOut", trials: results, ranking: ranking.map(\.trial), then: []))
    }

    @Test("Trials of several seeds are in order, with intervals and paired differences to the first")
    func order() throws {
        let table = table([
            ("all", [0.5, 0.52, 0.54]), ("1-5", [0.505, 0.526, 0.545]), ("0-4", [0.4, 0.42, 0.44]), ("9", []),
        ])
        let lines = try table.text(.markdown, width: .max).split(separator: "\n").map(String.init)
        #expect(lines[0] == "| trial | layers | held-out mean | Δ trial 1 | state |")
        #expect(
            Array(lines[2...5]) == [
                "| 2 | 1-5 | 0.5253 ± 0.0497 | +0.0053 [+0.0050, +0.0060] | finished |",
                "| 1 | all | 0.5200 ± 0.0497 | – | finished |",
                "| 3 | 0-4 | 0.4200 ± 0.0497 | -0.1000 [-0.1000, -0.1000] | finished |",
                "| 4 | 9 | – | – | failed |",
            ])
        #expect(
            lines.contains(
                "differ from trial 1 by more than chance among seeds would explain: better: 2; worse: 3"))
        #expect(lines.last?.contains("paired bootstrap") == true)
        let csv = try table.text(.csv, width: .max).split(separator: "\n").map(String.init)
        #expect(
            csv[0] == "trial,layers,held-out mean,held-out mean ci95,held-out mean sd,Δ trial 1,"
                + "Δ trial 1 low,Δ trial 1 high,state")
    }

    @Test("Trials of one seed have no differences")
    func oneSeed() throws {
        let text = try table([("all", [0.5]), ("1-5", [0.625])]).text(.markdown, width: .max)
        #expect(text.contains("| trial | layers | held-out mean | state |"))
        #expect(text.contains("| 2 | 1-5 | 0.6250 | finished |") && !text.contains("bootstrap"))
    }
}
