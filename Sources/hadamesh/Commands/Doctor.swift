import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Encoders
import Formats
import Foundation
import Kernels
import Measurement
import Studies
import Tasks
import Tokenizers
import Training

/// `hadamesh doctor`.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks a run's requirements: MPI, kernels, BLAS, cores, memory, and a study's files.",
        discussion: "Start it like a run: mpirun -n 4 hadamesh doctor STUDY. Exits with 0 if all is well.")

    @Argument(help: "A study whose backbone and data are checked.")
    var study: String?

    @OptionGroup
    var options: StudyOptions

    func run() throws {
        MPI.run { world in
            let settings = try study.map { try options.study($0) }
            let threads = BLAS.useOneThread()
            let node = try world.nodeCommunicator()
            let numbers = try world.allGather([
                Int64(node.rank), Int64(node.size), Int64(Self.allowedCores), Int64(threads),
                Int64((AvailableMemory.bytes ?? 0) >> 20),
            ])
            if world.rank == 0 {
                show(
                    [
                        ["MPI", MPI.libraryVersion],
                        [
                            "kernels",
                            "\(VectorKernels.names(.bfloat16)), "
                                + "of \(VectorKernels.choices.joined(separator: ", "))",
                        ],
                        ["", "bits of \(VectorKernels.bits) kernels, as inspect names them"],
                        ["BLAS", BLAS.configuration],
                        ["", "kernels \(BLAS.coreName), build \(BLAS.flavour), threads per rank \(threads)"],
                    ]
                        + numbers.enumerated().map { rank, facts in
                            [
                                "rank \(rank)",
                                "\(facts[0] + 1) of \(facts[1]) on its node, may use \(facts[2]) "
                                    + "\(facts[2] == 1 ? "core" : "cores"), "
                                    + "\(facts[3]) BLAS thread, \(facts[4]) MB of memory free",
                            ]
                        } + advice(numbers).map { ["advice", $0] })
            }
            guard let settings else { return 0 }
            let backbone = try LoadedBackbone(settings, on: world, for: .inspection)
            let weights = backbone.model.weights
            try onRoot(world) {
                let shape = weights.configuration
                let backbone =
                    "\(settings.backbone): \(shape.layers) layers of \(shape.hidden), "
                    + "\(weights.mappedBytes >> 20) MB mapped and shared, "
                    + "\(weights.sharedBytes >> 20) MB converted and shared, "
                    + "\(weights.copiedBytes >> 20) MB copied by each rank"
                let tasks = try settings.tasks.map { reference in
                    let task = try reference.resolve()
                    let counts = try ([.train] + task.evaluationSplits).map { split in
                        "\(split.rawValue) \(try task.examples(split, in: settings.data).count)"
                    }
                    return ["task", "\(task.name): \(counts.joined(separator: ", "))"]
                }
                show([["backbone", backbone]] + tasks)
            }
            return 0
        }
    }

    private func show(_ rows: [[String]]) { print(TextTable(rows).folded(within: TextOutput.width())) }

    private func advice(_ numbers: [[Int64]]) -> [String] {
        var advice: [String] = []
        if numbers.contains(where: { $0[1] > Int64(ProcessInfo.processInfo.activeProcessorCount) }) {
            advice.append(
                "more ranks than cores on a node: export OMPI_MCA_mpi_yield_when_idle=1, or start fewer ranks"
            )
        }
        if numbers.contains(where: { $0[2] == 1 && $0[1] > 1 }) {
            advice.append("each rank is bound to one core: make sure that no two share one")
        }
        return advice
    }

    /// The number of cores that this process may run on.
    private static var allowedCores: Int {
        let name = "Cpus_allowed:"
        let line = CurrentProcess.lines("/proc/self/status").first { $0.hasPrefix(name) }
        // A hexadecimal mask in comma-separated groups.
        return line?.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) } ?? 0
    }
}
