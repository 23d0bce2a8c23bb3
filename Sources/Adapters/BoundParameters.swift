public import Encoders
public import Kernels

/// One task's parameters in memory: values to read, and where gradients are added.
///
/// It owns nothing; the vectors, laid out as ``layout``, must outlive it and whatever is made from it.
public struct BoundParameters {
    /// The layout, which begins with a method's slices.
    public let layout: ParameterLayout
    private let values: UnsafePointer<Float>
    private let gradient: UnsafeMutablePointer<Float>?

    /// Binds vectors; without a gradient nothing is kept for backward.
    public init(
        _ layout: ParameterLayout, values: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>?
    ) {
        self.layout = layout
        self.values = values
        self.gradient = gradient
    }

    /// Whether gradients are wanted.
    public var isTraining: Bool { gradient != nil }

    /// The tensor of that name.
    public subscript(_ name: String) -> BoundTensor? {
        guard let range = layout[name], let slice = layout.slice(name) else { return nil }
        return BoundTensor(
            value: values + range.lowerBound, gradient: gradient.map { $0 + range.lowerBound },
            shape: slice.shape)
    }

    /// The tensor of that name in each layer that has it: `layer.N.` and the name.
    public func byLayer(_ name: String) -> [Int: BoundTensor] {
        var found: [Int: BoundTensor] = [:]
        for layer in Set(layout.slices.compactMap(\.layer)) {
            if let tensor = self["layer.\(layer).\(name)"] { found[layer] = tensor }
        }
        return found
    }

    /// The lowest of some layers at a site; nil where there is none or nothing is trained.
    public func lowest(_ layers: some Sequence<Int>, _ site: Site) -> Place? {
        isTraining ? layers.min().map { Place($0, site) } : nil
    }
}

/// One tensor of a ``BoundParameters``.
public struct BoundTensor {
    /// The first value.
    public let value: UnsafePointer<Float>
    /// Where its gradient is added; nil where none is wanted.
    public let gradient: UnsafeMutablePointer<Float>?
    /// The tensor's shape.
    public let shape: [Int]

    /// How many numbers it has.
    public var count: Int { shape.reduce(1, *) }
    /// The values as a matrix [first dimension, all others], not to be written.
    public var matrix: Matrix { Matrix(frozen: value, shape[0], shape.dropFirst().reduce(1, *)) }
    /// The gradient in the same form.
    public var gradientMatrix: Matrix? {
        gradient.map { Matrix($0, shape[0], shape.dropFirst().reduce(1, *)) }
    }
}
