package import Diagnostics
package import Encoders

/// Several methods in one study; at a site of several they act in their order.
package struct Stack: AdapterMethod, CompositeMethod, WidenableMethod {
    package static let name = "stack"
    package static let source = "the methods' own"
    package static let summary = "several methods at once"
    package static let keys: [MethodKey<Self>] = []

    /// The methods in their order.
    package private(set) var parts: [any AdapterMethod] = []

    package init() {}
    package init(_ parts: [any AdapterMethod]) { self.parts = parts }

    /// Reads a list of `adapter` sections.
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd { parts.append(try list.decode(AdapterSettings.self).method) }
        if parts.isEmpty {
            throw Failure.usage(
                "is an empty list", at: keyPath(decoder.codingPath), remedy: "name at least one method")
        }
        if members((any PrunedMethod).self).count > 1 {
            throw Failure.usage(
                "prunes more than one method", at: keyPath(decoder.codingPath),
                remedy: "use one sparse method whose base lists all methods to prune")
        }
    }

    package func encode(to encoder: any Swift.Encoder) throws {
        var list = encoder.unkeyedContainer()
        for method in parts { try list.encode(AdapterSettings(method)) }
    }

    package var isIdentityAtStart: Bool { parts.allSatisfy(\.isIdentityAtStart) }

    package var mergeability: Mergeability {
        if let part = parts.lazy.map(\.mergeability).first(where: { $0 != .exact }) { return part }
        if let shared = sharedMap(\.mergedMaps) {
            return .never("\(shared.methods) both change what '\(shared.map)' computes")
        }
        return .exact
    }

    package func bind(to weights: EncoderWeights) throws -> any BoundMethod {
        if let shared = sharedMap(\.replacedMaps) {
            throw Failure.usage(
                "\(shared.methods) both replace the weights of '\(shared.map)'", at: "adapter",
                remedy: "let only one of them act on it")
        }
        let isPruned = !members((any PrunedMethod).self).isEmpty
        let bound = BoundStack(
            parts: try parts.map {
                BoundStack.Part(
                    method: try $0.bind(to: weights),
                    isExemptFromPruning: isPruned && $0.members((any PrunedMethod).self).isEmpty)
            })
        var owners: [TensorName: String] = [:]
        for (method, part) in zip(parts, bound.parts) {
            let name = type(of: method).name
            for slice in part.method.slices(seed: 0) {
                if let other = owners.updateValue(name, forKey: slice.tensor) {
                    throw Failure.usage(
                        "\(other) and \(name) both train '\(slice.name)'", at: "adapter",
                        remedy: "let only one of them train it, or give them different layers")
                }
            }
        }
        return bound
    }

    /// With every method that has a width widened; nil if none has.
    package func widened(by factor: Int) -> (any AdapterMethod)? {
        let widened = parts.map { ($0 as? any WidenableMethod)?.widened(by: factor) }
        if widened.allSatisfy({ $0 == nil }) { return nil }
        return Stack(zip(parts, widened).map { $1 ?? $0 })
    }

    /// The first linear map that two methods share in a layer, with their names.
    private func sharedMap(
        _ maps: (any LinearMapMethod) -> Set<Site>
    ) -> (map: Site, methods: String)? {
        for (index, method) in parts.enumerated() {
            for other in parts[..<index] {
                let shared = method.members((any LinearMapMethod).self).flatMap { own in
                    other.members((any LinearMapMethod).self).filter { $0.layers.overlaps(own.layers) }
                        .flatMap { maps($0).intersection(maps(own)) }
                }
                if let map = shared.min() {
                    return (map, "\(type(of: other).name) and \(type(of: method).name)")
                }
            }
        }
        return nil
    }
}

/// A stack on a backbone.
private struct BoundStack: BoundMethod {
    struct Part {
        let method: any BoundMethod
        /// Whether another method of the stack is pruned, and this one is not.
        let isExemptFromPruning: Bool
    }

    let parts: [Part]

    func slices(seed: UInt64) -> [ParameterSlice] {
        parts.flatMap { part in
            let slices = part.method.slices(seed: seed)
            return part.isExemptFromPruning ? slices.map(\.exemptFromPruning) : slices
        }
    }

    func hooks(_ parameters: BoundParameters, _ context: HookContext) -> any EncoderAdaptation {
        StackedAdaptation(parts.map { $0.method.hooks(parameters, context) })
    }

    func addedOperations(tokens: Int) -> Double {
        parts.reduce(0) { $0 + $1.method.addedOperations(tokens: tokens) }
    }
}
