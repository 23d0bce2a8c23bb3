import COpenBLAS

/// The peak rate of matrix products on this core, in floating-point operations per second; other rates are
/// compared with it.
package struct ProductRate: Sendable, Codable, Equatable {
    /// The rate of OpenBLAS's `sgemm`.
    package let library: Double
    /// The rate of this program's products of the same shape.
    package let own: Double

    package init(library: Double, own: Double) {
        self.library = library
        self.own = own
    }

    /// The higher rates of two measurements.
    package func best(with other: ProductRate) -> ProductRate {
        ProductRate(library: max(library, other.library), own: max(own, other.own))
    }

    /// Measures 512 rows times a 768×768 matrix, both in cache, for about `seconds`.
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
        defer { withExtendedLifetime(buffers) {} }
        let library = best {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(width), Int32(width), 1, a.base,
                Int32(a.stride), b.base, Int32(b.stride), 0, c.base, Int32(c.stride))
        }
        return ProductRate(library: library, own: best { multiply(a, b, into: c) })
    }
}
