import Formats

/// The study of a run, for results that can be read by themselves.
package struct RunStudy: Codable, Sendable, Equatable {
    /// The path of the study file that the run began with; nil if it is unknown.
    package let file: String?
    package let seed: UInt64
    /// The method with its settings.
    private let adapter: JSONValue

    package init(file: String?, seed: UInt64, adapter: some Encodable) throws {
        (self.file, self.seed) = (file, seed)
        self.adapter = try JSONValue(encoding: adapter)
    }
}
