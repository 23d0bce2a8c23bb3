package import Encoders

/// One task's parameters in memory: their values, and the gradient to add to.
///
/// It owns nothing: both vectors, in the order of ``layout``, must outlive it and the hooks made with it.
package struct BoundParameters {
    /// The layout, which begins with a method's slices.
    package let layout: ParameterLayout
    package let values: UnsafePointer<Float>
    /// Nil if nothing is trained.
    package let gradient: UnsafeMutablePointer<Float>?

    /// Without a gradient hooks save nothing for backward.
    package init(
        _ layout: ParameterLayout, values: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>?
    ) {
        self.layout = layout
        self.values = values
        self.gradient = gradient
    }

    /// Whether there is a gradient to add to.
    package var isTraining: Bool { gradient != nil }

    package subscript(_ name: TensorName) -> BoundTensor? { layout.index(name).map(tensor) }

    private func tensor(_ index: Int) -> BoundTensor {
        let start = layout.ranges[index].lowerBound
        return BoundTensor(
            value: values + start, gradient: gradient.map { $0 + start }, shape: layout.slices[index].shape)
    }

    /// A tensor of each of some layers, by layer.
    package func byLayer(_ name: TensorName, in layers: LayerSet) -> [Int: BoundTensor] {
        var found: [Int: BoundTensor] = [:]
        for (index, slice) in layout.slices.enumerated() {
            guard let layer = slice.layer, layers.contains(layer), slice.tensor == name.inLayer(layer) else {
                continue
            }
            found[layer] = tensor(index)
        }
        return found
    }

    /// A part of a method's tensors at some sites of some layers, by place.
    func bySite(
        _ method: String, _ part: String, at sites: [Site], in layers: LayerSet
    ) -> [LayerSite: BoundTensor] {
        var found: [LayerSite: BoundTensor] = [:]
        for (index, slice) in layout.slices.enumerated()
        where slice.tensor.method == method && slice.tensor.part == part {
            guard let layer = slice.layer, let site = slice.tensor.site, layers.contains(layer),
                sites.contains(site)
            else { continue }
            found[LayerSite(layer, site)] = tensor(index)
        }
        return found
    }

    /// The site in the lowest of some layers; nil if there is none or nothing is trained.
    package func lowest(_ layers: some Sequence<Int>, _ site: Site) -> LayerSite? {
        isTraining ? layers.min().map { LayerSite($0, site) } : nil
    }
}
