import CKernels
import Foundation
import Kernels
import TestSupport
import Testing

/// Every table of products in bfloat16 that this processor has the instructions for.
@Suite("Products in bfloat16")
struct RoundedProductTests {
    typealias Shape = MatrixProductTests.Shape

    /// The numbers of a product's operands.
    enum Numbers: CaseIterable, Sendable {
        case ordinary
        /// Products and sums around the smallest normal number.
        case tiny
        /// Numbers of any exponent, and so sometimes not finite.
        case bits
        /// Ordinary ones between infinities and subnormal numbers.
        case mixed

        func values(_ count: Int, seed: Int) -> [Float] {
            let ordinary = someNumbers(count, seed: seed)
            let random = CounterRandom(seed: UInt64(seed), .sampling)
            return ordinary.enumerated().map { index, value in
                let word = random.words(UInt64(index)).x
                switch self {
                case .ordinary: return value
                case .tiny: return Float(bitPattern: (word & 0x807f_ffff) | (62 + (word >> 23) % 4) << 23)
                case .bits: return Float(bitPattern: word)
                case .mixed:
                    return word % 50 != 0 ? value : word % 100 == 0 ? .infinity : .leastNonzeroMagnitude * 7
                }
            }
        }
    }

    static let names: [String] = ["amx", "avx512bf16", "avx512", "avx2", "portable"].filter {
        ckernels_bfloat16_named($0) != nil
    }

    /// Whole tiles of AMX, more than a block of pairs and of columns, and more than a block of rows.
    static let shapes =
        MatrixProductTests.shapes + [
            Shape(m: 16, k: 32, n: 16), Shape(m: 32, k: 64, n: 32), Shape(m: 33, k: 1537, n: 65),
            Shape(m: 17, k: 31, n: 66),
        ]

