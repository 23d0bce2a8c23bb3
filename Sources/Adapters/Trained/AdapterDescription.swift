/// The content of `adapter_config.json`: what trained the adapter, beside keys of PEFT.
///
/// PEFT looks for its `peft_type`, and refuses another one with a KeyError that quotes it.
package struct AdapterDescription<Configuration: Codable>: Codable {
    private let format, peftType: String?
    /// The name of the backbone, or its path.
    package let backbone: String?
    /// Nil for an adapter that another program wrote.
    package let configuration: Configuration?

    private enum CodingKeys: String, CodingKey {
        case format
        case peftType = "peft_type"
        case backbone = "base_model_name_or_path"
        case configuration = "hadamesh"
    }

    package init(_ configuration: Configuration, backbone: String) {
        format = "hadamesh"
        peftType = "none: write PEFT's form of this adapter with 'hadamesh export --format peft'"
        (self.backbone, self.configuration) = (backbone, configuration)
    }
}
