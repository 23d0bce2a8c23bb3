package import Formats

/// What was decided on keeping frozen activations, and why.
package struct FrozenPrefixReport: Sendable, Equatable {
    /// The lowest adapted layer, of how many.
    package let layer: Int, layers: Int
    /// How far that layer is frozen itself: the point from which on it is computed.
    package let point: String
    /// How often a training example will be drawn, on average, by all tasks that have it.
    package let uses: Double
    /// Bytes that all examples used more than once need, and those that they were given on each host.
    package let needed: Int, given: Int
    /// The folder they are kept in, nil for memory.
    package let directory: String?
    /// The share of the adapter stage's floating-point operations that keeping them saves, by count.
    package let saves: Double
    /// Why nothing is kept though it would have paid, in words; nil otherwise.
    package let refusal: String?

    package init(
        layer: Int, layers: Int, point: String, uses: Double, needed: Int, given: Int, directory: String?,
        saves: Double, refusal: String?
    ) {
        self.layer = layer
        self.layers = layers
        self.point = point
        self.uses = uses
        self.needed = needed
        self.given = given
        self.directory = directory
        self.saves = saves
        self.refusal = refusal
    }

    /// The report as the journal holds it.
    package var json: JSONValue {
        [
            "layer": .integer(layer), "layers": .integer(layers), "point": .string(point),
            "uses": .number(uses),
            "bytesNeeded": .integer(needed), "bytes": .integer(given),
            "directory": directory.map { .string($0) } ?? .null, "saves": .number(saves),
            "refusal": refusal.map { .string($0) } ?? .null,
        ]
    }
}
