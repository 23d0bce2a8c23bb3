import Formats
import Foundation

extension Scaling {
    /// The tables for a terminal, no wider than `width` if possible.
    package func text(width: Int = .max) -> String {
        func table(_ title: String, _ rows: [[String]]) -> String {
            TextTable.wrapped(title, within: width) + "\n"
                + TextTable(rows, numbers: true).aligned(within: width)
        }
        return [
            TextTable(facts).folded(within: width),
            table("The study's batch on more ranks:", predictions(strong)),
            table("A batch that grows with the ranks, N times the study's on N ranks:", predictions(weak)),
            TextTable.wrapped(stopping, within: width),
            table(
                "Other batches, assuming that an example costs the same in a micro-batch of any size "
                    + "(to try one: --set batch.microBatch=N):", alternativeRows),
        ].joined(separator: "\n\n")
    }

    private var facts: [[String]] {
        let (mean, spread) = parts.microBatchSeconds
        var rows = [
            [
                "scaling on", "\(network.name): \(network.link.words) (\(network.reason))",
            ],
            [
                "nodes",
                "of \(ranks(interconnect.ranksPerNode)), \(interconnect.node.words) between ranks of a node",
            ],
            [
                "measured",
                "\(milliseconds(measured.seconds)) ms per step on \(ranks(measured.ranks)): "
                    + "\(parts.microBatchCount) micro-batches "
                    + "of \(milliseconds(mean)) ms ± \(percent(spread)), "
                    + "update \(milliseconds(parts.update)) ms, "
                    + "planning \(milliseconds(parts.planning)) ms",
            ],
            [
                "messages",
                "\(parts.messages.directive) bytes of directive, \(parts.messages.exponents) of exponents, "
                    + "\(parts.messages.sums) of sums",
            ],
        ]
        if network.name == Network.sharedMemory.name { rows.remove(at: 1) }
        if let link = measuredLink {
            rows.append([
                "link here",
                "\(link.link.words) between \(ranks(link.ranks)) "
                    + "on \(link.nodes) node\(link.nodes == 1 ? "" : "s") "
                    + "(all-reduce of \(LinkMeasurement.smallBytes) bytes "
                    + "\(milliseconds(link.smallSeconds)) ms, "
                    + "of \(link.largeBytes) \(milliseconds(link.largeSeconds)) ms)",
            ])
        }
        return rows
    }

    private func predictions(_ points: [ScalingPrediction]) -> [[String]] {
        [["ranks", "nodes", "ms/step", "speed-up", "efficiency", "communication"]]
            + points.map { point in
                [
                    "\(point.ranks)", "\(point.nodes)", milliseconds(point.seconds),
                    String(format: "%.2f", point.speedup(alone: strong[0])),
                    percent(point.efficiency(alone: strong[0])), percent(point.communicationShare),
                ]
            }
    }

    /// The number of ranks beyond which efficiency falls below 50 %, and the main cause.
    private var stopping: String {
        guard let alone = strong.first, let paying, let most = strong.last else { return "" }
        let coordinator = parts.isDedicated ? " and the coordinator" : ""
        let cap =
            "A step has \(parts.microBatchCount) micro-batches "
            + "(batch.examples \(parts.examples) / batch.microBatch \(parts.microBatch)): "
            + "at most \(parts.microBatchCount) ranks\(coordinator) can take part."
        let efficiency = percent(paying.efficiency(alone: alone))
        guard let next = strong.first(where: { $0.ranks > paying.ranks }) else {
            let reason = paying.ranks == Self.limit ? "" : ", and then the micro-batches run out"
            return "\(cap) Ranks pay off up to \(most.ranks), with an efficiency of \(efficiency)\(reason)."
        }
        let losses = [
            (next.communication, "communication"), (next.replicated, "work that is done once per step"),
            (next.compute - alone.compute / Double(next.ranks), "unequal loads"),
        ]
        let cause = losses.max { $0.0 < $1.0 }?.1 ?? ""
        return
            "\(cap) Ranks stop paying off beyond \(paying.ranks), with an efficiency of \(efficiency): "
            + "on \(next.ranks) it is \(percent(next.efficiency(alone: alone))), mostly because of \(cause)."
    }

    private var alternativeRows: [[String]] {
        [["examples", "microBatch", "micro-batches", "ranks at 50 %", "ms/step", "speed-up"]]
            + alternatives.map {
                [
                    "\($0.examples)", "\($0.microBatch)", "\($0.microBatches)", "\($0.paying.ranks)",
                    milliseconds($0.paying.seconds), String(format: "%.1f", $0.speedup),
                ]
            }
    }

    private func ranks(_ count: Int) -> String { count == 1 ? "1 rank" : "\(count) ranks" }

    private func milliseconds(_ seconds: Double) -> String {
        String(format: seconds < 1e-3 ? "%.3f" : "%.1f", seconds * 1e3)
    }

    private func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }
}
