import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Encoders
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
        abstract: "Checks the requirements of a run on every rank: MPI, binding, memory, a study's files.",
        discussion: "Start it like a run: mpirun -n 4 hadamesh doctor STUDY. Exits with 0 if all is well.")

    @Argument(help: "A study whose backbone and data are checked.")
    var study: String?

    @OptionGroup
    var options: StudyOptions

    func run() throws {
        MPI.run { world in
            let threads = BLAS.useOneThread()
            let node = try world.nodeCommunicator()
            let numbers = try world.allGather([
                Int64(node.rank), Int64(node.size), Int64(Self.allowedCores), Int64(threads),
                Int64((AvailableMemory.bytes ?? 0) >> 20),
            ])
            if world.rank == 0 {
                print("MPI       \(MPI.libraryVersion)")
                print("kernels   \(VectorKernels.name) of \(VectorKernels.choices.joined(separator: ", "))")
                print("BLAS      \(BLAS.configuration)")
                print(
                    "          kernels \(BLAS.coreName), build \(BLAS.flavour), threads per rank \(threads)")
                for (rank, facts) in numbers.enumerated() {
                    print(
                        "rank \(rank)    \(facts[0] + 1) of \(facts[1]) on its node, "
                            + "may use \(facts[2]) cores, "
                            + "\(facts[3]) BLAS thread, \(facts[4]) MB of memory free")
                }
                advise(numbers)
            }
            guard let study else { return 0 }
            let settings = try options.study(study)
            let backbone = try LoadedBackbone(settings, on: world, for: .inspection)
            backbone.warn(from: world.rank)
            let weights = backbone.model.weights
            _ = try onRoot(world) {
                let shape = weights.configuration
                print(
                    "backbone  \(settings.backbone): \(shape.layers) layers of \(shape.hidden), "
                        + "\(weights.mappedBytes >> 20) MB mapped and shared, "
                        + "\(weights.sharedBytes >> 20) MB converted and shared, "
                        + "\(weights.copiedBytes >> 20) MB copied by each rank")
                for reference in settings.tasks {
                    let task = try reference.resolve()
                    let counts = try ([.train] + task.evaluationSplits).map { split in
                        "\(split.rawValue) \(try task.examples(split, in: settings.data).count)"
                    }
                    print("task      \(task.name): \(counts.joined(separator: ", "))")
                }
                return []
            }
            return 0
        }
    }

    private func advise(_ numbers: [[Int64]]) {
        let crowded = numbers.contains { $0[1] > Int64(ProcessInfo.processInfo.activeProcessorCount) }
        if crowded {
            print(
                "advice    more ranks than cores on a node: "
                    + "export OMPI_MCA_mpi_yield_when_idle=1, or start fewer ranks")
        }
        if numbers.contains(where: { $0[2] == 1 && $0[1] > 1 }) {
            print("advice    each rank is bound to one core: make sure that no two share one")
        }
    }

    /// The number of cores that this process may run on.
    private static var allowedCores: Int {
        let name = "Cpus_allowed:"
        let line = CurrentProcess.lines("/proc/self/status").first { $0.hasPrefix(name) }
        // A hexadecimal mask in comma-separated groups.
        return line?.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) } ?? 0
    }
}
