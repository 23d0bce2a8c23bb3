import Diagnostics
package import Encoders

/// Several methods in one study: they act in their order where they meet at a site.
package struct Stack: AdapterMethod {
    package static let name = "stack"
    package static let source = "the methods' own"
    package static let summary = "several methods at once"
    package static let settings: [MethodSetting] = []

    /// The methods in their order.
    package let methods: [any AdapterMethod]

    /// Stacks methods.
    package init(_ methods: [any AdapterMethod]) { self.methods = methods }

    /// Reads a list of `adapter` sections.
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        var methods: [any AdapterMethod] = []
        while !list.isAtEnd { methods.append(try list.decode(AdapterSettings.self).method) }
        if methods.isEmpty {
            throw Failure.usage(
                "is an empty list", at: keyPath(decoder.codingPath), remedy: "name at least one method")
        }
        if methods.count(where: { $0.pruning != nil }) > 1 {
            throw Failure.usage(
                "has more than one method that is pruned", at: keyPath(decoder.codingPath),
                remedy: "prune one, whose base is the list of all that are to be pruned")
        }
        self.methods = methods
    }

    package func encode(to encoder: any Swift.Encoder) throws {
        var list = encoder.unkeyedContainer()
        for method in methods { try list.encode(AdapterSettings(method)) }
    }

    package func slices(on weights: EncoderWeights, seed: UInt64) throws -> [ParameterSlice] {
        var owners: [String: String] = [:]
        if let (map, first, second) = meeting(\.replacedMaps) {
            throw Failure.usage(
                "\(first) and \(second) both put a W of their own in the place of '\(map)'", at: "adapter",
                remedy: "let one of them leave it alone")
        }
        return try methods.flatMap { method in
            let name = type(of: method).name
            return try method.slices(on: weights, seed: seed).map { slice in
                if let other = owners.updateValue(name, forKey: slice.name) {
                    throw Failure.usage(
                        "\(other) and \(name) both train '\(slice.name)'", at: "adapter",
                        remedy: "let one of them leave it alone, or name other layers")
                }
                // What a method that is pruned leaves alone stays whole.
                return pruning != nil && method.pruning == nil ? slice.whole : slice
            }
        }
    }

    package func adaptation(_ parameters: BoundParameters, on weights: EncoderWeights)
        -> any EncoderAdaptation
    {
        StackedAdaptation(methods.map { $0.adaptation(parameters, on: weights) })
    }

    package var isIdentityAtStart: Bool { methods.allSatisfy(\.isIdentityAtStart) }

    package var mergeability: Mergeability {
        if let part = methods.lazy.map(\.mergeability).first(where: { $0 != .exact }) { return part }
        if let (map, first, second) = meeting(\.mergedMaps) {
            return .never("\(first) and \(second) both change what '\(map)' computes")
        }
        return .exact
    }

    package var mergedMaps: Set<Site> { methods.reduce(into: []) { $0.formUnion($1.mergedMaps) } }
    package var replacedMaps: Set<Site> { methods.reduce(into: []) { $0.formUnion($1.replacedMaps) } }

    /// A linear map that two of the methods name, and the methods.
    private func meeting(_ maps: (any AdapterMethod) -> Set<Site>) -> (Site, String, String)? {
        for (index, method) in methods.enumerated() {
            for other in methods[..<index] {
                if let map = maps(method).intersection(maps(other)).min() {
                    return (map, type(of: other).name, type(of: method).name)
                }
            }
        }
        return nil
    }

    package func merge(_ parameters: BoundParameters, into merged: MergedWeights) {
        for method in methods { method.merge(parameters, into: merged) }
    }

    package func addedOperations(on weights: EncoderWeights, tokens: Int) throws -> Double {
        try methods.reduce(0) { $0 + (try $1.addedOperations(on: weights, tokens: tokens)) }
    }

    package func penalty(_ parameters: BoundParameters, times factor: Double) -> Double {
        methods.reduce(0) { $0 + $1.penalty(parameters, times: factor) }
    }

    package var filesOfOtherRuns: [String] { methods.flatMap(\.filesOfOtherRuns) }

    package var pruning: Pruning? { methods.lazy.compactMap(\.pruning).first }

    package func widened(by factor: Int) -> (any AdapterMethod)? {
        let widened = methods.map { $0.widened(by: factor) }
        if !widened.contains(where: { $0 != nil }) { return nil }
        return Stack(zip(methods, widened).map { $1 ?? $0 })
    }
}
