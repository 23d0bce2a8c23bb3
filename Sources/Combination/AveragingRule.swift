/// A rule that combines moving averages of the tasks' gradients in place of the gradients themselves.
///
/// Its comparison has the inner products of the averages, and the result is Σ w_t m_t. An average of task t
/// begins with zeros and moves to the gradient times ``factor(loss:)``: m ← g + kept (m − g).
package protocol AveragingRule: CombinationRule {
    /// The factor of the gradient of a task with this mean loss.
    func factor(loss: Double) -> Double
    /// The share of the earlier average in a step of the stage, counted from 1.
    func kept(step: Int) -> Double
}