    @Test("Every table's bits are those of its definition", arguments: names, Numbers.allCases)
    func areExact(_ name: String, _ numbers: Numbers) throws {
        let table = try #require(ckernels_bfloat16_named(name)?.pointee)
        let order = try #require(SumOrder(rawValue: String(cString: table.bits)))
        for (index, shape) in Self.shapes.enumerated() {
            let (m, k, n) = (shape.m, shape.k, shape.n)
            let start = numbers.values(m * n, seed: 3 + index)
            let bias = numbers.values(n, seed: 4 + index)
            let a = GuardedMatrix(numbers.values(m * k, seed: 1 + index), rows: m, padding: 3)
            let transposed = index % 2 == 1
            let right = numbers.values(k * n, seed: 2 + index)
            let b = GuardedMatrix(right, rows: transposed ? n : k, padding: 1)
            let panels = FloatBuffer(Int(table.packed_bytes(k, n)) / 4)
            table.pack(
                k, n, b.base, transposed ? 1 : b.view.stride, transposed ? b.view.stride : 1, panels.base)
            let scratch = FloatBuffer(Int(table.scratch_bytes(m, k)) / 4)
            func column(_ j: Int) -> [Float] {
                (0..<k).map { transposed ? right[j * k + $0] : right[$0 * n + j] }
            }
            let left = (0..<m).map { row in (0..<k).map { rounded(a.view[row, $0]) } }
            let columns = (0..<n).map { column($0).map(rounded) }
            for (accumulate, biased) in [(false, false), (false, true), (true, false)] {
                let c = GuardedMatrix(start, rows: m, padding: 5)
                var product = ckernels_bfloat16_product(
                    m: m, n: n, k: k, a: a.base, aRow: a.view.stride, panels: panels.base, c: c.base,
                    cRow: c.view.stride, accumulate: accumulate ? 1 : 0,
                    bias: biased ? bias.withUnsafeBufferPointer(GuardedMatrix.copied) : nil,
                    scratch: scratch.base)
                table.product(&product)
                let expected = (0..<m * n).map { i in
                    order.sum(
                        from: accumulate ? start[i] : biased ? bias[i % n] : 0, left[i / n], columns[i % n])
                }
                #expect(
                    differingNumbers(c.values, expected) == nil,
                    "\(shape.testDescription), accumulate \(accumulate), bias \(biased)")
                #expect(c.isIntact() && a.isIntact() && b.isIntact())
            }
            withExtendedLifetime((panels, scratch)) {}
        }
    }

    @Test("Numbers are rounded to nearest, ties to even, subnormal ones to zero", arguments: names)
    func rounding(_ name: String) throws {
        let table = try #require(ckernels_bfloat16_named(name)?.pointee)
        let low: [UInt32] = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff]
        let x = (UInt32(0)...0xffff).flatMap { high in low.map { Float(bitPattern: high << 16 | $0) } }
        let (left, c) = (GuardedMatrix(x, rows: x.count), GuardedMatrix(x.count, 1))
        let panels = FloatBuffer(Int(table.packed_bytes(1, 1)) / 4)
        var one: Float = 1
        table.pack(1, 1, &one, 1, 1, panels.base)
        let scratch = FloatBuffer(Int(table.scratch_bytes(x.count, 1)) / 4)
        var product = ckernels_bfloat16_product(
            m: x.count, n: 1, k: 1, a: left.base, aRow: 1, panels: panels.base, c: c.base, cRow: 1,
            accumulate: 0, bias: nil, scratch: scratch.base)
        table.product(&product)
        // 0 + x · 1: a negative zero becomes a positive one.
        #expect(differingNumbers(c.values, x.map { rounded($0) + 0 }) == nil)
        // In the matrix that is packed, too.
        let wide = FloatBuffer(Int(table.packed_bytes(1, x.count)) / 4)
        table.pack(1, x.count, left.base, x.count, 1, wide.base)
        let row = GuardedMatrix(1, x.count)
        let few = FloatBuffer(Int(table.scratch_bytes(1, 1)) / 4)
        withUnsafePointer(to: &one) {
            product = ckernels_bfloat16_product(
                m: 1, n: x.count, k: 1, a: $0, aRow: 1, panels: wide.base, c: row.base, cRow: x.count,
                accumulate: 0, bias: nil, scratch: few.base)
            table.product(&product)
        }
        #expect(differingNumbers(row.values, x.map { rounded($0) + 0 }) == nil)
        withExtendedLifetime((panels, scratch, wide, few)) {}
    }

    @Test("Numbers in bfloat16 are packed as the floats of the same values", arguments: names)
    func packsBothForms(_ name: String) throws {
        let table = try #require(ckernels_bfloat16_named(name)?.pointee)
        // Every number, subnormal ones too, in a matrix with a rest in both directions.
        let bits = (UInt16(0)...UInt16.max).filter { $0 & 0x7f80 != 0x7f80 || $0 & 0x7f == 0 }
        let (k, n) = (63, bits.count / 63)
        let halves = Array(bits.prefix(k * n))
        let floats = halves.map { Float(bitPattern: UInt32($0) << 16) }
        for (rowStep, columnStep) in [(n, 1), (1, k)] {
            let panels = (0..<2).map { _ in FloatBuffer(Int(table.packed_bytes(k, n)) / 4) }
            table.pack(k, n, floats, rowStep, columnStep, panels[0].base)
            table.pack_bfloat16(k, n, halves, rowStep, columnStep, panels[1].base)
            let words = panels.map { buffer in
                UnsafeBufferPointer(start: buffer.base, count: buffer.count).map(\.bitPattern)
            }
            #expect(words[0] == words[1])
        }
    }

    @Test("Afterwards the processor computes with subnormal numbers as before", arguments: names)
    func leavesTheMode(_ name: String) throws {
        let table = try #require(ckernels_bfloat16_named(name)?.pointee)
        let (panels, scratch) = (
            FloatBuffer(Int(table.packed_bytes(2, 3)) / 4), FloatBuffer(Int(table.scratch_bytes(4, 2)) / 4)
        )
        let (a, b) = (GuardedMatrix(4, 2, filledWith: 1), GuardedMatrix(2, 3, filledWith: 1))
        let c = GuardedMatrix(4, 3)
        table.pack(2, 3, b.base, 3, 1, panels.base)
        var product = ckernels_bfloat16_product(
            m: 4, n: 3, k: 2, a: a.base, aRow: 2, panels: panels.base, c: c.base, cRow: 3, accumulate: 0,
            bias: nil, scratch: scratch.base)
        table.product(&product)
        #expect(c.values == [Float](repeating: 2, count: 12))
        let least = someNumbers(1).map { $0 * 0 + Float.leastNormalMagnitude }[0]
        #expect(least / 2 > 0)
        withExtendedLifetime((panels, scratch)) {}
    }

    @Test("The program's kernels are among those of this processor")
    func theBest() {
        #expect(Self.names.contains(RoundedKernels.name))
        #expect(VectorKernels.choices == Self.names)
        #expect(SumOrder(rawValue: RoundedKernels.bits) != nil)
        #expect(ckernels_bfloat16_named("avx1024") == nil)
    }
}

