package import Diagnostics
import Encoders

/// Which layers of an encoder: `all`, a range such as `4-11`, or a list such as `0,2,5-7`.
package struct LayerSet: Sendable, Equatable, Codable {
    /// The text as it was written.
    package let text: String
    private let ranges: [ClosedRange<Int>]?

    /// Every layer.
    package static let all = LayerSet()

    private init() {
        text = "all"
        ranges = nil
    }

    /// Parses a text; nil if it has another form.
    package init?(_ text: String) {
        if text == "all" {
            self = .all
            return
        }
        var ranges: [ClosedRange<Int>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { number(in: $0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                first >= 0,
                first <= last
            else { return nil }
            ranges.append(first...last)
        }
        self.text = text
        self.ranges = ranges
    }

    /// Reads a text or a single number.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // Text first: YAML reads 0-11 as an octal number.
        let text = (try? container.decode(String.self)) ?? (try? container.decode(Int.self)).map(String.init)
        guard let text, let set = LayerSet(text) else {
            throw Failure.usage(
                "expected layers as 'all', '4-11' or '0,2,5'\(text.map { ", found '\($0)'" } ?? "")",
                at: keyPath(decoder.codingPath))
        }
        self = set
    }

    /// Writes the text.
    package func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The layers of a backbone for an adapter, in ascending order; a layer that it lacks is a failure.
    func indices(on weights: EncoderWeights) throws -> [Int] {
        try indices(of: weights.configuration.layers, key: "adapter.layers")
    }

    /// The layers in ascending order; a layer beyond the number of `layers` is a failure about `key`.
    package func indices(of layers: Int, key: String) throws -> [Int] {
        guard let ranges else { return Array(0..<layers) }
        if let beyond = ranges.map(\.upperBound).max(), beyond >= layers {
            throw Failure.usage(
                "'\(text)' names layer \(beyond), but the backbone has layers 0-\(layers - 1)", at: key,
                remedy: "layers count from 0")
        }
        return (0..<layers).filter { layer in ranges.contains { $0.contains(layer) } }
    }

    package func contains(_ layer: Int) -> Bool { ranges.map { $0.contains { $0.contains(layer) } } ?? true }

    /// Whether both sets have a layer in common.
    func overlaps(_ other: LayerSet) -> Bool {
        guard let ranges, let others = other.ranges else { return true }
        return ranges.contains { range in others.contains { $0.overlaps(range) } }
    }
}

/// A number of digits with blanks around them, not between; nil for anything else.
private func number(in text: Substring) -> Int? {
    let digits = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    return digits.allSatisfy { ("0"..."9").contains($0) } ? Int(String(digits)) : nil
}

extension MethodKey {
    /// The key `layers`, which most methods have.
    package static func layers(_ property: SettingPath<Method, LayerSet>) -> MethodKey {
        MethodKey(
            "layers", property, allowed: "all, 4-11, 0,2,5", "layers it is applied to, counted from 0")
    }
}
