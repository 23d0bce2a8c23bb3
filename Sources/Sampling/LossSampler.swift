/// An adaptive sampler that reads the tasks' losses after each step.
package protocol LossSampler: Sampler {
    /// Updates the memory with which a step was drawn by the step's losses.
    func update(_ step: StepLosses, _ memory: inout SamplerMemory)
}
