import Coordination
import Formats
import Foundation
import Kernels
import Measurement
import Runs
import Testing

@Suite struct PhaseTests {
    @Test(
        arguments: [
            ([], 0, 0, 0), ([3], 3, 3, 3), ([1, 9], 5, 1, 9), ([9, 1, 2], 2, 1, 9), ([4, 8, 1, 2], 3, 1, 8),
        ] as [([Double], Double, Double, Double)])
    func aSpreadIsAMedianBetweenExtremes(values: [Double], median: Double, lowest: Double, highest: Double) {
        let spread = PhaseMeasurement.Spread(values)
        #expect((spread.median, spread.lowest, spread.highest) == (median, lowest, highest))
    }

    @Test func theFirstEpochIsAPhaseOfItsOwn() throws {
        let recorder = PhaseRecorder(OperatorClock(), stepsPerPass: 3, evaluated: (examples: 7, tokens: 70))
        for step in 1...9 { try recorder.observe(.step(Self.report(.adapter, step))) }
        let phases = recorder.measured(rate: 1e9)
        #expect(phases.map(\.name) == ["adapter stage, first epoch", "adapter stage, later epochs"])
        // The first step is a warm-up.
        #expect(phases.map(\.steps) == [2, 6])
        for phase in phases {
            let spread = phase.examplesPerSecond
            #expect(0 < spread.lowest && spread.lowest <= spread.median && spread.median <= spread.highest)
            #expect(phase.bytesPerStep == 4096)
        }
        #expect(recorder.firstResult != nil)
    }

    @Test func stagesAreTheirOwnPhases() throws {
        let recorder = PhaseRecorder(OperatorClock(), stepsPerPass: 1, evaluated: (examples: 7, tokens: 70))
        try recorder.observe(.stage(name: .head, steps: 1))
        try recorder.observe(.pooled(done: 1, of: 1))
        try recorder.observe(.step(Self.report(.head, 1)))
        try recorder.observe(.step(Self.report(.adapter, 1)))
        #expect(
            recorder.measured(rate: 1).map(\.name) == [
                "pooled vectors", "head stage, first epoch", "adapter stage, first epoch",
            ])
    }

    private static func report(_ stage: StageName, _ step: Int) -> StepReport {
        StepReport(
            stage: stage, step: step, stageStep: step, stageSteps: 100,
            microBatches: [StepReport.MicroBatch(task: "task", examples: [1, 2, 3])],
            losses: NamedValues([("task", 1)]), learningRates: NamedValues([]), gradientNorm: 1, tokens: 30,
            bytes: 4096, seconds: 0.1,
            secondsWaiting: 0, secondsCommunicating: 0)
    }
}

@Suite struct BenchmarkTests {
    let parts = StepParts(
        examples: 32, microBatch: 8, microBatches: [[0.2, 0.2, 0.2, 0.2]], update: 1e-4, planning: 5e-5,
        messages: StepParts.Messages(directive: 368, exponents: 120, sums: 80_000), isDedicated: false)

    private func scaling(_ network: String, link: LinkMeasurement? = nil) throws -> Scaling {
        Scaling(
            parts: parts, measured: MeasuredStep(ranks: 1, seconds: 0.8, transfers: 0), measuredLink: link,
            network: try Network.named(network), ranksPerNode: 2)
    }

    private func benchmark(examplesPerSecond: Double, _ scaling: [Scaling]?) throws -> Benchmark {
        // A phase can only be decoded.
        let phase = """
            {"name": "adapter stage, later epochs", "steps": 6, "examplesPerSecond":
             {"median": \(examplesPerSecond), "lowest": 1, "highest": 99}, "tokensPerSecond": 500,
             "secondsPerStep": 0.8, "operationsPerSecond": 1e9, "shareOfProductRate": 0.5,
             "waitingShare": 0.25,
             "communicationShare": 0.125, "bytesPerStep": 80032,
             "operators": [{"name": "attention", "share": 0.75, "microseconds": 12.5}]}
            """
        return Benchmark(
            study: "some.yaml", backbone: "somewhere", tasks: ["one", "two"], method: "hadamard", ranks: 1,
            trainedParameters: 5, kernels: "portable", blas: "Generic",
            rate: ProductRate(library: 2e9, own: 3e9), startSeconds: 1,
            memory: Benchmark.Memory(peak: 3 << 20, proportional: 2 << 20, activations: 1 << 20),
            phases: [try JSONDecoder().decode(PhaseMeasurement.self, from: Data(phase.utf8))],
            scaling: scaling)
    }