/// The definitions of the orders in which products in bfloat16 are added.
private enum SumOrder: String {
    case pairs, tiles

    /// start + Σ x y, of rounded numbers.
    func sum(from start: Float, _ x: [Float], _ y: [Float]) -> Float {
        func product(_ k: Int, plus sum: Float) -> Float {
            k < x.count ? fused(x[k], y[k], plus: sum) : fused(0, 0, plus: sum)
        }
        var sum = start
        switch self {
        case .pairs:
            for k in stride(from: 0, to: x.count, by: 2) {
                sum = product(k, plus: product(k + 1, plus: sum))
            }
        case .tiles:
            for tile in stride(from: 0, to: x.count, by: 32) {
                var (even, odd) = (Float(0), Float(0))
                for k in stride(from: tile, to: tile + 32, by: 2) {
                    even = product(k, plus: even)
                    odd = product(k + 1, plus: odd)
                }
                sum = fused(1, fused(1, even, plus: odd), plus: sum)
            }
        }
        return sum
    }
}

/// x y + z, rounded once; subnormal operands and results, after rounding, are zero.
private func fused(_ x: Float, _ y: Float, plus z: Float) -> Float {
    let z = flushed(z)
    let result = flushed(z.addingProduct(flushed(x), flushed(y)))
    guard result.magnitude == .leastNormalMagnitude else { return result }
    // Numbers above half a unit of the next lower binade round to the smallest normal number. They are exact
    // here: the product has 16 bits.
    let exact = Double(x) * Double(y) + Double(z)
    return exact.magnitude < 0x1p-126 - 0x1p-151 ? (result < 0 ? -0.0 : 0) : result
}

private func flushed(_ x: Float) -> Float { x.isSubnormal ? (x < 0 ? -0.0 : 0) : x }

/// The nearest number with 8 bits; of two as near, the even one.
private func rounded(_ x: Float) -> Float {
    if x.isNaN || x.isInfinite { return x }
    let value = flushed(x)
    let unit = value.ulp * 65536
    let whole = (Double(value) / Double(unit)).rounded(.toNearestOrEven) * Double(unit)
    return value == 0 ? value : Float(whole)
}

/// The first numbers that differ in a bit, except that a NaN is as good as another.
private func differingNumbers(_ found: [Float], _ expected: [Float]) -> String? {
    func settled(_ values: [Float]) -> [Float] { values.map { $0.isNaN ? .nan : $0 } }
    return differingBits(settled(found), settled(expected))
}

extension GuardedMatrix {
    /// The values at a place where they stay.
    fileprivate static func copied(_ values: UnsafeBufferPointer<Float>) -> UnsafePointer<Float> {
        UnsafePointer(GuardedMatrix(Array(values)).base)
    }
}
