/// The gradient of a combination and the update that it leads to, compared with those of the rule `sum`.
///
/// Both are compared on the parameters on which gradients of several tasks were combined.
package struct CombinationEffect: Codable, Sendable, Equatable {
    /// A vector compared with the one of `sum`.
    package struct Change: Codable, Sendable, Equatable {
        /// The ratio of the lengths, and the cosine; nil if a length is 0.
        package let ratio, cosine: Double?

        /// From |a|², |b|² and a · b, with b the vector of `sum`.
        package init(square a: Double, ofSum b: Double, product: Double) {
            let isDefined = a > 0 && b > 0
            ratio = isDefined ? a.squareRoot() / b.squareRoot() : nil
            // Rounding could leave the range of a cosine.
            cosine = isDefined ? max(-1, min(1, product / a.squareRoot() / b.squareRoot())) : nil
        }

        fileprivate init(ratio: Double?, cosine: Double?) { (self.ratio, self.cosine) = (ratio, cosine) }
    }

    /// The gradient before clipping.
    package let gradient: Change
    /// The optimizer's update after clipping, without weight decay, from the same moments.
    package let update: Change

    package init(gradient: Change, update: Change) { (self.gradient, self.update) = (gradient, update) }

    /// From the numbers in the order of ``numbers``.
    package init(numbers: [Double?]) {
        gradient = Change(ratio: numbers[0], cosine: numbers[1])
        update = Change(ratio: numbers[2], cosine: numbers[3])
    }

    /// Ratio and cosine of the gradient, then of the update.
    package var numbers: [Double?] { [gradient.ratio, gradient.cosine, update.ratio, update.cosine] }
}
