import Kernels

// A map is multiplied with twice: y = x Wᵀ reads Wᵀ [in, out], dx = dy W reads W [out, in]. Each has an order of its own
// that is fastest to read, so a map that both are asked of takes its size twice.

/// The frozen maps of a backbone's layers, laid out for the products that will be asked of them.
package final class LaidOutWeights: @unchecked Sendable {
    /// Wᵀ of each map that is laid out for y = x Wᵀ.
    let forward: [Place: LaidOutMatrix]
    /// W of each map that is laid out for dx = dy W.
    let backward: [Place: LaidOutMatrix]
    /// Bytes of all.
    package let byteCount: Int
    // What the views point into.
    private let memory: FilledMemory

    /// Lays out what frozen layers and those with an adaptation will read; nil where memory has no room for it.
    ///
    /// Maps that the adaptation puts others in place of are left as they are, and nothing is laid out for a backward that
    /// doesn't come that low. `memory` is asked once, as ``WeightMemory`` says.
    package init?(
        _ weights: EncoderWeights, _ adaptation: any EncoderAdaptation, in memory: any WeightMemory
    ) throws {
        let places = weights.linearPlaces.filter {
            $0.site != .pooler && !adaptation.replacesMap(at: $0)
        }
        let lowest = adaptation.lowestTrained
        var count = 0
        func layout(_ transposed: Bool, _ place: Place) -> (Place, Region)? {
            guard let weight = weights.linear(at: place)?.weight else { return nil }
            let (k, n) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
            defer { count += LaidOutMatrix.floats(rows: k, columns: n) }
            return (place, Region(offset: count, weight: weight, transposed: transposed, k: k, n: n))
        }
        // Layer by layer, in the order in which a pass comes to them.
        let regions = (
            forward: places.compactMap { layout(true, $0) },
            backward: places.filter { place in lowest.map { $0 < place } ?? false }.reversed()
                .compactMap { layout(false, $0) }
        )
        let stride = MemoryLayout<Float>.stride
        let filled = try memory.spared(byteCount: count * stride) { bytes in
            guard let base = bytes.bindMemory(to: Float.self).baseAddress else { return }
            for (_, region) in regions.forward + regions.backward { region.fill(base) }
        }
        guard let filled else { return nil }
        func views(_ regions: [(Place, Region)]) -> [Place: LaidOutMatrix] {
            guard let base = filled.bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return [:] }
            return Dictionary(uniqueKeysWithValues: regions.map { ($0, $1.view(base)) })
        }
        forward = views(regions.forward)
        backward = views(regions.backward)
        byteCount = count * stride
        self.memory = filled
    }

    /// Where one matrix goes, in floats, and what it is laid out from.
    private struct Region {
        let offset: Int
        let weight: Matrix
        let transposed: Bool
        let k: Int, n: Int

        func view(_ base: UnsafePointer<Float>) -> LaidOutMatrix {
            LaidOutMatrix(base + offset, rows: k, columns: n)
        }

        func fill(_ base: UnsafeMutablePointer<Float>) {
            view(base).fill(base + offset, with: weight, transposed: transposed)
        }
    }
}
