/// A sampler that listens to the tasks' scores, at each evaluation.
package protocol ScoreSampler: Sampler {
    /// Takes in the scores of an evaluation; nil for a task that was not scored.
    func hear(scores: [Double?], _ memory: inout SamplerMemory)
}
