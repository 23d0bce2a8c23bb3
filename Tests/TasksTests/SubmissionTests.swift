import Diagnostics
import Formats
import Foundation
import Tasks
import TestSupport
import Testing

@Suite struct SubmissionTests {
    /// A file as GLUE's server expects it: the answers' number, and their vocabulary, nil for scores.
    struct Form: Sendable, CustomTestStringConvertible {
        let name: String
        let task: String
        let count: Int
        let vocabulary: Set<String>?
        /// The header of the test file that it answers, in which `<` and `>` mark the texts.
        let header: String
        var testDescription: String { name }
    }

    private static let binary: Set = ["0", "1"]
    private static let entailment: Set = ["entailment", "not_entailment"]
    private static let inference: Set = ["contradiction", "entailment", "neutral"]

    private static let annotations =
        "index promptID pairID genre sentence1_binary_parse sentence2_binary_parse "
        + "sentence1_parse sentence2_parse"

    static let forms = [
        Form(
            name: "CoLA", task: "cola", count: 1063, vocabulary: binary,
            header: "index <sentence>"),
        Form(
            name: "SST-2", task: "sst2", count: 1821, vocabulary: binary,
            header: "index <sentence>"),
        Form(
            name: "MRPC", task: "mrpc", count: 1725, vocabulary: binary,
            header: "index #1_ID #2_ID <#1_String> <#2_String>"),
        Form(
            name: "STS-B", task: "stsb", count: 1379, vocabulary: nil,
            header: "index genre filename year old_index source1 source2 <sentence1> <sentence2>"),
        Form(
            name: "QQP", task: "qqp", count: 390_965, vocabulary: binary,
            header: "id <question1> <question2>"),
        Form(
            name: "MNLI-m", task: "mnli", count: 9796, vocabulary: inference,
            header: "\(annotations) <sentence1> <sentence2>"),
        Form(
            name: "MNLI-mm", task: "mnli", count: 9847, vocabulary: inference,
            header: "\(annotations) <sentence1> <sentence2>"),
        Form(
            name: "AX", task: "mnli", count: 1104, vocabulary: inference,
            header: "index <sentence1> <sentence2>"),
        Form(
            name: "QNLI", task: "qnli", count: 5463, vocabulary: entailment,
            header: "index <question> <sentence>"),
        Form(
            name: "RTE", task: "rte", count: 3000, vocabulary: entailment,
            header: "index <sentence1> <sentence2>"),
        Form(
            name: "WNLI", task: "wnli", count: 146, vocabulary: binary,
            header: "index <sentence1> <sentence2>"),
    ]

    private func file(_ form: Form) throws -> (task: GLUETask, file: SubmissionFile) {
        let task = try GLUE.task(named: form.task)
        return (task, try #require(task.submission.first { $0.name == form.name }))
    }

    private func answers(_ submission: Submission, _ name: String) throws -> [String] {
        let data = try #require(submission.files["\(name).tsv"])
        let lines = String(decoding: data, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "index\tprediction" && lines.last == "")
        return lines.dropFirst().dropLast().enumerated().map { index, line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            #expect(cells.count == 2 && cells[0] == "\(index)")
            return cells.last ?? ""
        }
    }

    @Test func everyTaskHasItsFiles() {
        let names = Submission().files.names
        #expect(names == SubmissionTests.forms.map { "\($0.name).tsv" })
        #expect(Set(SubmissionTests.forms.map(\.task)) == Set(GLUE.tasks.map(\.name)))
    }

    @Test(arguments: forms)
    func predictionsHaveTheOfficialForm(_ form: Form) throws {
        let (task, file) = try file(form)
        let width = task.output.width
        var submission = Submission()
        // Every class in turn; values from below the range to above it.
        let logits = (0..<form.count * width).map { index in
            width == 1 ? Float(index % 8) - 1.2346 : index % width == index / width % width ? 1 : 0
        }
        try submission.add(Predictions(logits: logits, width: width), for: file, of: task)
        let found = try answers(submission, form.name)
        #expect(found.count == form.count)
        if let vocabulary = form.vocabulary {
            #expect(Set(found) == vocabulary)
        } else {
            #expect(
                found.prefix(8) == ["0.000", "0.000", "0.765", "1.765", "2.765", "3.765", "4.765", "5.000"])
        }
        #expect(!submission.constantTasks.contains { $0.name == task.name })
    }

