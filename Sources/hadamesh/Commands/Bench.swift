import Adapters
import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Measurement
import Runs
import Studies
import Tasks
import Training

/// `hadamesh bench`.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the speed of training a study on this machine, by phase and operator.",
        discussion: """
            Trains the study on all ranks, with several passes over a part of its examples, and prints \
            examples and tokens per second by phase, the share of the product rate (that of large matrix \
            products in OpenBLAS, or in bfloat16 if the study computes so), time by operator, waiting, \
            bytes, memory and start-up time. The run is not kept. Tests/Reference/speed.py measures PyTorch \
            in the same way.
            """)

    @Argument(help: "The study file, in YAML.")
    var study: String

    @OptionGroup
    var options: StudyOptions

    @Flag(help: "Take fewer steps: under a minute with a small encoder.")
    var quick = false

    @Option(parsing: .unconditional, help: "Steps per pass over the examples; 20 by default, 6 with --quick.")
    var steps: Int?

    @Option(parsing: .unconditional, help: "Passes after the first; 5 by default, 2 with --quick.")
    var repeats: Int?

    @Option(help: "Also write the measurements to this file, as JSON.", transform: writtenPath)
    var json: String?

    @Option(help: "Also print the ratios to the measurements in this file, written by --json.")
    var compare: String?

    @OptionGroup var scaling: BenchScaling

    func validate() throws {
        if let steps, !(2...10_000).contains(steps) {
            throw ValidationError("--steps: found \(steps), expected 2 to 10000")
        }
        if let repeats, !(1...1000).contains(repeats) {
            throw ValidationError("--repeats: found \(repeats), expected 1 to 1000")
        }
    }

    func run() throws {
        MPI.run { world in
            if let json { try RunFiles.requireFolder(of: json) }
            let reference = try compare.map(Self.read)
            _ = try scaling.chosen()
            _ = BLAS.useOneThread()
            let result = try measure(world)
            if world.rank == 0 {
                print(result.text(comparedWith: reference, width: TextOutput.width()))
                if let json { try JSONFile.write(result, to: json) }
            }
            return 0
        }
    }

    private func measure(_ world: MPICommunicator) throws -> Benchmark {
        let perPass = self.steps ?? (quick ? 6 : 20)
        let total = perPass * (1 + (repeats ?? (quick ? 2 : 5)))
        let stages = try StudyFile(path: study, overrides: options.changes).study().stages
        // A stage that the study skips is skipped here.
        func steps(_ stage: StageSettings) -> Int { stage.stepCount(perEpoch: 1) == 0 ? 0 : total }
        let study = try options.study(
            self.study,
            [
                "evaluation.every=\(perPass)", "evaluation.patience=0", "checkpoint.every=0",
                "cache.features=null", "stages.head.steps=\(steps(stages.head))",
                "stages.adapter.steps=\(steps(stages.adapter))",
            ])

        let before = ProductRate.measured(study.arithmetic)
        let backbone = try LoadedBackbone(study, on: world, for: .training)
        backbone.warn(from: world.rank)
        let whole = try TaskData.all(
            study.tasks.map { try $0.resolve() }, study, backbone.tokenizer, in: NodeTokens(world))
        let all = whole.reduce(0) { $0 + $1.trainingIndices.count }
        // Tasks keep their shares; a pass covers the remaining examples once.
        let data = whole.map {
            $0.limited(to: max(1, perPass * study.batch.examples * $0.trainingIndices.count / all))
        }
        let context = try RunContext(study, backbone.model, data)
        let sets = data.flatMap(\.evaluationSets)
        let clock = OperatorClock()
        let recorder = PhaseRecorder(
            clock, stepsPerPass: perPass,
            evaluated: (
                sets.reduce(0) { $0 + $1.indices.count },
                sets.reduce(0) { sum, set in sum + set.indices.reduce(0) { $0 + set.examples.tokens($1) } }
            ))

        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "hadamesh-bench-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let isFirst = world.rank == 0
        let stepRecorder = isFirst ? try StepRecorder(clock, context, world, stepsPerPass: perPass) : nil
        let observers: [(any RunObserver)?] = [stepRecorder, recorder]
        let output =
            isFirst
            ? RunOutput(RunDirectory(path: folder.path), observers: observers.compactMap(\.self)) : nil
        let run = try TrainingRun(context, world, output: output, savesBeforeStall: false)
        if isFirst { OperatorClock.current = clock }
        try run.begin(identity: nil, resuming: false)
        _ = try run.run()
        OperatorClock.current = nil

        // Measured again: a disturbance during the first measurement must not lower the rate.
        let slowest = try slowest(before.best(with: ProductRate.measured(study.arithmetic)), world)
        let memory = try largest(CurrentProcess.memory(), world)
        let scaling = try scaling.predicted(world, stepRecorder)
        return Benchmark(
            study: self.study, backbone: study.backbone.name, tasks: context.names,
            method: type(of: study.adapter.method).name, ranks: world.size,
            trainedParameters: context.trainedParameters, kernels: VectorKernels.names(study.arithmetic),
            blas: BLAS.coreName, rate: slowest,
            startSeconds: recorder.firstResult.map { $0 - CurrentProcess.launch() } ?? 0,
            memory: memory, phases: recorder.measured(rate: slowest.peak), scaling: scaling)
    }

    private func slowest(_ rate: ProductRate, _ world: MPICommunicator) throws -> ProductRate {
        let all = try world.allGather([rate.library, rate.own, rate.bfloat16 ?? 0].map(Int64.init))
        func lowest(_ index: Int) -> Double { Double(all.map { $0[index] }.min() ?? 0) }
        return ProductRate(
            library: lowest(0), own: lowest(1), bfloat16: rate.bfloat16.map { _ in lowest(2) })
    }

    private func largest(_ memory: Benchmark.Memory, _ world: MPICommunicator) throws -> Benchmark.Memory {
        let all = try world.allGather([memory.peak, memory.proportional, memory.activations].map(Int64.init))
        func largest(_ index: Int) -> Int { Int(all.map { $0[index] }.max() ?? 0) }
        return Benchmark.Memory(peak: largest(0), proportional: largest(1), activations: largest(2))
    }

    private static func read(_ path: String) throws -> Benchmark {
        do {
            if let measured: Benchmark = try JSONFile.read(path) { return measured }
        } catch let failure as Failure {
            throw failure.with(remedy: "measure again with this version")
        }
        throw Failure.usage("no such file", at: path, remedy: "name a file written by --json")
    }
}
