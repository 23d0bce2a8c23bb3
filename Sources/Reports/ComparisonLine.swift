import Formats

/// A line of a comparison: one property of every entry.
struct ComparisonLine: Sendable {
    enum Value: Sendable, Equatable {
        case text(String)
        /// A number with so many decimals.
        case number(Double?, digits: Int)
        /// A mean over seeds.
        case spread(SeedSpread?)
        /// A difference over seeds, with so many decimals.
        case difference(PairedDifference?, digits: Int = 4)

        /// For people: four decimals of a score with its interval, a dash for nothing.
        var text: String {
            switch self {
            case .text(let text): return text
            case .number(let value, let digits): return TextTable.number(value, digits: digits)
            case .spread(let spread):
                return TextTable.number(spread?.mean, digits: 4)
                    + (spread?.halfWidth.map { " ± \(TextTable.number($0, digits: 4))" } ?? "")
            case .difference(let difference, let digits):
                func signed(_ value: Double?) -> String {
                    (value ?? 0 > 0 ? "+" : "") + TextTable.number(value, digits: digits)
                }
                let interval = difference?.interval.map {
                    " [\(signed($0.lowerBound)), \(signed($0.upperBound))]"
                }
                return signed(difference?.mean) + (interval ?? "")
            }
        }

        /// For programs: all digits, nothing for nothing; a column for each of ``columns``.
        var exact: [String] {
            func digits(_ number: Double?) -> String {
                number.map { value in Int(exactly: value).map { "\($0)" } ?? "\(value)" } ?? ""
            }
            return switch self {
            case .text(let text): [text]
            case .number(let value, _): [digits(value)]
            case .spread(let spread):
                [digits(spread?.mean), digits(spread?.halfWidth), digits(spread?.deviation)]
            case .difference(let difference, _):
                [difference?.mean, difference?.interval?.lowerBound, difference?.interval?.upperBound]
                    .map(digits)
            }
        }

        /// The endings of the names of ``exact``'s columns.
        var columns: [String] {
            switch self {
            case .text, .number: [""]
            case .spread: ["", " ci95", " sd"]
            case .difference: ["", " low", " high"]
            }
        }
    }

    let name: String
    let values: [Value]
    /// Whether tables leave the line out if all entries have the same value.
    let isOmittedIfConstant: Bool

    init(_ name: String, _ values: [Value], isOmittedIfConstant: Bool = false) {
        (self.name, self.values) = (name, values)
        self.isOmittedIfConstant = isOmittedIfConstant
    }

    /// The value that all of several entries have; nil if they differ.
    var constant: String? {
        let texts = values.map(\.text)
        return texts.count > 1 && Set(texts).count == 1 ? texts[0] : nil
    }
}

extension [ComparisonLine] {
    /// The lines as columns, with all digits, and columns for the bounds of intervals.
    var exactTable: TextTable {
        let header = flatMap { line in (line.values.first?.columns ?? [""]).map { line.name + $0 } }
        let rows = first?.values.indices ?? 0..<0
        return TextTable([header] + rows.map { row in flatMap { $0.values[row].exact } })
    }
}
