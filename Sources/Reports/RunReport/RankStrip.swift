import Diagnostics
import Formats
import Foundation
import Runs

/// The ranks' work, waiting and communication over one start of a run, from its trace.
struct RankStrip: Sendable {
    /// The kinds of spans, in the order in which bars are stacked.
    private static let categories = ["compute", "wait", "communicate"]
    private static let bins = 150

    private struct Span {
        let rank, category: Int
        /// In seconds.
        let start, duration: Double
    }

    private struct Rank {
        /// By category, then by bin: seconds.
        var seconds = [[Double]](
            repeating: [Double](repeating: 0, count: RankStrip.bins), count: RankStrip.categories.count)
    }

    private let title: String
    /// Seconds of the whole trace.
    private let length: Double
    private let ranks: [Rank]

    /// Reads a trace in Chrome's format, one event a line; nil if there is no such file.
    init?(_ path: String, title: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        var spans: [Span] = []
        for (number, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() where line.count > 2 {
            let event = try JSONValue(
                parsing: line.last == UInt8(ascii: ",") ? Data(line.dropLast()) : Data(line),
                at: "\(path):\(number + 1)")
            guard let category = event["cat"]?.string.flatMap(Self.categories.firstIndex(of:)),
                let rank = event["pid"]?.int, let start = event["ts"]?.double,
                let duration = event["dur"]?.double
            else { continue }
            spans.append(
                Span(rank: rank, category: category, start: start / 1e6, duration: duration / 1e6))
        }
        guard let count = spans.map(\.rank).max().map({ $0 + 1 }) else { return nil }
        let length = max(1e-6, spans.map { $0.start + $0.duration }.max() ?? 0)
        var ranks = [Rank](repeating: Rank(), count: count)
        for span in spans {
            let width = length / Double(Self.bins)
            let last = min(Self.bins - 1, Int((span.start + span.duration) / width))
            for bin in min(Self.bins - 1, Int(span.start / width))...last {
                let begin = max(span.start, Double(bin) * width)
                let end = min(span.start + span.duration, Double(bin + 1) * width)
                ranks[span.rank].seconds[span.category][bin] += max(0, end - begin)
            }
        }
        (self.title, self.length, self.ranks) = (title, length, ranks)
    }

    var figure: Figure {
        let (left, high) = (60.0, 30.0)
        let bottom = 10 + (high + 6) * Double(ranks.count)
        let wide = (Figure.width - left - 10) / Double(Self.bins)
        let second = length / Double(Self.bins)
        var parts: [String] = []
        for (number, rank) in ranks.enumerated() {
            let top = 10 + (high + 6) * Double(number)
            parts.append(
                Figure.text("rank \(number)", x: 54, y: top + 0.5 * high + 4, anchor: "end", faint: true))
            for bin in 0..<Self.bins {
                var below = top + high
                for (category, name) in Self.categories.enumerated() {
                    let share = min(1, rank.seconds[category][bin] / second)
                    guard share > 0.005 else { continue }
                    below -= share * high
                    parts.append(
                        Figure.box(
                            x: left + Double(bin) * wide, y: max(top, below), width: wide,
                            height: share * high, look: Figure.fill(ofSeries: category),
                            title: "\(name): \(TextTable.number(100 * share, digits: 0)) %"))
                }
            }
        }
        let axis = Axis([0, length], from: left, to: left + wide * Double(Self.bins))
        parts += axis.ticks.filter { $0 <= length }.map { tick in
            Figure.text(
                "\(axis.label(tick)) s", x: left + tick / length * wide * Double(Self.bins), y: bottom + 14,
                anchor: "middle", faint: true)
        }
        parts += Figure.legend(Self.categories, x: left, y: bottom + 24, spacing: 130)
        return Figure(
            title: title,
            drawing: Figure.drawing(height: bottom + 46, label: title, parts),
            numbers: TextTable(
                [["seconds"] + Self.categories]
                    + ranks.enumerated().map { number, rank in
                        ["rank \(number)"]
                            + rank.seconds.map { TextTable.number($0.reduce(0, +), digits: 2) }
                    }, numbers: true))
    }
}
