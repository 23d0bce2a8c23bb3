/// A sampler that listens to the tasks' losses, after each step.
package protocol LossSampler: Sampler {
    /// Takes in the losses of a step, which was drawn with this memory.
    func hear(_ step: StepLosses, _ memory: inout SamplerMemory)
}
