// Inverted dropout: y = m ⊙ x with m = 0 with probability p and 1 / (1 − p) otherwise; x and m [T, d].
//
// A mask depends on its random stream and the element's row and column alone, so an example has the same mask
// in every batch and on every rank.

/// Multiplies x by a mask in place, and saves the mask for backward, which is the same product.
package func dropout(_ x: Matrix, probability: Float, random: CounterRandom, mask: Matrix) {
    precondition(x.rows == mask.rows && x.columns == mask.columns, "a mask of another shape")
    let factor = 1 / (1 - probability)
    let threshold = UInt32(min(Double(UInt32.max), Double(probability) * 4_294_967_296))
    let blocks = (x.columns + 3) / 4
    for r in 0..<x.rows {
        let row = mask.row(r)
        for block in 0..<blocks {
            let words = random.words(UInt64(r * blocks + block))
            for lane in 0..<min(4, x.columns - 4 * block) {
                row[4 * block + lane] = words[lane] < threshold ? 0 : factor
            }
        }
    }
    multiplyElements(of: x, by: mask)
}
