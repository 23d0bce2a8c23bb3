package import Encoders
package import Kernels

/// One task's parameters in memory: values to read, and where gradients are added.
///
/// It owns nothing; the vectors, laid out as ``layout``, must outlive it and whatever is made from it.
package struct BoundParameters {
    /// The layout, which begins with a method's slices.
    package let layout: ParameterLayout
    private let values: UnsafePointer<Float>
    private let gradient: UnsafeMutablePointer<Float>?

    /// Binds vectors; without a gradient nothing is kept for backward.
    package init(
        _ layout: ParameterLayout, values: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>?
    ) {
        self.layout = layout
        self.values = values
        self.gradient = gradient
    }

    /// Whether gradients are wanted.
    package var isTraining: Bool { gradient != nil }

    /// The tensor of that name.
    package subscript(_ name: String) -> BoundTensor? {
        guard let range = layout[name], let slice = layout.slice(name) else { return nil }
        return BoundTensor(
            value: values + range.lowerBound, gradient: gradient.map { $0 + range.lowerBound },
            shape: slice.shape)
    }

    /// The tensor of that name in each layer that has it: `layer.N.` and the name.
    package func byLayer(_ name: String) -> [Int: BoundTensor] {
        var found: [Int: BoundTensor] = [:]
        for layer in Set(layout.slices.compactMap(\.layer)) {
            if let tensor = self["layer.\(layer).\(name)"] { found[layer] = tensor }
        }
        return found
    }

    /// The lowest of some layers at a site; nil where there is none or nothing is trained.
    package func lowest(_ layers: some Sequence<Int>, _ site: Site) -> Place? {
        isTraining ? layers.min().map { Place($0, site) } : nil
    }
}

/// One tensor of a ``BoundParameters``.
package struct BoundTensor {
    /// The first value.
    package let value: UnsafePointer<Float>
    /// Where its gradient is added; nil where none is wanted.
    package let gradient: UnsafeMutablePointer<Float>?
    /// The tensor's shape.
    package let shape: [Int]

    /// How many numbers it has.
    package var count: Int { shape.reduce(1, *) }
    /// The values as a matrix [first dimension, all others], not to be written.
    package var matrix: Matrix { Matrix(frozen: value, shape[0], shape.dropFirst().reduce(1, *)) }
    /// The gradient in the same form.
    package var gradientMatrix: Matrix? {
        gradient.map { Matrix($0, shape[0], shape.dropFirst().reduce(1, *)) }
    }
}
