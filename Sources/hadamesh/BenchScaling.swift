import ArgumentParser
import Collectives
import Coordination
import Diagnostics
import Kernels
import Measurement

/// The part of `hadamesh bench` that predicts other numbers of ranks.
struct BenchScaling: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Predict the step on 1 to 1024 ranks of this network: "
                + "\(Network.known.map(\.name).joined(separator: ", ")), or LATENCY_US:GBIT.",
            valueName: "name"))
    var network: String?

    @Option(help: "Ranks on each of the predicted hosts; by default as many as each host has now.")
    var ranksPerNode: Int?

    func validate() throws {
        if let ranksPerNode, !(1...4096).contains(ranksPerNode) {
            throw ValidationError("--ranks-per-node: found \(ranksPerNode), expected 1 to 4096")
        }
        if ranksPerNode != nil, network == nil {
            throw ValidationError("--ranks-per-node needs --network")
        }
    }

    /// The network that was named, if any.
    func chosen() throws -> Network? { try network.map(Network.named) }

    /// The prediction, after a run that `recorder` listened to on rank 0; all ranks call it.
    func predicted(_ world: MPICommunicator, _ recorder: StepRecorder?) throws -> Scaling? {
        guard let network = try chosen() else { return nil }
        let perHost = try Int(world.allReduce(Int64(world.onSameHost().size), .max))
        let isFirstOfHost: Int64 = try world.onSameHost().rank == 0 ? 1 : 0
        let hosts = try Int(world.allReduce(isFirstOfHost, .sum))
        let bytes = try Int(world.allReduce(Int64(recorder?.parts.messages.sums ?? 0), .max))
        let link = try LinkMeasurement.measured(between: world, hosts: hosts, bytes: bytes)
        guard let recorder else { return nil }
        return Scaling(
            parts: recorder.parts, measuredRanks: world.size, measuredSeconds: recorder.secondsPerStep,
            measuredLink: link, network: network, ranksPerNode: ranksPerNode ?? perHost)
    }
}
