/// A model that shares a family's `model_type` but is not its encoder, such as ELECTRA's generator.
package struct RefusedModel: Sendable {
    /// The model in words, such as `a generator`.
    let title: String
    /// Its classes among the `architectures` of config.json.
    let architectures: [String]
    /// The beginnings of names of tensors that it alone has.
    let tensors: [String]
    /// The model to use in its place.
    let remedy: String

    package init(title: String, architectures: [String], tensors: [String], remedy: String) {
        self.title = title
        self.architectures = architectures
        self.tensors = tensors
        self.remedy = remedy
    }
}
