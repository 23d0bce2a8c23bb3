import Diagnostics

/// The lines of a comparison's tables.
package struct ComparisonContent: Sendable {
    /// Whether lines with one value for all entries are shown.
    let showsConstants: Bool
    /// The facts besides scores; nil for all that some entry has.
    let facts: [ComparisonColumn]?
    /// Whether a task's metrics take the place of its score.
    let showsMetrics: Bool
    /// The entry to which differences are shown; nil for none.
    let baseline: String?

    /// Scores, and all facts whose values differ.
    package static let standard = ComparisonContent()

    private init() {
        (showsConstants, facts, showsMetrics, baseline) = (false, nil, false, nil)
    }

    /// `facts` are keys of JSON's `facts`, `baseline` an entry's name or one of its runs.
    package init(
        constants: Bool = false, facts: [String]? = nil, metrics: Bool = false, baseline: String? = nil
    ) throws {
        (showsConstants, showsMetrics, self.baseline) = (constants, metrics, baseline)
        self.facts = try facts?.map { key in
            guard let column = ComparisonColumn.all.first(where: { $0.key == key }) else {
                throw Failure.usage(
                    "unknown column '\(key)'", at: "--columns",
                    remedy: didYouMean(key, among: Self.factKeys))
            }
            return column
        }
    }

    /// The keys of all facts.
    package static var factKeys: [String] { ComparisonColumn.all.map(\.key) }
}
