import Diagnostics

/// Shares ∝ |s_i − r_i|: the distance of a task's latest score s_i from the score r_i that it reaches
/// alone.
///
/// Until all tasks have been scored the shares are equal. The source sets them at each evaluation too, and
/// takes the distance on either side of the reference.
struct Gap: ScoreSampler, ReferencedSampler {
    static let name = "gap"
    static let summary = "by the distance to the score of a single-task reference"
    static let source = "Gottumukkala et al., Dynamic Sampling Strategies, 2020 (arXiv 2011.01325)"
    static let reference = TaskReferences.Kind.score
    static let keys = [references]
    /// The latest score, and 1 if there is one.
    static let remembered = 2
    var reference = TaskReferences()

    func weights(_ tasks: SampledTasks) -> [Double] {
        let (scores, isScored) = (tasks.memory.rows[0], tasks.memory.rows[1])
        let isKnown = zip(isScored, tasks.active).allSatisfy { $0 > 0 || !$1 }
        return tasks.names.indices.map {
            isKnown ? abs(scores[$0] - reference.number(for: tasks.names[$0])) : 1
        }
    }

    func update(scores: [Double?], _ memory: inout SamplerMemory) {
        memory.updates += 1
        for (task, score) in scores.enumerated() {
            guard let score, score.isFinite else { continue }
            (memory.rows[0][task], memory.rows[1][task]) = (score, 1)
        }
    }
}
