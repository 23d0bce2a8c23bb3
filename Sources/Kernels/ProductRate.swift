import COpenBLAS

/// Floating-point operations a second of matrix products on this core, the best of several tries: what everything else
/// is held against.
package struct ProductRate: Sendable, Codable, Equatable {
    /// OpenBLAS's `sgemm`: the machine's rate.
    package let library: Double
    /// This program's own products of the same shape.
    package let own: Double

    /// Names the rates.
    package init(library: Double, own: Double) {
        self.library = library
        self.own = own
    }

    /// The higher of two measurements.
    package func best(with other: ProductRate) -> ProductRate {
        ProductRate(library: max(library, other.library), own: max(own, other.own))
    }

    /// Measures for about `seconds`, a product of 512 rows with a square matrix of 768 columns, both in cache.
    package static func measured(seconds: Double = 0.3) -> ProductRate {
        let (rows, width) = (512, 768)
        let buffers = [rows * width, width * width, rows * width].map { FloatBuffer($0) }
        for buffer in buffers {
            for i in 0..<buffer.count { buffer.base[i] = Float(i % 7) - 3 }
        }
        let (a, b, c) = (
            buffers[0].matrix(rows, width), buffers[1].matrix(width, width), buffers[2].matrix(rows, width)
        )
        func best(_ product: () -> Void) -> Double {
            product()
            var best = Double.infinity
            let start = OperatorClock.now()
            while OperatorClock.now() - start < seconds / 2 {
                let began = OperatorClock.now()
                product()
                best = min(best, OperatorClock.now() - began)
            }
            return 2 * Double(rows * width) * Double(width) / best
        }
        // Views own nothing.
        defer { withExtendedLifetime(buffers) {} }
        let library = best {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(width), Int32(width), 1, a.base,
                Int32(a.stride), b.base, Int32(b.stride), 0, c.base, Int32(c.stride))
        }
        return ProductRate(library: library, own: best { multiply(a, b, into: c) })
    }
}
