/// A weighting that learns from the losses of a step's examples after the step's update.
package protocol HindsightWeighting: LossWeighting {
    /// Updates the memory by each task's mean loss before and after the update, on the same examples.
    func learn(before: [Double], after: [Double], memory: inout [[Double]])
}
