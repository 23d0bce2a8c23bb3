import Formats
import Training

/// The head of another software's folder.
struct ForeignHead {
    /// Its computation; dropout is not read.
    let settings: HeadSettings
    /// The names of the classes in the order of its rows; nil if the folder does not name them.
    let labels: [String]?
}

extension HeadDense {
    /// The layers there are, for messages.
    static let names = allCases.filter { $0 != .none }.map(\.rawValue).joined(separator: ", ")

    /// The layer that a setting names; nil for another value.
    init?(layer value: JSONValue) {
        guard let layer = value.string.flatMap(HeadDense.init(rawValue:)), layer != .none else { return nil }
        self = layer
    }
}