    /// Every row is answered in its place, whatever columns and quotes surround its texts.
    @Test(arguments: forms)
    func theOfficialTestFilesAreAnsweredRowByRow(_ form: Form) throws {
        let (task, file) = try file(form)
        let columns = form.header.split(separator: " ").map { $0.replacing("_S", with: " S") }
        var texts = ["", ""]
        var text = columns.map { $0.trimmingCharacters(in: ["<", ">"]) }.joined(separator: "\t") + "\n"
        for row in 0..<form.count {
            var isFirst = true
            let cells = columns.map { column in
                guard column.hasPrefix("<") else { return column.hasPrefix("i") ? "\(row)" : "\"x" }
                defer { isFirst = false }
                return isFirst ? "\"A \(row)" : "B, \(row)\"."
            }
            if row == form.count - 1 {
                texts = [cells.first { $0.hasPrefix("\"A") } ?? "", cells.last ?? ""]
            }
            text += cells.joined(separator: "\t") + "\n"
        }
        let folder = try TemporaryFolder([task.file(of: file.split): text])
        let examples = try task.examples(for: file, in: folder.path)
        #expect(examples.last?.first == texts[0])
        #expect(examples.last?.second == (task.isPaired ? texts[1] : nil))

        // The answer depends on the row's number, which is read from its text.
        let width = task.output.width
        let rows = try examples.map { try #require(Int($0.first.dropFirst(3))) }
        let logits = rows.flatMap { row in
            (0..<width).map { width == 1 ? Float(row % 6) : $0 == row % width ? 1 : 0 }
        }
        var submission = Submission()
        try submission.add(Predictions(logits: logits, width: width), for: file, of: task)
        let names: [String] =
            switch task.output {
            case .classes(let classes): classes.map(\.value)
            case .regression: (0..<6).map { "\($0).000" }
            }
        let found = try answers(submission, form.name)
        #expect(found == (0..<form.count).map { names[$0 % names.count] })
    }

    @Test(arguments: forms)
    func aTaskWithoutPredictionsHasOneAnswer(_ form: Form) throws {
        let submission = Submission()
        let found = try answers(submission, form.name)
        #expect(found.count == form.count && Set(found).count == 1)
        if let vocabulary = form.vocabulary { #expect(vocabulary.contains(found[0])) }
        #expect(submission.constantTasks.map(\.name) == GLUE.tasks.map(\.name))
        #expect(submission.constants.filter { $0.contains("AX") } == ["mnli and AX contradiction"])
    }

    @Test(arguments: forms)
    func aTestFileOfAnotherLengthIsRefused(_ form: Form) throws {
        let (task, file) = try file(form)
        let folder = try TemporaryFolder([
            task.file(of: file.split):
                "index\tsentence\tsentence1\tsentence2\tquestion\tquestion1\tquestion2\t"
                + "#1 String\t#2 String\n0\ta\ta\tb\ta\ta\tb\ta\tb\n"
        ])
        expectFailure(.data, ["found 1 examples, GLUE's file has \(form.count)", "launch/glue"]) {
            _ = try task.examples(for: file, in: folder.path)
        }
    }

    @Test func missingTestFilesAreNamedTogether() throws {
        let folder = try TemporaryFolder(["MNLI/test_matched.tsv": ""])
        expectFailure(
            .data,
            [
                "\(folder.path): found no MNLI/test_mismatched.tsv, diagnostic/diagnostic.tsv, RTE/test.tsv;",
                "launch/glue \(folder.path) --tasks mnli,ax,rte",
            ]
        ) { try GLUETask.requireTestFiles(of: [.mnli, .rte], in: folder.path) }
    }

    @Test(.enabled(if: OfficialFilesTests.folder != nil), arguments: GLUE.tasks)
    func theConstantAnswerIsThatOfTheTrainingFile(_ task: GLUETask) throws {
        let folder = try #require(OfficialFilesTests.folder)
        let targets = try task.examples(.train, in: folder).compactMap(\.target)
        // A sample of a large task says nothing.
        guard targets.count > 500 else { return }
        var (counts, sum) = ([Int: Int](), 0.0)
        for target in targets {
            switch target {
            case .label(let label): counts[label, default: 0] += 1
            case .value(let value): sum += value
            }
        }
        switch task.output {
        case .classes(let classes):
            let largest = counts.max { $0.value < $1.value }?.key
            #expect(largest.map { classes[$0].value } == task.constantAnswer)
        case .regression:
            #expect(String(format: "%.3f", sum / Double(targets.count)) == task.constantAnswer)
        }
    }
}
