import Foundation
import Testing

extension EndToEnd {
    /// The lines that a user sees while a study trains.
    @Suite struct ProgressTests {
        private let scene: Scene

        init() throws { scene = try Scene() }

        private func train(_ arguments: [String] = [], columns: Int? = nil) async throws -> Job {
            let terminal = columns.map { ["HADAMESH_TERMINAL": "1", "COLUMNS": "\($0)"] } ?? [:]
            let job = try await EndToEnd.hadamesh(scene.training + arguments, environment: terminal)
            try #require(job.status == 0, "\(job)")
            return job
        }

        @Test func scoresAreNamedByTaskSplitAndMetric() async throws {
            let job = try await train()
            let rows = job.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(rows.first == ["task", "split", "metric", "head", "adapter"], "\(job)")
            for row in [
                ["colour", "dev", "accuracy"], ["dev", "f1"], ["alike", "dev", "pearson"], ["mean", "of"],
            ] {
                #expect(rows.contains { $0.starts(with: row) }, "\(row): \(job)")
            }
            #expect(
                job.output.contains("each task keeps its best evaluation of the stage: colour from step "))
            let first = job.errorLines.first { $0.hasPrefix("step 8: dev colour 0.") } ?? ""
            #expect(first.hasSuffix(" (* best of the stage so far)") && first.contains(", mean 0."), "\(job)")
            #expect(job.errorLines.count { $0.contains("best of the stage so far") } == 1, "\(job)")
            #expect(job.errors.contains("adapter stage sampled colour 60.0 % (target 60.0 %)"), "\(job)")
            #expect(!job.errors.contains("\u{1B}"), "\(job)")
        }

        @Test func anAdapterThatIsWorseThanItsHeadIsPointedOut() async throws {
            let job = try await train(["--set", "stages.adapter.learningRate=0.5", "--set", "seed=3"])
            let table = job.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            // The last two numbers of a task's row, or of its row of the mean, are its scores.
            func scores(_ word: String, after task: String) -> [Double] {
                let start = table.firstIndex { $0.first == task } ?? 0
                let row = table[start...].first { $0.contains(word) } ?? []
                return row.suffix(2).compactMap { Double($0) }
            }
            let (colour, alike) = (scores("mean", after: "colour"), scores("mean", after: "alike"))
            for (task, found) in [("colour", colour), ("alike", alike)] where found.count == 2 {
                let isWorse = found[1] < found[0]
                let note = "\(task): the adapter stage scores lower than the head stage ("
                #expect(job.output.contains(note) == isWorse, "\(job)")
            }
        }

        @Test(arguments: [40, 60, 80]) func noLiveLineIsWiderThanTheTerminal(columns: Int) async throws {
            let job = try await train(columns: columns)
            let lines = job.errors.components(separatedBy: "\r\u{1B}[K").dropFirst().map {
                $0.prefix { $0 != "\n" }
            }
            // The last step of the head stage has the number 8 in the run.
            #expect(lines.contains { $0.contains("adapter 40/40") }, "\(job)")
            if columns == 80 {
                #expect(lines.contains { $0.hasPrefix("step 48 (adapter 40/40): ") }, "\(job)")
            }
            // Warnings stay, and may fill the line.
            let live = lines.filter {
                !$0.hasPrefix("run: ") && !$0.hasPrefix("warning: ") && !$0.contains("sampled")
            }
            // Two columns are left for the ^C of an interrupt.
            #expect(live.allSatisfy { $0.count <= columns - 3 }, "\(lines)")
            let table = job.output.split(separator: "\n")
            #expect(table.allSatisfy { $0.count <= max(50, columns) || $0.hasPrefix("done: ") }, "\(job)")
            #expect(table.last == "done: \(scene.path("run"))", "\(job)")
            let wide = job.errorLines.contains { $0.contains("loss colour ") && $0.contains(" alike ") }
            #expect(wide == (columns > 40), "\(job)")
        }

        @Test func tokenizingALargeTaskShowsTheTimeLeft() async throws {
            let line = "red dog under the green tree from river to cloud\twarm\n"
            try scene.write("colour-train.tsv", "text\tlabel\n" + String(repeating: line, count: 300_000))
            // The job ends before the first step.
            let job = try await EndToEnd.hadamesh(
                scene.training + ["--set", "tasks.1.train=nothere.tsv"],
                environment: ["HADAMESH_TERMINAL": "1", "COLUMNS": "100"])
            #expect(job.status == 3, "\(job)")
            let live = /tokenizing colour [0-9,]+\/300,000, [0-9]+ s left; 1 of 2\r/
            #expect(job.errors.contains(live), "\(job)")
        }

        @Test func aFailureReplacesTheLiveLine() async throws {
            let job = try await EndToEnd.hadamesh(
                scene.training + ["--set", "evaluation.heldOut=0.001"],
                environment: ["HADAMESH_TERMINAL": "1", "COLUMNS": "0"])
            #expect(job.errors.contains("\r\u{1B}[Khadamesh: evaluation.heldOut: "), "\(job)")
        }

        @Test func pruningAndADedicatedCoordinatorShowTheirWork() async throws {
            let job = try await EndToEnd.hadamesh(
                ranks: 2,
                scene.training + [
                    "--set", "coordinator=dedicated", "--set", "adapter={method: sparse, score: snip}",
                ], environment: ["HADAMESH_TERMINAL": "1", "COLUMNS": "80"])
            #expect(job.status == 0, "\(job)")
            for work in ["pruning", "evaluating"] {
                #expect(job.errors.contains("\r\u{1B}[K\(work)\r"), "\(work): \(job)")
            }
        }
    }
}
