/// Which activations a run caches, why, and how many of them an earlier run stored.
package struct ActivationCacheReport: Encodable, Sendable, Equatable {
    /// A point of a forward from which it can go on.
    package enum Point: String, Encodable, Sendable { case input, heads, feedForwardInput, pooled }

    /// Where the adapter stage's forward starts: the highest cut point below all adapted sites.
    package let layer: Int
    /// How many layers the encoder has.
    package let layers: Int
    package let point: Point
    /// How often a training example will be drawn, on average, by all tasks that have it.
    package let uses: Double
    /// Bytes that would be cached without the limit, and bytes allocated, on each node.
    package let needed: Int, given: Int
    /// The folder of the cache's file, nil for memory.
    package let directory: String?
    /// The share of the adapter stage's floating-point operations that the cache saves, by count.
    package let saves: Double
    /// Why nothing is cached though it would pay, in words; nil otherwise.
    package let refusal: String?
    /// Examples whose activations at the cut point, and whose pooled vectors, an earlier run stored.
    package var found = 0, foundPooled = 0

    private enum CodingKeys: String, CodingKey {
        case layer, layers, point, uses
        case needed = "bytesNeeded"
        case given = "bytes"
        case directory, saves, refusal, found, foundPooled
    }

    package init(
        layer: Int, layers: Int, point: Point, uses: Double, needed: Int, given: Int, directory: String?,
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
}
