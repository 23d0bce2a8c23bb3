import Diagnostics
import Foundation
import Kernels

/// A key of the study and the values that trials give it.
package struct SweepParameter: Sendable, Equatable {
    /// The path of keys, such as `stages.adapter.learningRate`.
    package let key: String
    package let range: Range

    package init(key: String, range: Range) { (self.key, self.range) = (key, range) }

    /// The values of a key.
    package enum Range: Sendable, Equatable {
        case values([ParameterValue])
        /// Real numbers between two bounds, all equally likely.
        case uniform(ClosedRange<Double>)
        /// Positive numbers between two bounds, their logarithms equally likely.
        case logUniform(ClosedRange<Double>)
        /// Whole numbers from the lower to the upper bound.
        case integers(ClosedRange<Int>)

        /// The number of values; nil for real numbers.
        var count: Int? {
            switch self {
            case .values(let values): values.count
            case .integers(let range): range.count
            case .uniform, .logUniform: nil
            }
        }

        /// All values; nil for real numbers.
        var all: [ParameterValue]? {
            switch self {
            case .values(let values): values
            case .integers(let range): range.map { ParameterValue(text: "\($0)") }
            case .uniform, .logUniform: nil
            }
        }
    }

    /// The value of a trial of a random search: a function of the search's seed, the key and the trial.
    ///
    /// Real numbers have four significant digits, so that no library's last bit decides a trial.
    func value(seed: UInt64, trial: Int) -> ParameterValue {
        let share = CounterRandom(seed: seed, .sweep, FNV1a.hash(key)).uniform(UInt64(trial))
        func within(_ range: ClosedRange<Double>) -> Double {
            range.lowerBound + share * (range.upperBound - range.lowerBound)
        }
        func index(below count: Int) -> Int { min(count - 1, Int(share * Double(count))) }
        switch range {
        case .values(let values): return values[index(below: values.count)]
        case .integers(let range):
            return ParameterValue(text: "\(range.lowerBound + index(below: range.count))")
        case .uniform(let range): return ParameterValue(Self.rounded(within(range)))
        case .logUniform(let range):
            return ParameterValue(
                Self.rounded(exp(within(log(range.lowerBound)...log(range.upperBound)))))
        }
    }

    private static func rounded(_ number: Double) -> Double {
        Double(String(format: "%.4g", number)) ?? number
    }
}

extension SweepParameter.Range: Decodable {
    private enum CodingKeys: String, CodingKey, CaseIterable { case values, uniform, logUniform, integers }

    /// Reads `{ values: […] }`, or `uniform`, `logUniform` or `integers` with two bounds.
    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        let given = CodingKeys.allCases.filter(section.has)
        guard let kind = given.first, given.count == 1 else {
            throw Failure.usage(
                given.isEmpty
                    ? "has no values" : "has \(given.map(\.rawValue).joined(separator: " and "))",
                at: keyPath(decoder.codingPath),
                remedy: "give one of { values: [a, b] }, { uniform: [low, high] }, "
                    + "{ logUniform: [low, high] } and { integers: [low, high] }")
        }
        func bounds<Bound: Decodable & Comparable>(_ type: Bound.Type) throws -> ClosedRange<Bound> {
            let bounds: [Bound] = try section.required(kind)
            guard bounds.count == 2, bounds[0] < bounds[1] else {
                throw section.failure(kind, "is \(bounds), expected a lower and a higher bound")
            }
            return bounds[0]...bounds[1]
        }
        switch kind {
        case .values:
            let values: [ParameterValue] = try section.required(.values)
            try section.require(!values.isEmpty, .values, "is empty, expected at least one value")
            let repeated = values.indices.first { values[..<$0].contains(values[$0]) }
            try section.require(
                repeated == nil, .values, "has \(values[repeated ?? 0].text) twice, expected distinct values")
            self = .values(values)
        case .uniform:
            let range = try bounds(Double.self)
            try section.require(
                (range.upperBound - range.lowerBound).isFinite, .uniform,
                "is wider than the largest number, 1.8e308")
            self = .uniform(range)
        case .logUniform:
            let range = try bounds(Double.self)
            try section.require(
                range.lowerBound > 0, .logUniform, "begins at \(range.lowerBound), expected more than 0")
            self = .logUniform(range)
        case .integers:
            let range = try bounds(Int.self)
            // Beyond that, not every whole number is a Double, from which values are drawn.
            try section.require(
                [range.lowerBound, range.upperBound].allSatisfy { $0.magnitude <= 1 << 52 }, .integers,
                "is \([range.lowerBound, range.upperBound]), expected bounds of at most 2^52")
            self = .integers(range)
        }
    }
}
