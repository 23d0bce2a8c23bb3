import Kernels
import TestSupport
import Testing

@Suite("Dropout")
struct DropoutTests {
    private func masks(_ t: Int, _ d: Int, probability: Float, key: UInt64, padding: Int = 0) -> GuardedMatrix
    {
        let x = GuardedMatrix(t, d, filledWith: 1, padding: padding)
        let mask = GuardedMatrix(t, d, padding: padding)
        dropout(
            x.view, probability: probability, random: CounterRandom(seed: 8, .hiddenDropout, key),
            mask: mask.view)
        #expect(x.isIntact() && mask.isIntact())
        #expect(differingBits(x.values, mask.values, "x ⊙ mask for x = 1") == nil)
        return mask
    }

    @Test(
        "A share p is dropped, the rest is scaled by 1 / (1 − p), so that the expectation stays",
        arguments: [
            Float(0.1), 0.25, 0.5, 0.9,
        ])
    func expectationIsKept(probability: Float) {
        let (t, d) = (250, 40)
        let mask = masks(t, d, probability: probability, key: 1).values
        let kept = 1 / (1 - probability)
        #expect(mask.allSatisfy { $0 == 0 || $0 == kept })
        let dropped = Double(mask.count { $0 == 0 })
        let p = Double(probability)
        let deviation = (Double(t * d) * p * (1 - p)).squareRoot()
        #expect(abs(dropped - Double(t * d) * p) < 5 * deviation)
    }

    @Test("Values are multiplied by the mask")
    func valuesAreMasked() {
        let numbers = someNumbers(60)
        let x = GuardedMatrix(numbers, rows: 5)
        let mask = GuardedMatrix(5, 12)
        dropout(x.view, probability: 0.5, random: CounterRandom(seed: 1, .headDropout), mask: mask.view)
        #expect(differingBits(x.values, zip(numbers, mask.values).map { $0 * $1 }) == nil)
        #expect(Set(mask.values) == [0, 2])
    }

    @Test(
        "The mask is a function of stream, row and column: not of the number of rows or of where they lie",
        arguments: 1...17)
    func maskIsOfRowAndColumn(d: Int) {
        let long = masks(9, d, probability: 0.4, key: 3).values
        let short = masks(4, d, probability: 0.4, key: 3, padding: 5).values
        #expect(differingBits(Array(long.prefix(4 * d)), short) == nil)
    }

    @Test("Other keys make other masks, and rows differ from one another")
    func masksDiffer() {
        let mask = masks(20, 32, probability: 0.5, key: 1).values
        #expect(mask != masks(20, 32, probability: 0.5, key: 2).values)
        let byRow = (0..<20).map { row in Array(mask[(row * 32)..<(row * 32 + 32)]) }
        let byColumn = (0..<32).map { column in byRow.map { $0[column] } }
        #expect(Set(byRow).count == 20)
        #expect(Set(byColumn).count == 32)
    }

    @Test("Probability 0 drops nothing")
    func nothingDropped() {
        #expect(masks(10, 10, probability: 0, key: 1).values.allSatisfy { $0 == 1 })
    }
}
