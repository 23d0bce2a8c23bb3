import Diagnostics
import Encoders

/// The linear maps that a method acts on: a list of names without repetition.
package struct LinearTargets: Sendable, Equatable, Codable {
    /// The maps in the order in which they were listed.
    package let listed: [LinearTarget]

    /// Query and value, the usual default.
    package static let queryAndValue = LinearTargets(unchecked: [.query, .value])

    private init(unchecked listed: [LinearTarget]) { self.listed = listed }

    /// Nil for an empty list, or for one that names a map twice.
    package init?(_ listed: [LinearTarget]) {
        if listed.isEmpty || Set(listed).count < listed.count { return nil }
        self.listed = listed
    }

    /// Reads a list of names.
    package init(from decoder: any Decoder) throws {
        let place = keyPath(decoder.codingPath)
        let names = LinearTarget.allCases.map(\.rawValue).joined(separator: ", ")
        guard var list = try? decoder.unkeyedContainer() else {
            throw Failure.usage(
                "expected a list of linear maps", at: place, remedy: "allowed: \(names)", reason: .notAList)
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

    /// The sites of the maps, in the order of the forward pass.
    var sites: [Site] { ordered.map(\.site) }

    /// Refuses a rank that is larger than the smaller side of one of the maps.
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

extension MethodKey {
    /// The key `targets` of methods that act on linear maps.
    static func targets(_ property: SettingPath<Method, LinearTargets>) -> MethodKey {
        MethodKey(
            "targets", property,
            allowed: "a list of \(LinearTarget.allCases.map(\.rawValue).joined(separator: ", "))",
            "the linear maps of a layer it is applied to")
    }
}
