import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Kernels
import Measurement

/// Options of `hadamesh bench` for predictions on other numbers of ranks.
struct BenchScaling: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Predict the step on 1 to 1024 ranks of this network (may be repeated): "
                + "\(Network.known.map(\.name).joined(separator: ", ")), or LATENCY_US:GBIT.",
            valueName: "name"))
    var network: [String] = []

    @Option(parsing: .unconditional, help: "Ranks on each predicted node; by default as many as now.")
    var ranksPerNode: Int?

    func validate() throws {
        if let ranksPerNode, !(1...4096).contains(ranksPerNode) {
            throw ValidationError("--ranks-per-node: found \(ranksPerNode), expected 1 to 4096")
        }
        if ranksPerNode != nil, network.isEmpty {
            throw ValidationError("--ranks-per-node needs --network")
        }
    }

    func chosen() throws -> [Network] { try network.map(Network.named) }

    /// The predictions from a run recorded on rank 0; a collective.
    func predicted(_ world: MPICommunicator, _ recorder: StepRecorder?) throws -> [Scaling]? {
        let networks = try chosen()
        if networks.isEmpty { return nil }
        let node = try world.nodeCommunicator()
        let perNode = try Int(world.allReduce(Int64(node.size), .max))
        let nodes = try Int(world.allReduce(Int64(node.rank == 0 ? 1 : 0), .sum))
        let bytes = try Int(world.allReduce(Int64(recorder?.parts.messages.sums ?? 0), .max))
        let link = try LinkMeasurement.measured(between: world, nodes: nodes, bytes: bytes)
        return recorder.map { recorder in
            networks.map {
                Scaling(
                    parts: recorder.parts, measured: recorder.measured, measuredLink: link, network: $0,
                    ranksPerNode: ranksPerNode ?? perNode)
            }
        }
    }
}
