import Diagnostics
import Foundation
import Tasks
import Testing

/// Predictions with the values that scikit-learn and SciPy give; see Tests/Golden/tasks/generate.py.
struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let width: Int
    let logits: [Float]
    let labels: [Int]?
    let values: [Double]?
    let expected: [String: Double?]

    var testDescription: String { name }
    var targets: [Target] { labels?.map { .label($0) } ?? values?.map { .value($0) } ?? [] }

    static let all: [GoldenCase] = {
        let file = packageRoot.appending(path: "Tests/Golden/tasks/metrics.json")
        return (try? JSONDecoder().decode([GoldenCase].self, from: Data(contentsOf: file))) ?? []
    }()
}

@Suite struct MetricTests {
    @Test func goldenCasesCoverEveryMetric() {
        #expect(GoldenCase.all.count >= 40)
        #expect(Set(GoldenCase.all.flatMap(\.expected.keys)) == Set(Metric.allCases.map(\.rawValue)))
        #expect(GoldenCase.all.contains { $0.expected.values.contains(nil) })
    }

    @Test(arguments: GoldenCase.all)
    func metricsEqualTheReferences(_ golden: GoldenCase) throws {
        let predictions = try Predictions(logits: golden.logits, width: golden.width)
        for (name, expected) in golden.expected {
            let metric = try #require(Metric(rawValue: name))
            let value = try metric.score(predictions: predictions, targets: golden.targets)
            // Where the reference gives no number, for a correlation with something constant, ours is 0.
            #expect(abs(value - (expected ?? 0)) <= 1e-12, "\(name) is \(value), expected \(expected ?? 0)")
        }
    }

    @Test(arguments: GoldenCase.all)
    func metricsDoNotDependOnTheOrderOfExamples(_ golden: GoldenCase) throws {
        let rows = stride(from: 0, to: golden.logits.count, by: golden.width).map {
            Array(golden.logits[$0..<($0 + golden.width)])
        }
        let reversed = try Predictions(logits: rows.reversed().flatMap(\.self), width: golden.width)
        let straight = try Predictions(logits: golden.logits, width: golden.width)
        for metric in golden.expected.keys.compactMap(Metric.init) {
            let one = try metric.score(predictions: straight, targets: golden.targets)
            let other = try metric.score(predictions: reversed, targets: golden.targets.reversed())
            #expect(abs(one - other) <= 1e-12)
        }
    }

    @Test func theLowestIndexWinsATie() throws {
        #expect(try Predictions(logits: [1, 1, 0, 0, 2, 2, -0.0, 0, 0], width: 3).classes == [0, 1, 0])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func aPredictionThatIsNotFiniteIsAFailure(_ logit: Float) {
        expectFailure(.data, ["logit 1 of example 2", "lower the learning rate"]) {
            _ = try Predictions(logits: [0, 1, 0, 1, 0, logit], width: 2)
        }
    }

    @Test(arguments: [(3, 2), (1, 0), (4, -1)])
    func logitsMustFillTheirRows(_ count: Int, _ width: Int) {
        expectFailure(.data, ["\(count) logits"]) {
            _ = try Predictions(logits: [Float](repeating: 0, count: count), width: width)
        }
    }

    @Test(arguments: Metric.allCases)
    func everyMetricRefusesWhatItCannotScore(_ metric: Metric) throws {
        let ofClasses = metric.mismatch(with: .classes(["a", "b"])) == nil
        let fitting = try Predictions(logits: [1, 2, 3, 4], width: ofClasses ? 2 : 1)
        let unfitting = try Predictions(logits: [1, 2, 3, 4], width: ofClasses ? 1 : 2)
        let target: Target = ofClasses ? .label(1) : .value(1)
        let wrongTarget: Target = ofClasses ? .value(1) : .label(1)
        func score(_ predictions: Predictions, _ target: Target, _ count: Int) throws {
            _ = try metric.score(predictions: predictions, targets: Array(repeating: target, count: count))
        }
        expectFailure(.data, ["predictions for 1 targets"]) { try score(fitting, target, 1) }
        expectFailure(.data, ["target of example 0"]) { try score(fitting, wrongTarget, fitting.count) }
        expectFailure(.data, []) { try score(unfitting, target, unfitting.count) }
        expectFailure(.data, ["no examples"]) {
            try score(Predictions(logits: [], width: fitting.width), target, 0)
        }
        if ofClasses {
            for label in [-1, 2, Int.max] {
                expectFailure(.data, ["expected a class below 2"]) { try score(fitting, .label(label), 2) }
            }
        } else {
            expectFailure(.data, ["not a finite number"]) { try score(fitting, .value(.nan), 4) }
        }
    }

