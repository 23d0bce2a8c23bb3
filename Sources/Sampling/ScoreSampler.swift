/// An adaptive sampler that reads the tasks' scores after each evaluation.
package protocol ScoreSampler: Sampler {
    /// Updates the memory by the scores of an evaluation; nil for a task that was not scored.
    func update(scores: [Double?], _ memory: inout SamplerMemory)
}
