import Formats

/// A line of a comparison: one property of every entry.
struct ComparisonLine: Sendable {
    enum Value: Sendable, Equatable {
        case text(String)
        /// A number with so many decimals.
        case number(Double?, digits: Int)
        /// A mean over seeds, with a sign if it is a difference.
        case spread(SeedSpread?, isSigned: Bool = false)

        /// For people: four decimals of a score, a dash for nothing.
        var text: String {
            switch self {
            case .text(let text): return text
            case .number(let value, let digits): return TextTable.number(value, digits: digits)
            case .spread(let spread, let isSigned):
                let mean = TextTable.number(spread?.mean, digits: 4)
                let sign = isSigned && (spread?.mean ?? 0) > 0 ? "+" : ""
                return sign + mean
                    + (spread?.deviation.map { " ± \(TextTable.number($0, digits: 4))" } ?? "")
            }
        }

        /// For programs: all digits, nothing for nothing; the deviation is a value of its own.
        var exact: [String] {
            func digits(_ number: Double?) -> String {
                number.map { value in Int(exactly: value).map { "\($0)" } ?? "\(value)" } ?? ""
            }
            return switch self {
            case .text(let text): [text]
            case .number(let value, _): [digits(value)]
            case .spread(let spread, _): [digits(spread?.mean), digits(spread?.deviation)]
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
