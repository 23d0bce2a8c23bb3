package import Formats

/// The part of a run's identity that is shown by itself.
package struct RecordedIdentity: Decodable, Sendable {
    package let study: RecordedSettings?
    /// The versions and kernels that computed parts of the result, in order.
    package let arithmetic: [Arithmetic]?
}

/// The settings of a study that are shown by themselves.
extension RecordedSettings {
    package var seed: UInt64? { self["seed"].flatMap { UInt64($0.text) } }
    package var arithmetic: String? { self["arithmetic"]?.text }
    package var adapter: RecordedSettings? { self["adapter"] }
    package var tasks: [String] { (self["tasks"]?.list ?? []).map { ($0["name"] ?? $0).text } }
}
