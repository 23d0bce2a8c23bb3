/// The activations that a run caches, or the reason why it caches none.
package struct ActivationCacheReport: Encodable, Sendable, Equatable {
    /// A point in a layer at which a forward can start from cached activations.
    package enum Point: String, Encodable, Sendable { case input, heads, feedForwardInput, pooled }

    /// Where the adapter stage's forward starts: the highest cut point below all adapted sites.
    package let layer: Int
    /// The number of layers of the encoder.
    package let layers: Int
    package let point: Point
    /// The mean number of draws of a training example, over all tasks that contain it.
    package let uses: Double
    /// Bytes on each node: needed without the limit, and allocated.
    package let needed, given: Int
    /// The folder of the cache's file; nil for a cache in memory.
    package let directory: String?
    /// The share of the adapter stage's floating-point operations that the cache saves.
    package let saves: Double
    /// The reason why nothing is cached although it would pay; nil otherwise.
    package let refusal: String?
    /// Examples whose activations at the cut point, or whose pooled vectors, an earlier run stored.
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
        (self.layer, self.layers, self.point, self.uses) = (layer, layers, point, uses)
        (self.needed, self.given, self.directory) = (needed, given, directory)
        (self.saves, self.refusal) = (saves, refusal)
    }
}
