package import Encoders
package import Formats

/// Which activations a run caches, why, and how many of them an earlier run stored.
package struct ActivationCacheReport: Sendable, Equatable {
    /// Where the adapter stage's forward starts: the highest cut point below all adapted sites.
    package let cutPoint: CutPoint
    /// How many layers the encoder has.
    package let layers: Int
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

    /// The report as the journal holds it.
    package var json: JSONValue {
        [
            "layer": .integer(cutPoint.layer), "layers": .integer(layers),
            "point": .string(cutPoint.position.rawValue), "uses": .number(uses),
            "bytesNeeded": .integer(needed), "bytes": .integer(given),
            "directory": directory.map { .string($0) } ?? .null, "saves": .number(saves),
            "refusal": refusal.map { .string($0) } ?? .null, "found": .integer(found),
            "foundPooled": .integer(foundPooled),
        ]
    }
}
