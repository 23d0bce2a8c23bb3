import COpenBLAS
import Diagnostics

/// The peak rate of matrix products on this core, in floating-point operations per second; other rates are
/// compared with it.
package struct ProductRate: Sendable, Codable, Equatable {
    /// The rate of OpenBLAS's `sgemm`.
    package let library: Double
    /// The rate of this program's products of the same shape.
    package let own: Double
    /// The rate of products in bfloat16 of a prepacked matrix; nil if none are computed.
    package let bfloat16: Double?

    package init(library: Double, own: Double, bfloat16: Double? = nil) {
        self.library = library
        self.own = own
        self.bfloat16 = bfloat16
    }

    /// The rate that a step's rate is compared with.
    package var peak: Double { bfloat16 ?? library }

    /// The higher rates of two measurements.
    package func best(with other: ProductRate) -> ProductRate {
        ProductRate(
            library: max(library, other.library), own: max(own, other.own),
            bfloat16: bfloat16.flatMap { rate in other.bfloat16.map { max(rate, $0) } })
    }

    /// Measures 512 rows times a 768×768 matrix, both in cache, for about `seconds`.
    package static func measured(
        _ arithmetic: ProductArithmetic = .float32, seconds: Double = 0.3
    ) -> ProductRate {
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
            let start = MonotonicClock.seconds
            while MonotonicClock.seconds - start < seconds / 2 {
                let began = MonotonicClock.seconds
                product()
                best = min(best, MonotonicClock.seconds - began)
            }
            return 2 * Double(rows * width) * Double(width) / best
        }
        defer { withExtendedLifetime(buffers) {} }
        let library = best {
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(width), Int32(width), 1, a.base,
                Int32(a.stride), b.base, Int32(b.stride), 0, c.base, Int32(c.stride))
        }
        let own = best { multiply(a, b, into: c) }
        if arithmetic == .float32 { return ProductRate(library: library, own: own) }
        let bytes = PackedMatrix.byteCount(rows: width, columns: width, arithmetic)
        let memory = FloatBuffer(bytes / MemoryLayout<Float>.stride)
        let packed = PackedMatrix(memory.base, rows: width, columns: width, arithmetic)
        packed.pack(b, transposed: false, into: memory.base)
        defer { withExtendedLifetime(memory) {} }
        let rounded = best { linearBackward(a, b, packed: packed, in: arithmetic, into: c) }
        return ProductRate(library: library, own: own, bfloat16: rounded)
    }
}
