import Diagnostics

/// A method with a regularization term in the loss.
package protocol PenalizedMethod: AdapterMethod {
    /// The term, a function of the parameters alone, times `factor`; adds its gradient, times `factor` too.
    func penalty(_ parameters: BoundParameters, times factor: Double) -> Double
}
