import Diagnostics

/// The `dropout` section: dropout inside the frozen backbone while adapters are trained.
package struct DropoutSettings: Sendable, Codable, Equatable {
    /// The probability on embeddings, attention outputs, if the family has dropout there, and feed-forward
    /// outputs.
    package private(set) var hidden = 0.0
    /// The probability on attention probabilities.
    package private(set) var attention = 0.0

    enum CodingKeys: String, CodingKey, CaseIterable { case hidden, attention }

    package init() {}

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        hidden = try section.value(.hidden, default: hidden)
        attention = try section.value(.attention, default: attention)
        try section.require((0..<1).contains(hidden), .hidden, "is \(hidden), expected 0 or more and below 1")
        try section.require(
            (0..<1).contains(attention), .attention, "is \(attention), expected 0 or more and below 1")
    }
}
