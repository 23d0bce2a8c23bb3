import Collectives
import Coordination
import Tasks

/// Scores of a finished run on threads.
enum ThreadScores {
    static func evaluate(_ run: TrainedRun, _ data: [TaskData], ranks: Int = 1) throws -> [TaskScore] {
        try ThreadWorld.run(ranks) { try run.evaluate(data, $0) }[0]
    }
}
