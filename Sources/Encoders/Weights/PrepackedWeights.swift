package import Kernels

// Every map takes part in two products: y = x Wᵀ reads Wᵀ [in, out], dx = dy W reads W [out, in]. Each has
// its own fastest order, so a map that is used in both is packed twice.

/// The frozen maps of a backbone's layers, packed for the products that a run computes.
package final class PrepackedWeights: @unchecked Sendable {
    /// Wᵀ of each map that is packed for y = x Wᵀ.
    let forward: [LayerSite: PackedMatrix]
    /// W of each map that is packed for dx = dy W.
    let backward: [LayerSite: PackedMatrix]
    /// The products that read the packed maps.
    let arithmetic: ProductArithmetic
    /// Bytes of all packed maps.
    package let byteCount: Int
    // Keeps alive the memory that the matrices point into.
    private let memory: FilledMemory

    /// Packs the maps that forward and backward with an adaptation read; nil if memory has no room for them.
    ///
    /// Maps that the adaptation replaces are left out, and so are, for dx, those that backward does not
    /// reach. `memory` is called once, as ``WeightMemory`` requires.
    package convenience init?(
        _ weights: EncoderWeights, _ adaptation: any EncoderAdaptation,
        _ arithmetic: ProductArithmetic = .float32, in memory: any WeightMemory
    ) throws {
        let sites = weights.linearSitesOfLayers.filter { !adaptation.replacesMap(at: $0) }
        let lowest = adaptation.lowestTrained
        try self.init(
            weights, forward: sites, backward: sites.filter { site in lowest.map { $0 < site } ?? false },
            arithmetic, in: memory)
    }

    /// Packs every map for both products, for models with different methods; nil if memory has no room.
    package convenience init?(
        ofEveryMap weights: EncoderWeights, _ arithmetic: ProductArithmetic, in memory: any WeightMemory
    ) throws {
        let sites = weights.linearSitesOfLayers
        try self.init(weights, forward: sites, backward: sites, arithmetic, in: memory)
    }

    private init?(
        _ weights: EncoderWeights, forward forwardSites: [LayerSite], backward backwardSites: [LayerSite],
        _ arithmetic: ProductArithmetic, in memory: any WeightMemory
    ) throws {
        var count = 0
        func region(_ transposed: Bool, _ site: LayerSite) -> (LayerSite, Region)? {
            guard let weight = weights.linear(at: site)?.weight else { return nil }
            let (k, n) = transposed ? (weight.columns, weight.rows) : (weight.rows, weight.columns)
            defer { count += PackedMatrix.byteCount(rows: k, columns: n, arithmetic) }
            return (
                site,
                Region(
                    offset: count, weight: weight, transposed: transposed, k: k, n: n, arithmetic: arithmetic)
            )
        }
        // In the order in which a pass reads them.
        let regions = (
            forward: forwardSites.compactMap { region(true, $0) },
            backward: backwardSites.reversed().compactMap { region(false, $0) }
        )
        let layout = PackedMatrix.layout(arithmetic)
        let filled = try memory.allocateIfAvailable(byteCount: count, layout: layout) { bytes in
            guard let base = bytes.baseAddress else { return }
            for (_, region) in regions.forward + regions.backward { region.pack(base) }
        }
        guard let filled else { return nil }
        func views(_ regions: [(LayerSite, Region)]) -> [LayerSite: PackedMatrix] {
            guard let base = filled.bytes.baseAddress else { return [:] }
            return Dictionary(uniqueKeysWithValues: regions.map { ($0, $1.view(base)) })
        }
        forward = views(regions.forward)
        backward = views(regions.backward)
        byteCount = count
        self.arithmetic = arithmetic
        self.memory = filled
    }

    /// A packed matrix's offset, in bytes, and its source.
    private struct Region {
        let offset: Int
        let weight: FrozenWeight
        let transposed: Bool
        let k: Int, n: Int
        let arithmetic: ProductArithmetic

        func view(_ base: UnsafeRawPointer) -> PackedMatrix {
            PackedMatrix(base + offset, rows: k, columns: n, arithmetic)
        }

        func pack(_ base: UnsafeMutableRawPointer) {
            view(base).pack(frozen: weight, transposed: transposed, into: base + offset)
        }
    }
}
