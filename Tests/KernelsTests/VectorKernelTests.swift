import CKernels
import Foundation
import Kernels
import TestSupport
import Testing

/// Every table of kernels that this processor has the instructions for.
@Suite("Kernels for several instruction sets")
struct VectorKernelTests {
    /// The results of all loops of a table on the same numbers.
    private func results(_ table: ckernels, _ n: Int) -> [(name: String, values: [Float])] {
        let rows = 5
        func numbers(_ seed: Int) -> FloatBuffer { FloatBuffer(someNumbers(rows * n, seed: seed)) }
        var found: [(String, [Float])] = []
        func keep(_ name: String, _ buffer: FloatBuffer) { found.append((name, buffer.values)) }

        for transposed in [false, true] {
            let (m, k) = (29, 37)
            let (a, b, c) = (
                FloatBuffer(someNumbers(m * k)), FloatBuffer(someNumbers(k * n, seed: 1)),
                FloatBuffer(someNumbers(m * n, seed: 2))
            )
            var product = ckernels_product(
                m: m, n: n, k: k, scale: 0.5, a: a.base, aRow: k, aColumn: 1, b: b.base,
                bRow: transposed ? 1 : n, bColumn: transposed ? k : 1, panels: nil, c: c.base, cRow: n,
                room: n,
                accumulate: 1, bias: nil)
            table.product(&product)
            keep("product, transposed: \(transposed)", c)
            let panels = FloatBuffer((n + table.panel - 1) / table.panel * table.panel * k)
            table.pack(k, n, b.base, transposed ? 1 : n, transposed ? k : 1, panels.base)
            product.panels = UnsafePointer(panels.base)
            product.scale = 1
            table.product(&product)
            keep("product laid out, transposed: \(transposed)", c)
            withExtendedLifetime(panels) {}
            withExtendedLifetime((a, b)) {}
        }
        let (z, u) = (numbers(0), numbers(1))
        table.gelu(rows * n, z.base, u.base, 1)
        keep("GELU", u)
        keep("its derivative", z)
        for (name, function) in [
            ("GELU's tanh form", table.gelu_tanh), ("ReLU", table.relu), ("swish", table.swish),
        ] {
            let (z, u) = (numbers(10), numbers(11))
            function?(rows * n, z.base, u.base, 1)
            keep(name, u)
            keep("\(name): derivative", z)
        }
        let (p, dp) = (numbers(2), numbers(3))
        table.softmax(rows, n, n, p.base, n)
        keep("softmax", p)
        table.softmax_backward(rows, n, 0.3, dp.base, n, p.base, n)
        keep("softmax backward", dp)
        let (x, residual, y, kept) = (numbers(4), numbers(5), numbers(6), numbers(7))
        let reciprocal = FloatBuffer(rows)
        table.layer_norm(
            rows, n, x.base, n, residual.base, n, z.base, u.base, 1e-3, y.base, n, kept.base, n,
            reciprocal.base)
        keep("LayerNorm", y)
        keep("normalised", kept)
        table.layer_norm_backward(rows, n, y.base, n, u.base, kept.base, n, reciprocal.base)
        keep("LayerNorm backward", y)
        let (v, w) = (numbers(8), numbers(9))
        table.add(rows * n, v.base, w.base)
        table.multiply(rows * n, v.base, w.base)
        table.add_scaled(rows * n, 0.7, v.base, w.base)
        table.scale_and_shift(rows * n, v.base, u.base, w.base)
        table.add_products(rows * n, v.base, u.base, w.base)
        keep("sums and products", w)
        keep("dot product", FloatBuffer([table.dot(rows * n, v.base, w.base)]))
        withExtendedLifetime((x, residual, reciprocal, dp)) {}
        return found
    }

    @Test(
        "Tables with FMA give the same bits, and the portable one the same numbers",
        arguments: [1, 7, 16, 53, 96])
    func tablesAgree(_ n: Int) throws {
        let portable = try #require(ckernels_named("portable")?.pointee)
        let expected = results(portable, n)
        for name in Self.names where name != "portable" {
            let table = try #require(ckernels_named(name)?.pointee)
            let found = results(table, n)
            for (found, expected) in zip(found, expected) {
                // Each of up to 480 additions is rounded once less with FMA.
                let tolerance = Tolerance(absolute: 1e-4, relative: 2e-5)
                #expect(
                    mismatch(
                        found.values, expected.values.map(Double.init), tolerance, "\(name), \(found.name)")
                        == nil)
            }
            if String(cString: table.bits) == VectorKernels.bits {
                for (found, own) in zip(found, results(ckernels_best().pointee, n)) {
                    #expect(differingBits(found.values, own.values, "\(name), \(found.name)") == nil)
                }
            }
        }
    }

    private static let names: [String] = ["avx512", "avx2", "portable"].filter { ckernels_named($0) != nil }

    @Test("The best table is the first that this processor has")
    func theBest() {
        #expect(Self.names.last == "portable")
        #expect(String(cString: ckernels_best().pointee.name) == Self.names.first)
        #expect(ckernels_named("avx1024") == nil)
    }
}