    @Test func f1IsOfTwoClasses() throws {
        let predictions = try Predictions(logits: [0, 1, 2], width: 3)
        expectFailure(.data, ["two classes", "macro-f1"]) {
            _ = try Metric.f1.score(predictions: predictions, targets: [.label(1)])
        }
        #expect(Metric.f1.mismatch(with: .classes(["a", "b", "c"])) != nil)
    }
}

@Suite struct ScoresTests {
    @Test func aTaskScoresTheMeanOfItsMetrics() throws {
        // Two of four right; TP 1, FP 1, FN 1.
        let predictions = try Predictions(logits: [0, 1, 0, 1, 1, 0, 1, 0], width: 2)
        let targets: [Target] = [.label(1), .label(0), .label(1), .label(0)]
        let scores = try GLUETask.mrpc.scores(predictions, targets: targets)
        #expect(scores.entries.map(\.metric) == [.f1, .accuracy])
        #expect(scores[.f1] == 0.5 && scores[.accuracy] == 0.5 && scores[.pearson] == nil)
        #expect(scores.mean == 0.5)
    }

    @Test func matchedAndMismatchedCountTheSame() {
        func scores(_ values: Double...) -> Scores {
            Scores(values.map { Scores.Entry(metric: .accuracy, value: $0) })
        }
        let mnli = TaskScore(
            task: "mnli",
            [
                TaskScore.Entry(split: .devMatched, scores: scores(0.5)),
                TaskScore.Entry(split: .devMismatched, scores: scores(1)),
            ])
        let mrpc = TaskScore(task: "mrpc", [TaskScore.Entry(split: .dev, scores: scores(0.125, 0.375))])
        #expect(mnli.mean == 0.75)
        #expect(mrpc.mean == 0.25)
    }

    @Test func scoresSurviveJSON() throws {
        let scores = Scores([Scores.Entry(metric: .macroF1, value: 1.0 / 3)])
        let score = TaskScore(task: "topic", [TaskScore.Entry(split: .devMatched, scores: scores)])
        #expect(try JSONDecoder().decode(TaskScore.self, from: JSONEncoder().encode(score)) == score)
    }
}

@Suite struct PredictionTextTests {
    @Test func classesAreWrittenByName() throws {
        let predictions = try Predictions(logits: [0, 0, 1, 3, 2, 1, 0, 1, 0], width: 3)
        #expect(
            try GLUETask.mnli.output.texts(of: predictions) == ["neutral", "contradiction", "entailment"])
    }

    @Test func theFilesValuesAreAtHand() throws {
        let predictions = try Predictions(logits: [1, 0, 0, 1], width: 2)
        #expect(try GLUETask.mrpc.output.texts(of: predictions) == ["not_equivalent", "equivalent"])
        #expect(try GLUETask.mrpc.output.texts(of: predictions, as: \.value) == ["0", "1"])
    }

    @Test func valuesAreClippedAndHaveThreeDecimals() throws {
        let predictions = try Predictions(logits: [-0.2, 5.01, 2.71828, 4], width: 1)
        #expect(try GLUETask.stsb.output.texts(of: predictions) == ["0.000", "5.000", "2.718", "4.000"])
    }

    @Test func predictionsOfAnotherWidthAreRefused() throws {
        let predictions = try Predictions(logits: [1, 2, 3], width: 3)
        expectFailure(.data, ["3 logits", "expected 2"]) {
            _ = try GLUETask.rte.output.texts(of: predictions)
        }
    }
}
