import Diagnostics
package import Encoders

/// A linear map of a layer, by the name that it has in settings and in tensors' names.
package enum LinearTarget: String, NamedChoice {
    /// W_Q.
    case query
    /// W_K.
    case key
    /// W_V.
    case value
    /// W_O, which follows the attention heads.
    case projection
    /// W_1 of the feed-forward layer.
    case intermediate
    /// W_2 of the feed-forward layer.
    case output

    /// The map's own site.
    package var site: Site {
        switch self {
        case .query: .query
        case .key: .key
        case .value: .value
        case .projection: .projection
        case .intermediate: .intermediate
        case .output: .output
        }
    }

    /// in and out of the map, the same in every layer.
    func shape(on weights: EncoderWeights) -> (inputs: Int, outputs: Int) {
        let (d, f) = (weights.configuration.hidden, weights.configuration.intermediate)
        switch self {
        case .intermediate: return (d, f)
        case .output: return (f, d)
        default: return (d, d)
        }
    }
}

/// The linear maps that a method acts on: a list of names, none of them twice.
package struct LinearTargets: Sendable, Equatable, Codable {
    /// The maps as they were listed.
    package let listed: [LinearTarget]

    /// Query and value, which most methods begin with.
    package static let queryAndValue = LinearTargets(unchecked: [.query, .value])

    private init(unchecked listed: [LinearTarget]) { self.listed = listed }

    /// Lists maps; nil where there is none, or one twice.
    package init?(_ listed: [LinearTarget]) {
        if listed.isEmpty || Set(listed).count < listed.count { return nil }
        self.listed = listed
    }

    /// Reads a list of names.
    package init(from decoder: any Decoder) throws {
        let place = keyPath(decoder.codingPath)
        let names = LinearTarget.allCases.map(\.rawValue).joined(separator: ", ")
        guard var list = try? decoder.unkeyedContainer() else {
            throw Failure.usage("expected a list of linear maps", at: place, remedy: "allowed: \(names)")
        }
        var listed: [LinearTarget] = []
        while !list.isAtEnd {
            let target = try list.decode(LinearTarget.self)
            if listed.contains(target) {
                throw Failure.usage(
                    "names '\(target.rawValue)' twice", at: place, remedy: "list each linear map once")
            }
            listed.append(target)
        }
        if listed.isEmpty {
            throw Failure.usage("is an empty list", at: place, remedy: "allowed: \(names)")
        }
        self.listed = listed
    }

    /// Writes the list of names.
    package func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(listed)
    }

    /// The maps in the order of the forward pass.
    var ordered: [LinearTarget] { LinearTarget.allCases.filter(listed.contains) }

    /// Refuses a rank that a product of two matrices in the shape of one of the maps can't have.
    func check(rank: Int, on weights: EncoderWeights) throws {
        for target in ordered {
            let (inputs, outputs) = target.shape(on: weights)
            let most = min(inputs, outputs)
            if !(1...most).contains(rank) {
                throw Failure.usage(
                    "is \(rank), expected a rank from 1 to \(most), the width of '\(target.rawValue)'",
                    at: "adapter.rank", remedy: "small ranks such as 4, 8 or 16 are usual")
            }
        }
    }
}

extension MethodSetting {
    /// The key of methods that act on linear maps.
    static let targets = MethodSetting(
        "targets", "a list of \(LinearTarget.allCases.map(\.rawValue).joined(separator: ", "))",
        "the linear maps of a layer that have it")
}
