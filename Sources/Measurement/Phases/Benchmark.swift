import Formats
import Foundation
package import Kernels

/// How fast a study trains on this machine: what `hadamesh bench` prints and writes.
package struct Benchmark: Codable, Sendable, Equatable {
    /// The study's file, backbone and tasks.
    package let study: String, backbone: String, tasks: [String]
    /// The adapter method.
    package let method: String
    /// How many ranks computed.
    package let ranks: Int
    /// How many numbers the last stage trains, over all tasks.
    package let trainedParameters: Int
    /// The instruction set of the kernels, and OpenBLAS's.
    package let kernels: String, blas: String
    /// The slowest rank's rate of matrix products, measured on all ranks at once.
    package let rate: ProductRate
    /// Seconds from the launch to the first result of training.
    package let startSeconds: Double
    /// The largest rank's memory at its end, in bytes.
    package let memory: Memory
    /// The phases in their order.
    package let phases: [PhaseMeasurement]
    /// How far it scales, on each network that was named.
    package let scaling: [Scaling]?

    /// What a rank occupies.
    package struct Memory: Codable, Sendable, Equatable {
        /// All of its pages that ever were in memory at once.
        package let peak: Int
        /// Its pages now, where one that n processes map counts 1/n: the cost of one more rank on the node.
        package let proportional: Int
        /// Its share of that which is not the backbone's weights, mapped or shared.
        package let activations: Int

        /// Names the sizes.
        package init(peak: Int, proportional: Int, activations: Int) {
            self.peak = peak
            self.proportional = proportional
            self.activations = activations
        }
    }

    /// Joins what was measured.
    package init(
        study: String, backbone: String, tasks: [String], method: String, ranks: Int,
        trainedParameters: Int, kernels: String,
        blas: String, rate: ProductRate, startSeconds: Double, memory: Memory, phases: [PhaseMeasurement],
        scaling: [Scaling]? = nil
    ) {
        self.study = study
        self.backbone = backbone
        self.tasks = tasks
        self.method = method
        self.ranks = ranks
        self.trainedParameters = trainedParameters
        self.kernels = kernels
        self.blas = blas
        self.rate = rate
        self.startSeconds = startSeconds
        self.memory = memory
        self.phases = phases
        self.scaling = scaling
    }

    /// The tables for a terminal, beside an earlier measurement where there is one.
    package func text(comparedWith reference: Benchmark? = nil) -> String {
        func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
        func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
        let facts = [
            ["study", "\(study): \(method) on \(tasks.joined(separator: ", ")), \(ranks) ranks"],
            ["kernels", "\(kernels), OpenBLAS \(blas)"],
            [
                "product rate",
                "\(number(rate.library * 1e-9, 0)) GFLOP/s a rank (OpenBLAS), \(number(rate.own * 1e-9, 0)) own",
            ],
            ["start", "\(number(startSeconds, 2)) s from launch to the first result"],
            [
                "memory",
                "\(memory.peak >> 20) MB peak, \(memory.proportional >> 20) MB proportional a rank",
            ],
        ]
        var head = [
            "phase", "examples/s", "lowest", "highest", "tokens/s", "ms/step", "of product rate", "waiting",
            "communication", "bytes/step",
        ]
        if reference != nil { head.append("ratio") }
        let rows = phases.filter { $0.examplesPerSecond.median > 0 }.map { phase in
            let before = reference?.phases.first { $0.name == phase.name }
            let ratio = before.map { phase.examplesPerSecond.median / $0.examplesPerSecond.median }
            return [
                phase.name, number(phase.examplesPerSecond.median), number(phase.examplesPerSecond.lowest),
                number(phase.examplesPerSecond.highest), number(phase.tokensPerSecond, 0),
                number(phase.secondsPerStep * 1e3), percent(phase.shareOfProductRate),
                percent(phase.waitingShare), percent(phase.communicationShare), "\(phase.bytesPerStep)",
            ] + (reference == nil ? [] : [ratio.map { number($0, 2) } ?? "–"])
        }
        let tables = phases.filter { $0.steps > 0 }.map { phase in
            "\(phase.name)\n"
                + TextTable(
                    [["  operator", "time", "µs/call"]]
                        + phase.operators.filter { $0.share >= 0.0005 }.map {
                            [
                                "  \($0.name)", percent($0.share),
                                $0.microseconds > 0 ? number($0.microseconds) : "",
                            ]
                        }, numbers: true
                ).aligned
        }
        return
            ([TextTable(facts).aligned, TextTable([head] + rows, numbers: true).aligned] + tables
            + (scaling ?? []).map(\.text)).joined(separator: "\n\n")
    }
}