    @Test func theTablesContainTheMeasurements() throws {
        let text = try benchmark(examplesPerSecond: 40, nil).text()
        for words in [
            "hadamard on one, two", "adapter stage, later epochs", "40.0", "50.0 %", "attention", "75.0 %",
        ] {
            #expect(text.contains(words))
        }
        #expect(!text.contains("ratio") && !text.contains("scaling on"))
    }

    @Test func anEarlierMeasurementGivesRatios() throws {
        let text = try benchmark(examplesPerSecond: 40, nil)
            .text(comparedWith: benchmark(examplesPerSecond: 32, nil))
        let row = try #require(text.split(separator: "\n").first { $0.contains("later epochs") })
        #expect(text.contains("ratio") && row.hasSuffix("1.25"))
    }

    @Test func aBenchmarkIsReadBack() throws {
        let link = LinkMeasurement(
            ranks: 2, nodes: 1, smallSeconds: 2e-6, largeBytes: 80_000, largeSeconds: 3e-5)
        let written = try benchmark(
            examplesPerSecond: 40, [scaling("ethernet-10g"), scaling("shared-memory", link: link)])
        let read = try JSONDecoder().decode(Benchmark.self, from: JSONEncoder().encode(written))
        // Compare the text, since numbers may differ in the last digit.
        #expect(read.text() == written.text())
        #expect(read.scaling?.count == 2)
    }

    @Test func aMeasurementWithoutAPredictionIsRead() throws {
        let written = try JSONEncoder().encode(try benchmark(examplesPerSecond: 40, nil))
        #expect(!String(decoding: written, as: UTF8.self).contains("scaling"))
        #expect(try JSONDecoder().decode(Benchmark.self, from: written).scaling == nil)
    }

    @Test func microBatchesLimitTheTableAndTheTextExplainsIt() throws {
        let scaling = try scaling("ethernet-10g")
        #expect(scaling.strong.map(\.ranks) == [1, 2, 4])
        #expect(scaling.weak.map(\.ranks) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
        #expect(scaling.paying?.ranks == 4)
        #expect(scaling.text().contains("at most 4 ranks can take part"))
        // Micro-batches of one example allow eight times as many ranks.
        #expect(scaling.alternatives.first { $0.examples == 32 && $0.microBatch == 1 }?.microBatches == 32)
        #expect(scaling.alternatives.first { $0.examples == 32 && $0.microBatch == 8 }?.paying.ranks == 4)
        #expect(scaling.alternatives.first { $0.examples == 512 && $0.microBatch == 8 }?.microBatches == 64)
    }

    @Test func aSlowNetworkIsNamedAsTheCause() throws {
        let text = try scaling("50000:0.001").text()
        // Two ranks of a node do not use it.
        #expect(
            text.contains("stop paying off beyond 2,") && text.contains("mostly because of communication"))
    }

    @Test func aMeasuredLinkReplacesTheAssumedOneOnOneNode() throws {
        let link = LinkMeasurement(
            ranks: 2, nodes: 1, smallSeconds: 2e-5, largeBytes: 80_000, largeSeconds: 3e-4)
        #expect(try scaling("shared-memory", link: link).interconnect.network == link.link)
        #expect(try scaling("shared-memory").interconnect.network == Network.sharedMemory.link)
        let named = try scaling("ethernet-10g", link: link).interconnect
        #expect(named.network == (try Network.named("ethernet-10g")).link && named.node == link.link)
    }

    @Test func smallerMicroBatchesKeepTheWork() throws {
        let scaling = try scaling("infiniband-hdr")
        let smallest = try #require(scaling.alternatives.first { $0.examples == 32 && $0.microBatch == 1 })
        #expect(abs(smallest.paying.compute * Double(smallest.paying.ranks) - 0.8) < 1e-9)
    }
}
