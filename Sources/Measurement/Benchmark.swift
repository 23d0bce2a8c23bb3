import Coordination
import Diagnostics
import Formats
import Foundation
package import Kernels

/// The speed of training a study on this machine: the output of `hadamesh bench`.
package struct Benchmark: Codable, Sendable, Equatable {
    /// The study's file and backbone.
    package let study, backbone: String
    package let tasks: [String]
    package let method: String
    package let ranks: Int
    /// Parameters trained in the last stage, over all tasks.
    package let trainedParameters: Int
    /// The instruction sets of the program's kernels and of OpenBLAS.
    package let kernels, blas: String
    /// The slowest rank's rate of matrix products, measured on all ranks at once.
    package let rate: ProductRate
    /// Seconds from the launch to the first result of training.
    package let startSeconds: Double
    /// The largest of the ranks' memory at the end.
    package let memory: Memory
    package let phases: [PhaseMeasurement]
    /// Predictions for each requested network.
    package let scaling: [Scaling]?

    /// A rank's memory in bytes.
    package struct Memory: Codable, Sendable, Equatable {
        /// The peak resident set.
        package let peak: Int
        /// The cost of one more rank on the node: a page mapped by n processes counts 1/n.
        package let proportional: Int
        /// The proportional set without the backbone's weights.
        package let activations: Int

        package init(peak: Int, proportional: Int, activations: Int) {
            (self.peak, self.proportional, self.activations) = (peak, proportional, activations)
        }
    }

    package init(
        study: String, backbone: String, tasks: [String], method: String, ranks: Int,
        trainedParameters: Int, kernels: String, blas: String, rate: ProductRate, startSeconds: Double,
        memory: Memory, phases: [PhaseMeasurement], scaling: [Scaling]? = nil
    ) {
        (self.study, self.backbone, self.tasks, self.method) = (study, backbone, tasks, method)
        (self.ranks, self.trainedParameters) = (ranks, trainedParameters)
        (self.kernels, self.blas, self.rate, self.startSeconds) = (kernels, blas, rate, startSeconds)
        (self.memory, self.phases, self.scaling) = (memory, phases, scaling)
    }

    /// The tables for a terminal, with ratios to an earlier measurement if given.
    package func text(comparedWith reference: Benchmark? = nil, width: Int = .max) -> String {
        func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
        func number(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
        let facts = [
            [
                "study",
                "\(study): \(method) on \(tasks.joined(separator: ", ")), "
                    + "\(ranks) \(ranks == 1 ? "rank" : "ranks")",
            ],
            ["kernels", "\(kernels), OpenBLAS \(blas)"],
            [
                "product rate",
                "\(number(rate.library * 1e-9, 0)) GFLOP/s per rank with OpenBLAS, "
                    + "\(number(rate.own * 1e-9, 0)) with own kernels"
                    + (rate.bfloat16.map { ", \(number($0 * 1e-9, 0)) in bfloat16" } ?? ""),
            ],
            ["start", "\(number(startSeconds, 2)) s from launch to the first result"],
            [
                "memory",
                "\(memory.peak >> 20) MB peak, \(memory.proportional >> 20) MB proportional per rank",
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
                        + phase.operators.filter { $0.share >= 0.0005 || $0.name == Operator.agreement.title }
                        .map {
                            [
                                "  \($0.name)", percent($0.share),
                                $0.microseconds > 0 ? number($0.microseconds) : "",
                            ]
                        }, numbers: true
                ).aligned
        }
        return
            ([
                TextTable(facts).folded(within: width),
                TextTable([head] + rows, numbers: true).aligned(within: width),
            ] + tables + (scaling ?? []).map { $0.text(width: width) }).joined(separator: "\n\n")
    }
}
