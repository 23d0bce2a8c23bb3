package import Encoders

/// Identifies a trained tensor by its layer, the method that it belongs to, the site it acts on and its part.
///
/// Files and messages use ``text``, such as `layer.3.lora.query.a.weight`. It is computed here and parsed
/// nowhere.
package struct TensorName: Hashable, Sendable {
    /// The encoder layer; nil for a tensor that belongs to no single layer.
    package let layer: Int?
    /// The method's name, `head`, or nil for a tensor of the backbone.
    package let method: String?
    /// The site, for a method that acts on several sites of a layer, and for a tensor of the backbone.
    package let site: Site?
    /// The tensor's role, such as `a.weight`.
    package let part: String
    /// The site's name in the text; empty to leave it out.
    private let label: String

    /// A tensor of a method; the text calls the site by its own name if there is no label.
    package init(
        _ method: String, layer: Int? = nil, site: Site? = nil, label: String? = nil, _ part: String
    ) {
        self.init(
            layer: layer, method: method, site: site, part: part, label: label ?? site.map { "\($0)" } ?? "")
    }

    /// A tensor of the backbone.
    init(backbone label: String, layer: Int? = nil, site: Site? = nil, _ part: String) {
        self.init(layer: layer, method: nil, site: site, part: part, label: label)
    }

    private init(layer: Int?, method: String?, site: Site?, part: String, label: String) {
        self.layer = layer
        self.method = method
        self.site = site
        self.part = part
        self.label = label
    }

    /// This tensor in a layer.
    func inLayer(_ layer: Int) -> TensorName {
        TensorName(layer: layer, method: method, site: site, part: part, label: label)
    }

    /// The name in files and messages.
    package var text: String { (layer.map { "layer.\($0)." } ?? "") + textInLayer }

    /// The name without its layer.
    package var textInLayer: String {
        [method ?? "", label, part].filter { !$0.isEmpty }.joined(separator: ".")
    }

    /// The method of a head's tensors.
    package static let head = "head"
    /// The beginning of the texts of a head's tensors.
    static let headPrefix = "\(head)."
}
