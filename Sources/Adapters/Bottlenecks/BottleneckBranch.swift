package import Encoders

/// A bottleneck of each layer.
package struct BottleneckBranch: Sendable {
    /// The site of the value that the bottleneck's output is added to.
    package let site: Site
    /// The site's name in tensors' names; empty if a layer has only one bottleneck.
    package let label: String

    init(_ site: Site, label: String = "") {
        self.site = site
        self.label = label
    }

    /// The name of a tensor of the branch under a method's name.
    func tensor(_ method: String, layer: Int, _ part: String) -> TensorName {
        TensorName(method, layer: layer, site: site, label: label, part)
    }
}
