import Foundation
import Kernels
import Testing

@Suite("Counter-based random numbers")
struct CounterRandomTests {
    /// Philox's known answers are met by the reference cipher below, and `words` is that cipher under the
    /// folded name.
    @Test("The cipher is Philox 4×32-10, and the numbers of a name never change")
    func wordsOfNames() {
        #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        let ones = UInt32.max
        #expect(
            philox([ones, ones, ones, ones], [ones, ones]) == [
                0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd,
            ])

        // Written down once from another program: a change here would change the bits of every study.
        let none = CounterRandom(seed: 0, .initialization)
        #expect(none.words(0) == [0xf43e_d6f0, 0x7b4d_f27d, 0xe46e_2b5b, 0xeef4_392e])
        let order = CounterRandom(seed: 1, .order, 7)
        #expect(order.words(5) == [0xa7b3_65ca, 0x8082_229c, 0x4589_795b, 0x18f7_02e9])
        let dropout = CounterRandom(seed: 42, .hiddenDropout, 3, 1, 0, 100)
        #expect(dropout.words(0x2_0000_0009) == [0xcb7d_612a, 0x5f6b_541b, 0x4371_b835, 0x326e_f6e4])
        let extreme = CounterRandom(seed: .max, .headDropout, .max, 0)
        #expect(extreme.words(.max) == [0xe4f5_a93f, 0x52e7_6271, 0x935c_776b, 0xc177_8d32])
    }

    @Test("Every part of a name and the position make other numbers")
    func namesAreIndependent() {
        let streams = [
            CounterRandom(seed: 1, .order, 2, 3), CounterRandom(seed: 2, .order, 2, 3),
            CounterRandom(seed: 1, .sampling, 2, 3), CounterRandom(seed: 1, .order, 3, 2),
            CounterRandom(seed: 1, .order, 2), CounterRandom(seed: 1, .order, 2, 3, 0),
            CounterRandom(seed: 1, .order, 0, 2, 3),
        ]
        let words = streams.flatMap { stream in [0, 1, 2, 1 << 32].map { stream.words($0) } }
        #expect(Set(words).count == words.count)
        let again = CounterRandom(seed: 1, .order, 2, 3)
        #expect((0..<100).allSatisfy { again.words($0) == streams[0].words($0) })
    }

    @Test("Uniform numbers lie in [0, 1), evenly and without correlation from one to the next")
    func uniformMoments() {
        let random = CounterRandom(seed: 3, .sampling)
        let count = 100_000
        let numbers = (0..<UInt64(count)).map { random.uniform($0) }
        #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
        // Means of n numbers scatter by σ / √n; five times that is once in two million seeds, and this seed
        // is fixed.
        let scatter = 5 / Double(count).squareRoot()
        let mean = numbers.reduce(0, +) / Double(count)
        #expect(abs(mean - 0.5) < scatter * 0.2887)
        let neighbours = zip(numbers, numbers.dropFirst()).reduce(0) { $0 + ($1.0 - 0.5) * ($1.1 - 0.5) }
        #expect(abs(neighbours / Double(count)) < scatter / 12)
        var bins = [Int](repeating: 0, count: 64)
        for number in numbers { bins[Int(number * 64)] += 1 }
        let expected = Double(count) / 64
        let chiSquared = bins.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
        // 63 degrees of freedom: mean 63, deviation 11.2.
        #expect((20..<119).contains(chiSquared))
    }

    @Test("Normal numbers have the moments 0, 1, 0, 3")
    func normalMoments() {
        let random = CounterRandom(seed: 4, .initialization)
        let count = 100_000
        let numbers = (0..<UInt64(count)).map { random.normal($0) }
        #expect(numbers.allSatisfy { $0.isFinite })
        let scatter = 5 / Double(count).squareRoot()
        // The deviations of xᵏ for a standard normal x.
        for (power, expected, deviation) in [(1.0, 0.0, 1.0), (2, 1, 1.4142), (3, 0, 3.873), (4, 3, 9.798)] {
            let moment = numbers.reduce(0) { $0 + pow($1, power) } / Double(count)
            #expect(abs(moment - expected) < scatter * deviation, "E x^\(power) is \(moment)")
        }
    }

    @Test("A permutation has every index once", arguments: [0, 1, 2, 3, 17, 1000])
    func permutationIsOne(count: Int) {
        let order = CounterRandom(seed: 5, .order, 9).permutation(count)
        #expect(order.sorted() == (0..<Int32(count)).map { $0 })
        #expect(order == CounterRandom(seed: 5, .order, 9).permutation(count))
    }

    @Test("Permutations differ by key, and every order of three is as likely as another")
    func permutationsAreRandom() {
        #expect(
            CounterRandom(seed: 5, .order, 1).permutation(100)
                != CounterRandom(seed: 5, .order, 2).permutation(100))
        var counts: [[Int32]: Int] = [:]
        for key in 0..<UInt64(6000) {
            counts[CounterRandom(seed: 6, .order, key).permutation(3), default: 0] += 1
        }
        #expect(counts.count == 6)
        // Each is expected 1000 times with a deviation of 29.
        #expect(counts.values.allSatisfy { (850...1150).contains($0) }, "\(counts)")
    }

    private func philox(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (c, k) = (counter, key)
        for _ in 0..<10 {
            let left = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c[0])
            let right = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c[2])
            c = [right.high ^ c[1] ^ k[0], right.low, left.high ^ c[3] ^ k[1], left.low]
            k = k &+ [0x9E37_79B9, 0xBB67_AE85]
        }
        return c
    }
}
