import Diagnostics

/// The `head` section of a study.
package struct HeadSettings: Sendable, Codable, Equatable {
    package let pooling: Pooling
    /// The trained layer between pooling and the map to the logits.
    package let dense: HeadDense
    /// The probability of dropping an element of a linear map's input in training.
    package let dropout: Double

    enum CodingKeys: String, CodingKey, CaseIterable { case pooling, dense, dropout }

    package init(pooling: Pooling = .mean, dense: HeadDense = .none, dropout: Double = 0.1) {
        self.pooling = pooling
        self.dense = dense
        self.dropout = dropout
    }

    package init(from decoder: any Decoder) throws {
        let section = try SettingsSection<CodingKeys>(decoder)
        pooling = try section.value(.pooling, default: .mean)
        dense = try section.value(.dense, default: .none)
        dropout = try section.value(.dropout, default: 0.1)
        try section.require(
            (0..<1).contains(dropout), .dropout, "is \(dropout), expected 0 or more and below 1")
        if dense != .none, pooling == .pooler {
            throw section.failure(
                .dense, "is '\(dense.rawValue)' on top of pooling 'pooler', which is a dense layer already",
                remedy: "use pooling 'cls' with it, or leave it out")
        }
    }

    /// Leaves out a dense layer that is not there.
    package func encode(to encoder: any Encoder) throws {
        var section = encoder.container(keyedBy: CodingKeys.self)
        try section.encode(pooling, forKey: .pooling)
        if dense != .none { try section.encode(dense, forKey: .dense) }
        try section.encode(dropout, forKey: .dropout)
    }
}
